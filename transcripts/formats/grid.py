"""Praat TextGrids as a file holds them: tiers of intervals and of points, in the long and in the short form.

The file is read as Praat reads it: what counts are texts in double quotes, numbers and `<flags>` that stand free, in
their order; all else between them is for people. So one reader serves both forms. Knows no turns.
"""

from __future__ import annotations

import math
import re
from bisect import bisect
from dataclasses import dataclass

from mendline.transcripts.document import Document

_TOKEN = re.compile(
    r'(?P<text>"(?:[^"]|"")*+")'
    r"|(?P<number>(?<!\S)[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?(?!\S))"
    r"|(?P<flag>(?<!\S)<[a-z]{1,20}>(?!\S))"
    r"|(?P<comment>(?<!\S)![^\r\n]*)"
    r'|[^\s"]+|(?P<stray>")'
)
_LINE_REST = re.compile(r"[ \t]*(?:\r\n|\r|\n)")
_HEADING = re.compile(r"[ \t]*(?:\r\n|\r|\n)(?:[ \t]*item\s*\[\s*\]:?[ \t]*(?:\r\n|\r|\n))?")
_HINT = "Open the file in Praat and save it again as a text file."


@dataclass(frozen=True, slots=True)
class Interval:
    """One interval; `raw` is its start, end and text as the file writes them. Times in seconds."""

    start: float
    end: float
    text: str
    line: int
    raw: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier: of intervals, or (then they are None) of points. `limits` are its start and end as the file has them.

    It stands at `begin` to `end` of the document's text, and from `body` on what counts.
    """

    name: str
    limits: tuple[str, str]
    intervals: tuple[Interval, ...] | None
    points: tuple[tuple[str, str], ...]
    begin: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Grid:
    """One file. `size` is where the number of tiers stands in the document's text; `long` is its form."""

    document: Document
    tiers: tuple[Tier, ...]
    limits: tuple[str, str]
    size: tuple[int, int]
    long: bool


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    raw: str
    begin: int
    end: int


class _Tokens:
    """The texts, numbers and flags of a file, one after another, each as what it must be.

    A quotation mark without a second one is none of them: it would take what is written behind it for its text.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._starts = [line.offset for line in document.lines()]
        self._tokens = (
            _Token(str(match.lastgroup), match[0], match.start(), match.end())
            for match in _TOKEN.finditer(document.text)
            if match.lastgroup in {"text", "number", "flag", "stray"}
        )

    def next(self, kind: str, what: str) -> _Token:
        """Return the next token, which must be of this kind."""
        token = next(self._tokens, None)
        if token is None:
            raise self.document.error(f"the file breaks off where {what} should stand. {_HINT}", line=len(self._starts))
        if token.kind != kind:
            raise self.document.error(f"{what} should stand here. {_HINT}", line=self.line(token))
        return token

    def time(self, what: str) -> tuple[str, float]:
        """Return a time of 0 or more as it is written, and in seconds."""
        token = self.next("number", what)
        seconds = float(token.raw)
        if not math.isfinite(seconds) or seconds < 0:
            raise self.document.error(f"{what} is not a time of 0 seconds or more. {_HINT}", line=self.line(token))
        return token.raw, seconds

    def count(self, what: str) -> tuple[_Token, int]:
        """Return a whole number."""
        token = self.next("number", what)
        if not token.raw.isdecimal() or len(token.raw) > 9:
            raise self.document.error(f"{what} is not a whole number. {_HINT}", line=self.line(token))
        return token, int(token.raw)

    def text(self, what: str) -> tuple[_Token, str]:
        """Return a text without its quotes."""
        token = self.next("text", what)
        return token, token.raw[1:-1].replace('""', '"')

    def check_end(self) -> None:
        """Raise TranscriptError where the file goes on."""
        token = next(self._tokens, None)
        if token is not None:
            message = f"the file goes on after the last interval that it announces. {_HINT}"
            raise self.document.error(message, line=self.line(token))

    def line(self, token: _Token) -> int:
        """The line on which a token starts."""
        return bisect(self._starts, token.begin)


def parse(document: Document) -> Grid:
    """Return what a file holds. Raises TranscriptError with the line that is not as it must be."""
    tokens = _Tokens(document)
    kind, _ = tokens.text('File type = "ooTextFile"')
    if "ooTextFile" not in kind.raw or tokens.text('Object class = "TextGrid"')[1] != "TextGrid":
        raise document.error(f"this is no TextGrid: its first lines do not say so. {_HINT}", line=tokens.line(kind))
    limits = (tokens.time("the start of the recording")[0], tokens.time("the end of the recording")[0])
    if tokens.next("flag", "<exists>").raw != "<exists>":
        raise document.error("the TextGrid has no tiers. Give one in which somebody says something.")
    size, count = tokens.count("the number of tiers")
    heading = _HEADING.match(document.text, size.end)
    body = size.end if heading is None else heading.end()
    tiers: list[Tier] = []
    for _ in range(count):
        tiers.append(_tier(tokens, begin=tiers[-1].end if tiers else body))
    tokens.check_end()
    first = tiers[0].body if tiers else len(document.text)
    return Grid(document, tuple(tiers), limits, (size.begin, size.end), "item" in document.text[size.end : first])


def _tier(tokens: _Tokens, *, begin: int) -> Tier:
    kind, name_of_class = tokens.text('the class of a tier ("IntervalTier" or "TextTier")')
    if name_of_class not in {"IntervalTier", "TextTier"}:
        message = f'the class of a tier is neither "IntervalTier" nor "TextTier". {_HINT}'
        raise tokens.document.error(message, line=tokens.line(kind))
    _, name = tokens.text("the name of a tier")
    limits = (tokens.time("the start of a tier")[0], tokens.time("the end of a tier")[0])
    last, count = tokens.count("the number of intervals or points")
    intervals: list[Interval] = []
    points: list[tuple[str, str]] = []
    for _ in range(count):
        if name_of_class == "IntervalTier":
            last, interval = _interval(tokens)
            intervals.append(interval)
        else:
            time, _ = tokens.time("the time of a point")
            last, _ = tokens.text("the text of a point")
            points.append((time, last.raw))
    timed = tuple(intervals) if name_of_class == "IntervalTier" else None
    line_rest = _LINE_REST.match(tokens.document.text, last.end)
    end = last.end if line_rest is None else line_rest.end()
    return Tier(name, limits, timed, tuple(points), begin, kind.begin, end)


def _interval(tokens: _Tokens) -> tuple[_Token, Interval]:
    start_raw, start = tokens.time("the start of an interval")
    end_raw, end = tokens.time("the end of an interval")
    token, text = tokens.text("the text of an interval")
    if end < start:
        raise tokens.document.error("this interval ends before it starts. Correct its times.", line=tokens.line(token))
    return token, Interval(start, end, text, tokens.line(token), (start_raw, end_raw, token.raw))
