"""JSON Lines, one turn a line, the form of Mendline's own corpus among them.

Keys are the columns of `mendline.transcripts.formats.table`. Lines may have different keys; empty lines are spacing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.formats.json_records import joined_ids, unit_times
from mendline.transcripts.formats.json_text import is_json_lines, parse
from mendline.transcripts.formats.kept import TABLE, Kept
from mendline.transcripts.formats.noted import Noted
from mendline.transcripts.formats.table import Row, find_columns, note_in, transcripts_of
from mendline.transcripts.formats.written_rows import write_json_lines
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

NAME = "jsonl"
EXTENSIONS = (".jsonl", ".ndjson")
SUMMARY = "JSON Lines, one turn a line, one conversation or many (Mendline's corpus)"
KEEPS = (*TABLE, Kept.UNIT_TIMES)
LIBRARY = "json (Python)"
COPY_KEEPS = ""

_HINT = 'JSON Lines holds one object such as {"speaker": "T", "text": "…"} on each line; Whisper JSON has "segments".'


def takes(document: Document) -> bool:
    """Whether the file starts with a JSON object that is not Whisper's."""
    return is_json_lines(document)


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """One transcript for each session of the file. Raises TranscriptError with the line that cannot be read."""
    records = list(_records(document))
    names = list(dict.fromkeys(name for _, record in records for name in record))
    columns = find_columns(document, names, options)
    used = set(columns.values())
    rows = (
        Row(line, _values(document, line, record, used), note_in(document, record), unit_times(record))
        for line, record in records
    )
    return transcripts_of(document, rows, columns, options)


def write_file(transcripts: Sequence[Transcript], notes: Noted) -> bytes:
    """Return one row for each turn, with the values of its note."""
    return write_json_lines(transcripts, notes)


def _records(document: Document) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line in document.lines():
        if not line.text.strip():
            continue
        record = parse(document, line.text, line=line.number, hint=_HINT)
        if not isinstance(record, dict):
            raise document.error(f"this line is not a JSON object. {_HINT}", line=line.number)
        yield line.number, record


def _values(document: Document, line: int, record: Mapping[str, Any], used: set[str]) -> dict[str, str]:
    values = {}
    for name in used & record.keys():
        value = joined_ids(name, record[name])
        if isinstance(value, bool | list | dict):
            raise document.error(f"{name!r} is neither a text nor a number here. Correct it.", line=line)
        values[name] = "" if value is None else str(value)
    return values
