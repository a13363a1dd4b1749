"""The way from what a reader found to a `Transcript`, one for all formats. Knows no format."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.roles import role_words, speaker_key
from mendline.transcripts.speakers import clean_name
from mendline.transcripts.transcript import Transcript, Turn

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one speaker says before the next one does.

    `line` is where it starts in the file (None where lines mean nothing). `offset` is the place in the document's text
    at which its words start, for formats into which notes can be written.
    """

    speaker: str
    text: str
    start: float | None = None
    end: float | None = None
    source_ids: tuple[str, ...] = ()
    line: int | None = None
    offset: int | None = None

    def joined_with(self, other: Utterance) -> Utterance:
        """Return this utterance carried on by `other`, which comes right after it."""
        return replace(
            self,
            text=f"{self.text} {other.text}",
            start=other.start if self.start is None else self.start,
            end=self.end if other.end is None else other.end,
            source_ids=self.source_ids + (() if other.source_ids == self.source_ids[-1:] else other.source_ids),
        )


def clean_text(text: str) -> str:
    """`text` on one line: white space and control characters become single spaces, nothing else changes."""
    return " ".join(_CONTROL.sub(" ", text).split())


def transcript_of(
    document: Document,
    utterances: Sequence[Utterance],
    *,
    roles: Mapping[str, str],
    session: str | None = None,
    setting: str | None = None,
) -> Transcript:
    """Return a transcript whose speakers have the roles in `roles` (by name, in any case), or else guessed ones.

    Spellings of one name that differ only in case or spaces are one speaker, written as at its first turn.
    Raises TranscriptError where there is nothing in it, or a character that no file can hold.
    """
    if not utterances:
        raise document.error("there are no turns in this file. Give a transcript in which somebody says something.")
    spelling: dict[str, str] = {}
    for utterance in utterances:
        spelling.setdefault(speaker_key(utterance.speaker), clean_name(utterance.speaker))
        _check_characters(document, utterance)
    words = role_words(spelling.values(), roles)
    names = [spelling[speaker_key(utterance.speaker)] for utterance in utterances]
    turns = (
        Turn(index, name, words[name], said.text, said.start, said.end, said.source_ids)
        for index, (name, said) in enumerate(zip(names, utterances, strict=True))
    )
    return Transcript(document.session if session is None else session, tuple(turns), setting)


def insert_notes(
    document: Document, transcript: Transcript, utterances: Sequence[Utterance], notes: Sequence[str | None]
) -> str:
    """Return the document's text with `[note] ` before the words of each turn that has one; all else stays.

    `utterances` are what the document holds. Raises OutputError where `transcript` was not read from it.
    """
    if [said.text for said in utterances] != [turn.text for turn in transcript.turns]:
        message = "these are not the turns of this file. Read the file again, then write the copy."
        raise OutputError(message, file=document.name)
    pieces, done = [], 0
    for utterance, note in zip(utterances, notes, strict=True):
        if utterance.offset is None:
            raise ValueError("this format does not say where its turns start")
        pieces += [document.text[done : utterance.offset], "" if note is None else bracketed(note)]
        done = utterance.offset
    return "".join([*pieces, document.text[done:]])


def bracketed(note: str) -> str:
    """Return a note as it stands before the words of a turn."""
    return f"[{clean_text(note)}] "


def _check_characters(document: Document, utterance: Utterance) -> None:
    try:
        (utterance.speaker + utterance.text).encode()
    except UnicodeEncodeError as error:
        message = "half of a character (a lone surrogate) stands here. Write the file again as UTF-8."
        raise document.error(message, line=utterance.line) from error
