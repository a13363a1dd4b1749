"""The report's pages as HTML: one for a session, one over several. Knows no file.

A page is one file without a script that loads nothing: its Content-Security-Policy allows its own style sheet, by hash,
and nothing else. Whatever a template prints passes through `visible` and is then escaped, so nothing that a transcript
or a file is called or says can become markup, steer the page or reorder its text.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from mendline.model.labels import Label
from mendline.review import episodes as definitions
from mendline.review.episodes import Outcome, Reception
from mendline.review.measures import SEGMENT_SECONDS, Reviewed
from mendline.review.patterns import Pattern, PatternKind
from mendline.review.report import timeline, trend
from mendline.review.report.quotes import quotes_of
from mendline.review.report.rows import NOTICE, Row
from mendline.review.terminal import SHAPES, clock
from mendline.review.visible import visible

OUTCOME_SHAPES = {Outcome.REPAIRED: "✓", Outcome.ATTEMPTED: "◐", Outcome.OPEN: "○"}
TITLE_CHARACTERS = 90
NAME_CHARACTERS = 15


@dataclass(frozen=True, slots=True)
class Group:
    """The sessions of one folder, in order."""

    folder: PurePath
    rows: tuple[Row, ...]
    trend: trend.Trend


def session_page(reviewed: Reviewed, *, place: PurePath, checkpoint: str, index: str | None = None) -> str:
    """The page of one session that was read from `place`; `index` is the address of the page over all, if any."""
    return _render(
        "session.html",
        reviewed=reviewed,
        session=reviewed.session.transcript,
        measures=reviewed.measures,
        strips=timeline.strips_of(reviewed),
        timed=bool(reviewed.measures.segments),
        quotes={episode.number: list(quotes_of(reviewed, episode)) for episode in reviewed.episodes},
        episode_at={episode.first: episode for episode in reviewed.episodes},
        sentences=[(pattern, pattern_sentence(pattern)) for pattern in reviewed.patterns],
        place=place,
        checkpoint=checkpoint,
        index=index,
    )


def index_page(rows: Sequence[Row], *, unread: int, checkpoint: str) -> str:
    """The page over sessions, a folder at a time. `unread` files are missing since they could not be read."""
    folders: dict[PurePath, list[Row]] = {}
    for row in rows:
        folders.setdefault(row.place.parent, []).append(row)
    groups = [Group(folder, tuple(each), trend.trend_of(each)) for folder, each in folders.items()]
    return _render("index.html", groups=groups, rows=rows, unread=unread, checkpoint=checkpoint)


def pattern_sentence(pattern: Pattern) -> str:
    """What happened, in words, without the turns."""
    first, last = pattern.speakers[0], pattern.speakers[-1]
    return {
        PatternKind.DEMAND_WITHDRAW: f"{first} confronts, {last} withdraws.",
        PatternKind.SPIRAL: f"{first} and {last} confront each other by turns.",
        PatternKind.UNANSWERED: f"{first} tries to repair, and it is ignored.",
        PatternKind.NOT_PICKED_UP: f"{first} withdraws, and nobody picks it up.",
    }[pattern.kind]


def _render(template: str, **values: Any) -> str:  # noqa: ANN401  (whatever a template shows)
    environment = _environment()
    return environment.get_template(template).render(**values)


@cache
def _environment() -> Environment:
    folder = files("mendline.review.report") / "templates"
    texts = {each.name: each.read_text(encoding="utf-8") for each in folder.iterdir() if each.is_file()}
    style = texts.pop("report.css")
    environment = Environment(
        loader=DictLoader(texts),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    environment.globals |= {
        "style": Markup(style),  # noqa: S704  (our own file; escaped, it would be no style sheet)
        "style_hash": base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii"),
        "notice": NOTICE,
        "labels": tuple(Label),
        "outcomes": tuple(Outcome),
        "receptions": tuple(Reception),
        "shapes": SHAPES,
        "outcome_shapes": OUTCOME_SHAPES,
        "timeline": timeline,
        "trend_layout": trend,
        "definitions": definitions,
        "segment_seconds": SEGMENT_SECONDS,
    }
    environment.filters |= {
        "address": lambda path: quote(os.fsencode(path.as_posix())),
        "clock": clock,
        "count": _count,
        "decimal": _decimal,
        "percent": _percent,
        "short": _short,
        "unit": lambda value: f"{value:.1f}".removesuffix(".0"),
    }
    return environment


def _harmless(value: object) -> object:
    return value if isinstance(value, Markup) or not isinstance(value, str | PurePath) else visible(str(value))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _decimal(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _percent(value: float | None) -> str:
    """A part as a whole percentage that says 0 or 100 only where it is exactly so; – where there is none."""
    if value is None:
        return "–"
    if 0 < value < 0.005:
        return "< 1 %"
    return "> 99 %" if 0.995 <= value < 1 else f"{value:.0%}".replace("%", " %")


def _short(text: str, length: int) -> str:
    """At most `length` characters."""
    shown = visible(text)
    return shown if len(shown) <= length else f"{shown[: length - 1].rstrip()}…"
