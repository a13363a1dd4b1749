"""What the readers of transcription services' JSON share: whose file it is, its values, or an error that says which.

A speaker whom the service only numbers or letters is called "Speaker 0", "Speaker A", and "Channel 1" where each
speaker has a channel: these are the names that `--role` takes. `source_ids` of a turn are the ids of its pieces, or
`first-last`, the places of its words in the service's list, counted from 0. How pieces make turns is said in
`mendline.transcripts.formats.pieces`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.errors import TranscriptError
from mendline.transcripts.formats.json_shapes import first_value, shape_of
from mendline.transcripts.formats.json_text import parse
from mendline.transcripts.formats.kept import leave
from mendline.transcripts.formats.pieces import Piece, pieces_of_words, transcript_of_pieces
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Span, Transcript
from mendline.transcripts.utterances import clean_text

_SECONDS = re.compile(r"([0-9]+(?:\.[0-9]+)?)s?")


@dataclass(frozen=True, slots=True)
class Service:
    """A service's JSON: its `name` in `json_shapes`, and what errors say of a file that is not as it should be.

    `hint` is what to give instead, the end of every message; `no_speakers` the message where nobody has a name.
    """

    name: str
    hint: str
    no_speakers: str

    def takes(self, document: Document) -> bool:
        """Whether the keys are those of the service."""
        return shape_of(document) == self.name

    def read(
        self, document: Document, options: ReadOptions, pieces_of: Callable[[Content], Sequence[Piece]]
    ) -> list[Transcript]:
        """Return the one conversation of a file, of the pieces that `pieces_of` finds. Raises TranscriptError."""
        pieces = pieces_of(Content(document, options, self.hint))
        return [transcript_of_pieces(document, pieces, options, no_speakers=self.no_speakers)]


@dataclass(frozen=True, slots=True)
class Content:
    """The values in one file of a service. `where` says in errors which part of it a value stands in."""

    document: Document
    options: ReadOptions
    hint: str

    def error(self, message: str) -> TranscriptError:
        """Return an error about this file, for the caller to raise."""
        return self.document.error(f"{message} {self.hint}")

    def root(self) -> dict[str, Any]:
        """Return the one JSON object of the file. Raises TranscriptError."""
        first = first_value(self.document)
        known = first is not None and first.alone
        value = first.value if first and known else parse(self.document, self.document.text, line=1, hint=self.hint)
        if not isinstance(value, dict):
            raise self.error("this is not one JSON object.")
        return value

    def objects(self, container: Mapping[str, Any], key: str, *, where: str) -> list[dict[str, Any]]:
        """Return the list of objects under `key`, empty where there is none. Raises TranscriptError otherwise."""
        value = container.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
            raise self.error(f'"{key}" of {where} is not a list of objects.')
        return value

    def string(self, container: Mapping[str, Any], key: str, *, where: str) -> str:
        """Return the text under `key`, empty where it is missing or null. Raises TranscriptError otherwise."""
        value = container.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.error(f'"{key}" of {where} is not a text.')
        return value

    def seconds(self, container: Mapping[str, Any], key: str, *, where: str, per_second: float = 1) -> float | None:
        """Return the time under `key` in seconds, given in units of which a second has `per_second`; None without one.

        Reads numbers, texts such as "1.5" and "1.5s", and objects with seconds and nanos. Raises TranscriptError.
        """
        value = container.get(key)
        if value is None or value == "":
            return None
        time = _number(value)
        if not math.isfinite(time) or time < 0:
            raise self.error(f'"{key}" of {where} is not a time.')
        return time / per_second

    def span(
        self,
        container: Mapping[str, Any],
        *,
        where: str,
        keys: tuple[str, str] = ("start", "end"),
        per_second: float = 1,
    ) -> Span:
        """Return the times under two keys, as `seconds` does."""
        start, end = (self.seconds(container, key, where=where, per_second=per_second) for key in keys)
        return start, end

    def runs(self, words: Sequence[Piece], *, channels: bool) -> list[Piece]:
        """Return the pieces that words make. `channels` says that the file has several."""
        if words:
            leave(self.document, "times of single words")
        return pieces_of_words(words, self.options, channels=channels)


def speaker_name(speaker: object, channel: object = None) -> str | None:
    """Return what a speaker is called, from what the service gives; None where it gives nothing."""
    name = clean_text(str(speaker)) if isinstance(speaker, str | int) and not isinstance(speaker, bool) else ""
    side = clean_text(str(channel)) if isinstance(channel, str | int) and not isinstance(channel, bool) else ""
    if len(name) == 1 or name.isdecimal():
        name = f"Speaker {name}"
    if not side:
        return name or None
    return f"{name} (channel {side})" if name else f"Channel {side}"


def _number(value: object) -> float:
    if isinstance(value, dict):
        return _plain_number(value.get("seconds", 0)) + _plain_number(value.get("nanos", 0)) / 1e9
    return _plain_number(value)


def _plain_number(value: object) -> float:
    if isinstance(value, str):
        match = _SECONDS.fullmatch(value.strip())
        return math.nan if match is None else float(match[1])
    try:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        return math.nan
