"""The course over several sessions as numbers: bars of rupture episodes, points of repair rates. Knows no SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mendline.review.episodes import Outcome
from mendline.review.report.rows import Row

LEFT, RIGHT = 44.0, 16.0
WIDEST_STEP, WIDEST_BAR = 115.0, 44.0
PLOT = 920.0
WIDTH = LEFT + PLOT + RIGHT
TOP, BARS, GAP, RATES, AXIS = 22.0, 110.0, 34.0, 80.0, 22.0
HEIGHT = TOP + BARS + GAP + RATES + AXIS
BARS_FLOOR = TOP + BARS
RATES_FLOOR = BARS_FLOOR + GAP + RATES
MOST_NUMBERS = 40
"""Sessions up to which each has its number below it; of more, only some."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The episodes of one outcome in a session's bar."""

    outcome: Outcome
    count: int
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """One session: its bar, and the height of its point, None where there is no repair rate."""

    number: int
    row: Row
    x: float
    left: float
    width: float
    pieces: tuple[Piece, ...]
    rate_y: float | None
    numbered: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """All columns of a folder's sessions; `most` is the number of episodes at the top of the bars."""

    columns: tuple[Column, ...]
    most: int

    @property
    def line(self) -> tuple[Column, ...]:
        """The columns that have a repair rate."""
        return tuple(column for column in self.columns if column.rate_y is not None)


def trend_of(rows: Sequence[Row]) -> Trend:
    """Lay out sessions in the order given."""
    most = max((row.measures.episodes for row in rows), default=0) or 1
    step = min(PLOT / max(len(rows), 1), WIDEST_STEP)
    every = -(-len(rows) // MOST_NUMBERS)
    return Trend(tuple(_column(row, place, step, most, every) for place, row in enumerate(rows)), most)


def _column(row: Row, place: int, step: float, most: int, every: int) -> Column:
    x = LEFT + (place + 0.5) * step
    width = min(step * 0.7, WIDEST_BAR)
    rate = row.measures.repair_rate
    return Column(
        number=place + 1,
        row=row,
        x=x,
        left=x - width / 2,
        width=width,
        pieces=tuple(_pieces(row, most)),
        rate_y=None if rate is None else RATES_FLOOR - rate * RATES,
        numbered=place % every == 0,
    )


def _pieces(row: Row, most: int) -> Iterator[Piece]:
    floor = BARS_FLOOR
    for outcome in Outcome:
        count = row.measures.outcomes[outcome]
        height = count / most * BARS
        floor -= height
        if count:
            yield Piece(outcome, count, floor, height)
