"""Plain text: `T: …`, `[00:01:02] Anna: …`, or names with a time on lines of their own as Otter writes them.

A label starts a turn; lines without one carry it on, also after an empty line. Which labels are speakers is said in
`mendline.transcripts.speakers`. A heading above the first turn is no part of the conversation if an empty line stands
below it, or if all its lines are such as `Date: …`. A time on a line of its own belongs to the turn that starts next.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mendline.transcripts.document import Document, Line
from mendline.transcripts.formats.inline import insert_notes, labels_of, noted_words, without_note
from mendline.transcripts.formats.json_shapes import shape_of
from mendline.transcripts.formats.kept import Kept, leave
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.roles import speaker_key
from mendline.transcripts.speakers import (
    Label,
    clean_name,
    find_label,
    find_stamp,
    is_heading,
    looks_like_name,
    speakers_among,
)
from mendline.transcripts.times import CLOCK, clock, seconds_of_clock
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.utterances import Utterance, clean_text, first_units, transcript_of

NAME = "text"
EXTENSIONS = (".txt", ".text")
SUMMARY = "plain text, `Name: words` or a name with a time on its own line (Otter)"
KEEPS = (Kept.STARTS, Kept.LABELS)
LIBRARY = "own reader"
COPY_KEEPS = "headings, spacing, line ends"

MAX_HEADING_LINES = 20

_OTTER = re.compile(rf"\s*(?P<name>\S.{{0,60}}?)(?:[ ]{{2,}}+|\t++[ ]*+)(?P<start>{CLOCK})\s*")
_FORMAL = ("WEBVTT", "{", "<?xml", 'File type = "ooTextFile', "@UTF8", "@Begin")
_CUE_TIMES = re.compile(r"\s*[0-9:.,]+\s*-->\s*[0-9]")


@dataclass(slots=True)
class _Open:
    """The turn that is being read."""

    line: Line
    speaker: str
    start: float | None
    end: float | None
    source_ids: tuple[str, ...]
    words: list[str]
    offset: int | None = None

    def add(self, line: Line, position: int = 0) -> None:
        """Take the words of `line` from `position` on."""
        words = clean_text(line.text[position:])
        if words:
            if self.offset is None:
                self.offset = line.offset + len(line.text) - len(line.text[position:].lstrip())
            self.words.append(words)


def takes(document: Document) -> bool:
    """Whether lines of the text open with speakers, and it is none of the more formal formats."""
    if document.text.lstrip().startswith(_FORMAL) or shape_of(document) is not None:
        return False
    lines = document.lines()
    if any(_CUE_TIMES.match(line.text) for line in lines):
        return False
    return any(mark is not None for mark in _marks(lines, ()))


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError with the line that cannot be read."""
    return [transcript_of(document, _utterances(document, options.roles), roles=options.roles)]


def write(transcript: Transcript, notes: Sequence[str | None]) -> str:
    """One line for each turn, `[hh:mm:ss] Name: [note] words`; without the time where none is known.

    Ends are not written. A name that could be taken for something else gives way to the role.
    """
    lines = []
    for turn, name, note in zip(transcript.turns, labels_of(transcript), notes, strict=True):
        time = "" if turn.start is None else f"[{clock(turn.start)}] "
        lines.append(f"{time}{name}: {noted_words(turn.text, note)}\n")
    return "".join(lines)


def annotated_copy(document: Document, transcript: Transcript, notes: Sequence[str | None]) -> str:
    """Return the text with a note before the first words of each turn; every other character stays."""
    return insert_notes(document, transcript, _utterances(document, [turn.speaker for turn in transcript.turns]), notes)


def places_of_turns(document: Document, transcript: Transcript) -> list[int]:
    """Return where in the text the words of each turn start. Raises OutputError for a transcript of another file."""
    found = _utterances(document, [turn.speaker for turn in transcript.turns])
    return [said.offset for said in first_units(document, transcript, found) if said.offset is not None]


def _utterances(document: Document, known: Iterable[str]) -> list[Utterance]:
    lines = document.lines()
    marks = _marks(lines, known)
    first = next((place for place, mark in enumerate(marks) if mark is not None), None)
    if first is None:
        raise document.error(
            "no speakers found. In plain text a turn starts with a name and a colon (`T: …`, `[00:01:02] Anna: …`) or "
            "with a name, two spaces and a time on a line of its own. Add the names, give an unusual one with "
            "--role NAME=ROLE, or name another format with --input-format."
        )
    body = first - _stamps_above(lines[:first])
    _check_heading(document, lines[:body])
    if any(line.text.strip() for line in lines[:body]):
        leave(document, "lines above the first turn")
    return _read_turns(document, lines[body:], marks[body:])


def _marks(lines: Sequence[Line], known: Iterable[str]) -> list[Label | None]:
    """For each line the label of the speaker who starts there: of the style, labels or Otter's, that is more common."""
    filled = [place for place, line in enumerate(lines) if line.text.strip()]
    labels = [find_label(lines[place].text) for place in filled]
    openings = [place == 0 or not lines[place - 1].text.strip() for place in filled]
    meant = speakers_among(labels, openings=openings, known=known)
    named = [label if label is not None and speaker_key(label.name) in meant else None for label in labels]
    headers = [_otter_header(lines[place].text) for place in filled]
    chosen = headers if _count(headers) > _count(named) else named
    marks: list[Label | None] = [None] * len(lines)
    for place, mark in zip(filled, chosen, strict=True):
        marks[place] = mark
    return marks


def _count(marks: Sequence[Label | None]) -> int:
    return sum(mark is not None for mark in marks)


def _otter_header(text: str) -> Label | None:
    match = _OTTER.fullmatch(text)
    start = None if match is None else seconds_of_clock(match["start"])
    if match is None or start is None or not looks_like_name(name := clean_name(match["name"])):
        return None
    return Label(name, len(text), start)


def _is_stamp(line: Line) -> bool:
    stamp = find_stamp(line.text)
    return stamp is not None and not line.text[stamp[2] :].strip()


def _stamps_above(lines: Sequence[Line]) -> int:
    """How many lines at the end, from a lone time on, lead over to the first turn."""
    for count, line in enumerate(reversed(lines), start=1):
        if line.text.strip():
            return count if _is_stamp(line) else 0
    return 0


def _check_heading(document: Document, lines: Sequence[Line]) -> None:
    """Raise TranscriptError where words above the first turn may be part of the conversation."""
    filled = [line for line in lines if line.text.strip()]
    apart = not lines or not lines[-1].text.strip()
    if len(filled) > MAX_HEADING_LINES:
        message = (
            f"more than {MAX_HEADING_LINES} lines stand above the first speaker. Give each turn its speaker, "
            "or delete what is no part of the conversation."
        )
        raise document.error(message, line=filled[0].number)
    if not apart and not all(is_heading(line.text) for line in filled):
        message = (
            "these words come before the first speaker. Put a name and a colon before them or, if they are a heading, "
            "an empty line below them."
        )
        raise document.error(message, line=filled[-1].number)


def _read_turns(document: Document, lines: Sequence[Line], marks: Sequence[Label | None]) -> list[Utterance]:
    done: list[_Open] = []
    waiting: Line | None = None  # a time on its own line, until it is clear to whom it belongs
    for line, mark in zip(lines, marks, strict=True):
        if mark is not None:
            done.append(_opened(line, mark, waiting))
            waiting = None
        elif line.text.strip():
            if waiting is not None and done:
                done[-1].add(waiting)
            waiting = line if _is_stamp(line) else None
            if waiting is None:
                done[-1].add(line)
    if waiting is not None:
        done[-1].add(waiting)
    return [_closed(document, turn) for turn in done]


def _opened(line: Line, mark: Label, stamp: Line | None) -> _Open:
    start, end = mark.start, mark.end
    if start is None and stamp is not None:
        start, end, _ = find_stamp(stamp.text) or (None, None, 0)
    turn = _Open(line, mark.name, start, end, () if mark.number is None else (mark.number,), [])
    turn.add(line, mark.end_of_label)
    return turn


def _closed(document: Document, turn: _Open) -> Utterance:
    if not turn.words:
        message = "this turn has no words. Write what was heard, such as [silence], or delete the label."
        raise document.error(message, line=turn.line.number)
    said = Utterance(
        turn.speaker, " ".join(turn.words), turn.start, turn.end, turn.source_ids, turn.line.number, turn.offset
    )
    return without_note(said)
