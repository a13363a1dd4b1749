"""The utterances of a ConvoKit corpus: `utterances.jsonl`, or the older `utterances.json`, one list of them.

Every conversation is a session. Its utterances stand in the order of their timestamps if all have one, and otherwise as
in the file; answers to one utterance follow each other. Timestamps that count from 1970 become seconds from the first
of the conversation. Speakers keep their ids; `speakers.json` and the other files of the corpus are not read.

Notes go into `meta`, under names that start with `mendline_`. The other files of the corpus can stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.formats.json_records import Records, cells, records_of, rendered
from mendline.transcripts.formats.json_shapes import shape_of
from mendline.transcripts.formats.noted import Noted, notes_by_row
from mendline.transcripts.formats.table import Row, transcripts_of
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

NAME = "convokit"
EXTENSIONS = (".convokit.jsonl",)
SUMMARY = "utterances.jsonl of a ConvoKit corpus, many conversations"

_HINT = "Give the utterances.jsonl of a ConvoKit corpus."
_COLUMNS = {
    "text": ("text",),
    "speaker": ("speaker", "user"),
    "session": ("conversation_id", "root"),
    "id": ("id",),
    "start": ("timestamp",),
}
# Later than any place in a recording, earlier than any message that was sent on the internet.
_CALENDAR = 100_000_000


def takes(document: Document) -> bool:
    """Whether the first object has the keys of a ConvoKit utterance."""
    return shape_of(document) == NAME


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """One transcript for each conversation. Raises TranscriptError with the line that cannot be read."""
    records = records_of(document, hint=_HINT)
    rows, columns, _ = _rows(document, records)
    return transcripts_of(document, rows, columns, options)


def annotated_file(document: Document, transcripts: Sequence[Transcript], notes: Noted, options: ReadOptions) -> bytes:
    """Return the utterances with the values of the notes in their `meta`; all else stays. Raises OutputError."""
    records = records_of(document, hint=_HINT)
    rows, columns, order = _rows(document, records)
    found = notes_by_row(document, rows, columns, transcripts, notes)
    noted = dict(zip(order, found, strict=True))
    copies = []
    for place, record in enumerate(records.values):
        note = noted[place]
        meta = record.get("meta")
        if note is not None and note.values:
            if meta is not None and not isinstance(meta, dict):
                raise document.error('"meta" is not an object here. Correct it.', line=records.lines[place])
            record = record | {"meta": (meta or {}) | note.named_values()}
        copies.append(record)
    return rendered(copies, records.form)


def _rows(document: Document, records: Records) -> tuple[list[Row], dict[str, str], list[int]]:
    """The rows in order of time, the column for each kind, and the place of each row in the file."""
    names = {name for record in records.values for name in record}
    columns = {
        kind: key for kind, keys in _COLUMNS.items() if (key := next((key for key in keys if key in names), None))
    }
    missing = next((kind for kind in ("text", "speaker", "session") if kind not in columns), None)
    if missing is not None:
        raise document.error(f'no utterance has a "{_COLUMNS[missing][0]}". {_HINT}')
    used = set(columns.values())
    rows = [
        Row(line, cells(document, record, used, line=line))
        for record, line in zip(records.values, records.lines, strict=True)
    ]
    conversations: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        conversations.setdefault(row.values[columns["session"]], []).append(place)
    order = [place for places in conversations.values() for place in _by_time(places, records.values)]
    moved = _from_first(rows, conversations.values())
    return [moved[place] for place in order], columns, order


def _by_time(places: Sequence[int], records: Sequence[Mapping[str, Any]]) -> list[int]:
    times = {place: _timestamp(records[place].get("timestamp")) for place in places}
    known = {place: time for place, time in times.items() if time is not None}
    return sorted(places, key=lambda place: known[place]) if len(known) == len(places) else [*places]


def _from_first(rows: Sequence[Row], conversations: Iterable[Sequence[int]]) -> list[Row]:
    moved = [*rows]
    for places in conversations:
        times = {place: _timestamp(rows[place].values.get("timestamp")) for place in places}
        first = min((time for time in times.values() if time is not None), default=0.0)
        for place, time in times.items():
            if time is not None and first > _CALENDAR:
                moved[place] = Row(rows[place].line, {**rows[place].values, "timestamp": repr(time - first)})
    return moved


def _timestamp(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        time = float(value)
    except (ValueError, OverflowError):
        return None
    return time if abs(time) < float("inf") else None
