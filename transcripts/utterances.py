"""The way from what a reader found to a `Transcript`, one for all formats. Knows no format."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.roles import role_words, speaker_key
from mendline.transcripts.speakers import UNKNOWN_SPEAKER, clean_name
from mendline.transcripts.transcript import Span, Transcript, Turn

if TYPE_CHECKING:
    from mendline.transcripts.notes import TurnNote

MAX_SECONDS = 1e11
"""Later than the date of any calendar, earlier than a date in milliseconds."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one speaker says before the next one does, or a unit of it.

    `line` is where it starts in the file (None where lines mean nothing). `offset` is the place in the document's text
    at which its words start, or a note of ours before them, for formats into which notes can be written. `apart` says
    that it does not carry on what the same speaker said before. `source_times` are those of its units; a single one has
    its own.
    """

    speaker: str
    text: str
    start: float | None = None
    end: float | None = None
    source_ids: tuple[str, ...] = ()
    line: int | None = None
    offset: int | None = None
    apart: bool = False
    note: TurnNote | None = None
    source_times: tuple[Span, ...] = ()

    def times_of_units(self) -> tuple[Span, ...]:
        """Return the start and end of each unit that has an id."""
        return self.source_times or ((self.start, self.end),) * len(self.source_ids)


def clean_text(text: str) -> str:
    """`text` on one line: white space and control characters become single spaces, nothing else changes."""
    return " ".join(_CONTROL.sub(" ", text).split())


def joined(units: Sequence[Utterance]) -> Utterance:
    """Return what one speaker says in units that follow each other. Pieces of one unit, by its id, count once."""
    if len(units) == 1:
        return units[0]
    ids: list[str] = []
    times: list[Span] = []
    for unit in units:
        if unit.source_ids != tuple(ids[-1:]):
            ids += unit.source_ids
            times += unit.times_of_units()
    return replace(
        units[0],
        text=" ".join(unit.text for unit in units),
        start=next((unit.start for unit in units if unit.start is not None), None),
        end=max((unit.end for unit in units if unit.end is not None), default=None),
        source_ids=tuple(ids),
        source_times=tuple(times),
        note=next((unit.note for unit in units if unit.note is not None), None),
    )


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
    Raises TranscriptError where there is nothing in it, a character that no file can hold, or a time that is none.
    """
    if not utterances:
        raise document.error("there are no turns in this file. Give a transcript in which somebody says something.")
    spelling: dict[str, str] = {}
    for utterance in utterances:
        spelling.setdefault(speaker_key(utterance.speaker), clean_name(utterance.speaker) or UNKNOWN_SPEAKER)
        _check_characters(document, utterance)
        _check_times(document, utterance)
    words = role_words(spelling.values(), roles)
    names = [spelling[speaker_key(utterance.speaker)] for utterance in utterances]
    turns = tuple(
        Turn(index, name, words[name], said.text, said.start, said.end, said.source_ids, said.times_of_units())
        for index, (name, said) in enumerate(zip(names, utterances, strict=True))
    )
    notes = tuple(said.note for said in utterances)
    noted = notes if any(note is not None for note in notes) else ()
    return Transcript(document.session if session is None else session, turns, setting, noted)


def first_units(document: Document, transcript: Transcript, units: Sequence[Utterance]) -> list[Utterance]:
    """Return the unit with which each turn of `transcript` starts, whatever the rule was by which they were joined.

    `units` are what the document holds, in order. Raises OutputError where `transcript` was not read from it.
    """
    first: list[Utterance] = []
    place = 0
    for turn in transcript.turns:
        first.extend(units[place : place + 1])
        read = 0
        while place < len(units) and read < len(turn.text) and turn.text.startswith(units[place].text, read):
            # Behind a unit stands the space before the next one, or nothing.
            read += len(units[place].text) + 1
            place += 1
        if read != len(turn.text) + 1:
            raise other_turns(document)
    if place != len(units):
        raise other_turns(document)
    return first


def other_turns(document: Document) -> OutputError:
    """Return the error for a transcript that was not read from this file."""
    return OutputError("these are not the turns of this file. Read the file again, then write the copy.",
                       file=document.name)  # fmt: skip


def _check_characters(document: Document, utterance: Utterance) -> None:
    try:
        (utterance.speaker + utterance.text).encode()
    except UnicodeEncodeError as error:
        message = "half of a character (a lone surrogate) stands here. Write the file again as UTF-8."
        raise document.error(message, line=utterance.line) from error


def _check_times(document: Document, utterance: Utterance) -> None:
    if any(time is not None and not 0 <= time < MAX_SECONDS for time in (utterance.start, utterance.end)):
        message = (
            "a time here is beyond all measure. Give seconds from the start of the recording, or h:mm:ss; a column of "
            "milliseconds has a name that ends in _ms."
        )
        raise document.error(message, line=utterance.line)
