"""From timed cues, as subtitles have them, to who says what in each. Shared by WebVTT and SRT; knows neither.

Speakers are named in one of three ways, and a file keeps to one: voice tags (`<v Anna>…`), labels (`Anna: …`, also
after `>>`), or bare `>>` where somebody else starts. A `>>` always starts a turn. Which cues make one turn is said in
`mendline.transcripts.turns`.

A cue without a speaker belongs to whoever spoke before only if the file names speakers where they change. If it names
the same one in two cues that follow each other, it names everybody everywhere: then a cue without a name has an unknown
speaker. A bare `>>` is a change to an unknown one. A cue without words is a pause on the screen, not a turn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mendline.transcripts.formats.inline import without_note
from mendline.transcripts.roles import speaker_key
from mendline.transcripts.speakers import UNKNOWN_SPEAKER, clean_name, find_label, speakers_among
from mendline.transcripts.utterances import Utterance, joined

# The lengths are bounded so that a file of nothing but opening brackets is read in linear time.
_VOICE = re.compile(r"<v(?:\.[^\s<>]{1,99})?(?:\s{1,9}(?P<name>[^<>]{0,300}))?>|(?P<close></v>)")
_LEAD = re.compile(r"(?:\s|<[^<>]{0,300}>|\{\\[^{}]{0,300}\})*(?P<change>(?:>>|&gt;&gt;)\s*-?\s*)*")
_TEXT_LINE = re.compile(r"[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Cue:
    """One cue. `payload` is its text as the file has it, `offset` the place of that in the file; times in seconds."""

    id: str
    line: int
    start: float
    end: float
    payload: str
    offset: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words of one speaker within a cue. `speaker` is None where the cue does not say who speaks."""

    cue: Cue
    speaker: str | None
    raw: str
    position: int
    opens_cue: bool
    changes: bool = False


def units_of(
    cues: Sequence[Cue], *, known: Iterable[str], clean: Callable[[str], str], turn_per_cue: bool = False
) -> list[Utterance]:
    """Return what each speaker says in each cue; empty where no cue says who speaks.

    `clean` turns the raw text of a cue into words. `known` are names that a person gave. With `turn_per_cue`, no cue
    carries on the one before it.
    """
    by_voice = any(match["close"] is None for cue in cues for match in _VOICE.finditer(cue.payload))
    pieces = list(_pieces_by_voice(cues) if by_voice else _pieces_by_label(cues, known))
    if not any(piece.speaker is not None for piece in pieces):
        return []
    named_everywhere = _named_everywhere(pieces)
    units: list[list[Utterance]] = []
    cue: Cue | None = None
    for piece in pieces:
        words = clean(piece.raw)
        if not words:
            continue
        same_cue, cue = cue is piece.cue, piece.cue
        before = units[-1][-1] if units else None
        speaker = piece.speaker
        if speaker is None:
            carried_on = before is not None and (same_cue or not named_everywhere)
            speaker = before.speaker if before is not None and carried_on else UNKNOWN_SPEAKER
        new = _utterance(piece, clean_name(speaker) or UNKNOWN_SPEAKER, words, turn_per_cue=turn_per_cue)
        if before is not None and same_cue and not piece.changes and _same(before, new):
            units[-1].append(new)
        else:
            units.append([new])
    return [without_note(joined(unit)) for unit in units]


def _same(one: Utterance, other: Utterance) -> bool:
    return speaker_key(one.speaker) == speaker_key(other.speaker)


def _utterance(piece: _Piece, speaker: str, words: str, *, turn_per_cue: bool) -> Utterance:
    cue = piece.cue
    lead = len(piece.raw) - len(piece.raw.lstrip())
    offset = cue.offset + piece.position + lead
    apart = turn_per_cue or piece.changes
    return Utterance(speaker, words, cue.start, cue.end, (cue.id,), cue.line, offset, apart)


def _named_everywhere(pieces: Sequence[_Piece]) -> bool:
    """Whether two cues that follow each other name the same speaker."""
    openings = [piece for piece in pieces if piece.opens_cue]
    return any(
        one.speaker is not None and other.speaker is not None and speaker_key(one.speaker) == speaker_key(other.speaker)
        for one, other in pairwise(openings)
        if not other.changes
    )


def _pieces_by_voice(cues: Iterable[Cue]) -> Iterator[_Piece]:
    for cue in cues:
        speaker: str | None = None
        begin, opens = 0, True
        for tag in _VOICE.finditer(cue.payload):
            if cue.payload[begin : tag.start()].strip():
                yield _Piece(cue, speaker, cue.payload[begin : tag.start()], begin, opens)
                opens = False
            speaker = None if tag["close"] else (tag["name"] or UNKNOWN_SPEAKER)
            begin = tag.end()
        if cue.payload[begin:].strip():
            yield _Piece(cue, speaker, cue.payload[begin:], begin, opens)


def _pieces_by_label(cues: Sequence[Cue], known: Iterable[str]) -> Iterator[_Piece]:
    lines = [(cue, line) for cue in cues for line in _TEXT_LINE.finditer(cue.payload) if line[0].strip()]
    leads = [_LEAD.match(line[0]) for _, line in lines]
    labels = [
        find_label(line[0], 0 if lead is None else lead.end()) for (_, line), lead in zip(lines, leads, strict=True)
    ]
    openings = [place == 0 or lines[place - 1][0] is not cue for place, (cue, _) in enumerate(lines)]
    meant = speakers_among(labels, openings=openings, known=known)
    for (cue, line), lead, label, opens in zip(lines, leads, labels, openings, strict=True):
        changes = lead is not None and lead["change"] is not None
        speaker: str | None = None
        begin = 0
        if label is not None and speaker_key(label.name) in meant:
            speaker, begin = label.name, label.end_of_label
        elif lead is not None and changes:
            speaker, begin = UNKNOWN_SPEAKER, lead.end()
        yield _Piece(cue, speaker, line[0][begin:], line.start() + begin, opens, changes)
