"""JSON objects of one kind, one a line or all in a list: read with their lines, written back as they came.

Shared by ConvoKit, Label Studio and doccano. Knows none of them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.formats.json_shapes import TURN_LISTS, first_value
from mendline.transcripts.formats.json_text import parse
from mendline.transcripts.formats.table import SOURCE_IDS, SOURCE_TIMES
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Span
from mendline.transcripts.utterances import MAX_SECONDS

# Legal inside a JSON string, but many programs end a line at them.
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


@dataclass(frozen=True, slots=True)
class Records:
    """The objects of a file. `lines` are where they stand, 1 for all of a list; `form` is "lines", "list" or "one"."""

    values: Sequence[dict[str, Any]]
    lines: Sequence[int]
    form: str


def records_of(document: Document, *, hint: str) -> Records:
    """Return the objects of the file. Raises TranscriptError that ends in `hint`."""
    first = first_value(document)
    if first is not None and first.alone:
        listed = isinstance(first.value, list)
        values = first.value if listed else [first.value]
        if not all(isinstance(value, dict) for value in values):
            raise document.error(f"this list holds something else than objects. {hint}")
        # One record on one line is JSON Lines with a single line.
        form = "list" if listed else "one" if "\n" in document.text.strip() else "lines"
        return Records(values, [1] * len(values), form)
    filled = [line for line in document.lines() if line.text.strip()]
    values = [parse(document, line.text, line=line.number, hint=hint) for line in filled]
    wrong = next((line.number for line, value in zip(filled, values, strict=True) if not isinstance(value, dict)), None)
    if wrong is not None:
        raise document.error(f"this line is not a JSON object. {hint}", line=wrong)
    return Records(values, [line.number for line in filled], "lines")


def rendered(records: Sequence[Mapping[str, Any]], form: str) -> bytes:
    """Return the objects as UTF-8, in the form that `Records` has."""
    if form == "lines":
        return b"".join(_json(record, indent=None) + b"\n" for record in records)
    return _json(records[0] if form == "one" else list(records), indent=2) + b"\n"


def joined_ids(name: str, value: object) -> object:
    """Return the value of a key; the list of the ids of a turn's units as one text."""
    listed = isinstance(value, list) and name.endswith(SOURCE_IDS)
    return ";".join(map(str, value)) if listed and isinstance(value, list) else value


def unit_times(record: Mapping[str, Any]) -> tuple[Span, ...]:
    """Return the start and end of each unit of a turn, where results say them; empty where they do not."""
    pairs = record.get(SOURCE_TIMES)
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        return ()
    return tuple((_seconds(start), _seconds(end)) for start, end in pairs)


def _seconds(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MAX_SECONDS
    return float(value) if known and isinstance(value, int | float) else None


def cells(document: Document, record: Mapping[str, Any], used: Collection[str], *, line: int) -> dict[str, str]:
    """Return the values of the keys that are used, as text. Raises TranscriptError where one is no text or number."""
    values = {}
    for name in used:
        value = joined_ids(name, record.get(name))
        if isinstance(value, bool | list | dict):
            raise document.error(f"{name!r} is neither a text nor a number here. Correct it.", line=line)
        values[name] = "" if value is None else str(value)
    return values


def with_speaker_key(options: ReadOptions, names: Iterable[str]) -> ReadOptions:
    """Return the options with the key that annotation tools use for the speaker, where the options name none."""
    known = set(names)
    key = next((key for key in TURN_LISTS if key in known), None)
    return options if options.speaker_column is not None or key is None else replace(options, speaker_column=key)


def _json(value: object, *, indent: int | None) -> bytes:
    text = json.dumps(value, ensure_ascii=False, indent=indent).translate(_LINE_ENDS)
    try:
        return text.encode()
    except UnicodeEncodeError:  # Half a character somewhere: only as an escape can it stay what it is.
        return json.dumps(value, indent=indent).encode()
