"""A session's timeline as numbers: where each turn, episode and tick stands. Knows no SVG and no colour.

A column is a turn, a lane a speaker. Long sessions run over several strips of equal length, like lines of text, so that
nothing is squeezed and the page prints. Lengths are units of the drawing, of which a strip is `WIDTH` wide.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from mendline.model.annotation import Annotation
from mendline.review.episodes import Episode, words_of
from mendline.review.measures import Reviewed
from mendline.transcripts.transcript import Turn

STRIP_TURNS = 100
LEAST_COLUMNS = 30
"""A short session is not stretched further than this many columns."""

NAMES, LANES, MARGIN = 112.0, 864.0, 60.0
WIDTH = NAMES + LANES + MARGIN
"""The names of the lanes, the lanes, and room for an episode's name beyond their end."""

HEAD, LANE, AXIS = 18.0, 30.0, 20.0
TICK_TURNS = 10
FULL_WORDS = 60
"""A turn of as many words or more fills its lane. The height goes by the square root, so that short ones are seen."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One turn: its bar, and the centre `x`, `y` of its shape."""

    turn: Turn
    annotation: Annotation
    x: float
    y: float
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Span:
    """The part of an episode that lies in a strip. `begins` and `ends` say whether its ends do."""

    episode: Episode
    left: float
    width: float
    begins: bool
    ends: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on the axis, at the centre of a turn's column."""

    turn: Turn
    x: float


@dataclass(frozen=True, slots=True)
class Lane:
    """One speaker's lane, `y` its middle."""

    speaker: str
    y: float


@dataclass(frozen=True, slots=True)
class Strip:
    """One line of the timeline."""

    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    spans: tuple[Span, ...]
    ticks: tuple[Tick, ...]
    height: float

    @property
    def bottom(self) -> float:
        """Where the lanes end and the axis begins."""
        return self.height - AXIS


def strips_of(reviewed: Reviewed) -> tuple[Strip, ...]:
    """Lay out the whole session."""
    turns = len(reviewed.session.annotations)
    lines = math.ceil(turns / STRIP_TURNS)
    columns = max(math.ceil(turns / lines), LEAST_COLUMNS) if lines else LEAST_COLUMNS
    step = LANES / columns
    return tuple(
        _strip(reviewed, range(first, min(first + columns, turns)), step) for first in range(0, turns, columns)
    )


def _strip(reviewed: Reviewed, turns: range, step: float) -> Strip:
    speakers = [each.speaker for each in reviewed.measures.speakers]
    lanes = tuple(Lane(speaker, HEAD + LANE * (place + 0.5)) for place, speaker in enumerate(speakers))
    middle = {lane.speaker: lane.y for lane in lanes}
    said = reviewed.session.transcript.turns
    return Strip(
        lanes=lanes,
        marks=tuple(_mark(reviewed, turn, turns, step, middle) for turn in turns),
        spans=tuple(_spans(reviewed, turns, step)),
        ticks=tuple(Tick(said[turn], _centre(turn, turns, step)) for turn in turns if turn % TICK_TURNS == 0),
        height=HEAD + LANE * len(lanes) + AXIS,
    )


def _mark(reviewed: Reviewed, turn: int, turns: range, step: float, middle: dict[str, float]) -> Mark:
    said = reviewed.session.transcript.turns[turn]
    x, y = _centre(turn, turns, step), middle[said.speaker]
    height = 3 + (LANE - 8) * math.sqrt(min(words_of(said.text), FULL_WORDS) / FULL_WORDS)
    width = min(step * 0.7, 10)
    return Mark(
        turn=said,
        annotation=reviewed.session.annotations[turn],
        x=x,
        y=y,
        left=x - width / 2,
        top=y - height / 2,
        width=width,
        height=height,
    )


def _spans(reviewed: Reviewed, turns: range, step: float) -> Iterator[Span]:
    for episode in reviewed.episodes:
        first, last = max(episode.first, turns.start), min(episode.last, turns.stop - 1)
        if first <= last:
            yield Span(
                episode=episode,
                left=_centre(first, turns, step) - step / 2,
                width=(last - first + 1) * step,
                begins=first == episode.first,
                ends=last == episode.last,
            )


def _centre(turn: int, turns: range, step: float) -> float:
    return NAMES + (turn - turns.start + 0.5) * step
