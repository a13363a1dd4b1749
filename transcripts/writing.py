"""From a transcript, with a short note for each turn, to a file that people and players can open. Knows no label."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.formats import chat, elan, srt, text, textgrid, webvtt
from mendline.transcripts.formats.noted import Noted, only_one
from mendline.transcripts.formats.noted_files import FILE_WRITERS, write_file
from mendline.transcripts.transcript import Transcript

Notes = Sequence[str | None]

WRITERS: dict[str, Callable[[Transcript, Notes], str]] = {
    text.NAME: text.write,
    webvtt.NAME: webvtt.write,
    srt.NAME: srt.write,
    chat.NAME: chat.write,
    elan.NAME: elan.write,
    textgrid.NAME: textgrid.write,
}
COPIERS: dict[str, Callable[[Document, Transcript, Notes], str]] = {
    text.NAME: text.annotated_copy,
    webvtt.NAME: webvtt.annotated_copy,
    srt.NAME: srt.annotated_copy,
    chat.NAME: chat.annotated_copy,
    elan.NAME: elan.annotated_copy,
    textgrid.NAME: textgrid.annotated_copy,
}


WRITABLE = (*WRITERS, *FILE_WRITERS)
"""The formats in which a transcript of any source can be written."""


def written(transcripts: Sequence[Transcript], notes: Noted, *, format_name: str) -> bytes:
    """Return a fresh file of any writable format. Raises OutputError where it cannot hold the transcripts.

    `notes` holds one list for each transcript, with one entry for each turn.
    """
    if format_name not in WRITERS:
        return write_file(transcripts, notes, format_name=format_name)
    transcript, noted = only_one(transcripts, notes, kind=format_name)
    return write_transcript(transcript, [note.text for note in noted], format_name=format_name).encode()


def write_transcript(transcript: Transcript, notes: Notes, *, format_name: str) -> str:
    """Return a fresh file with `[note]` before the words of each turn that has one. Raises OutputError.

    `notes` holds one entry for each turn. Read again, the file gives the same turns, and a note of Mendline's own form
    as a note. Formats with tiers (CHAT, ELAN, TextGrid) have the notes in tiers of their own instead; ELAN and TextGrid
    have the turns in the order in which they start.
    """
    if format_name not in WRITERS:
        raise OutputError(f"transcripts cannot be written as {format_name}. Give one of: {', '.join(WRITERS)}.")
    return WRITERS[format_name](transcript, notes)


def annotated_copy(document: Document, transcript: Transcript, notes: Notes, *, format_name: str) -> str:
    """Return the text of `document` with `[note]` before the words of each turn that has one, all else unchanged.

    In formats with tiers (CHAT, ELAN, TextGrid) the notes stand in tiers of their own, and the words stay as well.
    `transcript` is what was read from it. Line ends, times, cue ids, settings, headings and comments stay character by
    character. Raises OutputError where the format has no place for notes or the transcript is of another file.
    """
    if format_name not in COPIERS:
        raise OutputError(
            f"notes cannot be put into a {format_name} file; only into: {', '.join(COPIERS)}. "
            f"Write a fresh file instead: {' or '.join(WRITERS)}.",
            file=document.name,
        )
    return COPIERS[format_name](document, transcript, notes)
