"""Notes among the words, `[note] ` before those of a turn, in a file whose other characters stay. Knows no format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from mendline.transcripts.document import Document
from mendline.transcripts.notes import place_of_note, split_note
from mendline.transcripts.speakers import is_plain_label, states_role
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.utterances import Utterance, clean_text, first_units


def bracketed(note: str) -> str:
    """Return a note as it stands before the words of a turn."""
    return f"[{clean_text(note)}] "


def noted_words(text: str, note: str | None) -> str:
    """Return the words of a turn with its note before them.

    Words without a note that would be read as one change their first brackets: they are no label.
    """
    words = clean_text(text)
    if note is not None:
        return bracketed(note) + words
    return re.sub(r"\[(.*?)\]", r"(\1)", words, count=1) if split_note(words)[0] is not None else words


def labels_of(transcript: Transcript) -> list[str]:
    """Return the label of each turn for a file in which turns start with one: `Anna`, or `[Anna]` where it is the only.

    A name that could be taken for something else gives way to the role.
    """
    names = [turn.speaker if is_plain_label(turn.speaker) else turn.role.title() for turn in transcript.turns]
    # No second line says that the one with the name is no sentence.
    return [f"[{name}]" if len(names) == 1 and not states_role(name) else name for name in names]


def without_note(said: Utterance) -> Utterance:
    """Return what was said, with the note of ours that stands before it taken apart."""
    note, words = split_note(said.text)
    return said if note is None else replace(said, text=words, note=note)


def insert_notes(
    document: Document, transcript: Transcript, units: Sequence[Utterance], notes: Sequence[str | None]
) -> str:
    """Return the document's text with `[note] ` before the words of each turn that has one; all else stays.

    Notes of ours that were there before are taken out. `units` are what the document holds, however they were joined
    to turns. Raises OutputError where `transcript` was not read from it.
    """
    first = first_units(document, transcript, units)
    new = {id(unit): note for unit, note in zip(first, notes, strict=True)}
    pieces, done = [], 0
    for unit in units:
        if unit.offset is None:
            raise ValueError("this format does not say where its turns start")
        note = new.get(id(unit))
        pieces += [document.text[done : unit.offset], "" if note is None else bracketed(note)]
        done = unit.offset
        if unit.note is not None and (old := place_of_note(document.text, unit.offset)) is not None:
            pieces.append(document.text[done : old[0]])
            done = old[1]
    return "".join([*pieces, document.text[done:]])
