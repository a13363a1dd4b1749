"""The utterances of a ConvoKit corpus: `utterances.jsonl`, or the older `utterances.json`, one list of them.

Every conversation is a session. Its utterances stand in the order of their timestamps if all have one, and otherwise as
in the file; answers to one utterance follow each other. Timestamps that count from 1970 become seconds from the first
of the conversation. Speakers keep their ids; `speakers.json` and the other files of the corpus are not read.

Notes go into `meta`, under names that start with `mendline_`. The other files of the corpus can stay as they are. A
fresh file has the roles and ends of its turns there as well, and timestamps that are seconds from the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.formats.json_records import Records, cells, records_of, rendered
from mendline.transcripts.formats.json_shapes import shape_of
from mendline.transcripts.formats.kept import TIMES, Kept, leave
from mendline.transcripts.formats.noted import Noted, notes_by_row
from mendline.transcripts.formats.table import SOURCE_IDS, Row, transcripts_of
from mendline.transcripts.notes import PREFIX, TurnNote, note_names, note_of_values
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

NAME = "convokit"
EXTENSIONS = (".convokit.jsonl",)
SUMMARY = "utterances.jsonl of a ConvoKit corpus, many conversations"
KEEPS = (Kept.SESSIONS, Kept.ROLES, *TIMES, Kept.IDS, Kept.LABELS, Kept.PROBABILITIES)
LIBRARY = "json (Python)"
COPY_KEEPS = "all other values and meta data"

_HINT = "Give the utterances.jsonl of a ConvoKit corpus."
_COLUMNS = {
    "text": ("text",),
    "speaker": ("speaker", "user"),
    "session": ("conversation_id", "root"),
    "id": ("id",),
    "start": ("timestamp",),
    "end": (PREFIX + "end",),
    "role": (PREFIX + "role",),
    "ids": (PREFIX + SOURCE_IDS,),
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
    if any(_has_more(record) for record in records.values):
        leave(document, "meta data of other kinds")
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


def write_file(transcripts: Sequence[Transcript], notes: Noted) -> bytes:
    """Return one utterance for each turn, each the answer to the one before it.

    Where turns do not stand in the order in which they start, timestamps would move them: then there are none.
    """
    records: list[dict[str, Any]] = []
    sessions = {transcript.session for transcript in transcripts}
    for transcript, noted in zip(transcripts, notes, strict=True):
        starts = [turn.start for turn in transcript.turns]
        known = [start for start in starts if start is not None]
        timed = len(known) == len(starts) and known == sorted(known)
        before: str | None = None
        for turn, note in zip(transcript.turns, noted, strict=True):
            # A conversation goes by the id of its first utterance.
            identity = transcript.session if before is None else f"{transcript.session}-{turn.index}"
            while before is not None and identity in sessions:
                identity += "-"
            own = {"role": turn.role, "start": turn.start, "end": turn.end, SOURCE_IDS: [*turn.source_ids]}
            records.append(
                {
                    "id": identity,
                    "conversation_id": transcript.session,
                    "speaker": turn.speaker,
                    "text": turn.text,
                    "reply-to": before,
                    "timestamp": turn.start if timed else None,
                    "meta": {PREFIX + name: value for name, value in own.items()} | note.named_values(),
                }
            )
            before = identity
    return rendered(records, "lines")


def _rows(document: Document, records: Records) -> tuple[list[Row], dict[str, str], list[int]]:
    """The rows in order of time, the column for each kind, and the place of each row in the file."""
    flat = [_flat(record) for record in records.values]
    names = {name for record in flat for name in record}
    columns = {
        kind: key for kind, keys in _COLUMNS.items() if (key := next((key for key in keys if key in names), None))
    }
    missing = next((kind for kind in ("text", "speaker", "session") if kind not in columns), None)
    if missing is not None:
        raise document.error(f'no utterance has a "{_COLUMNS[missing][0]}". {_HINT}')
    used = set(columns.values())
    rows = [
        Row(line, cells(document, values, used, line=line), _note(record))
        for record, values, line in zip(records.values, flat, records.lines, strict=True)
    ]
    conversations: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        conversations.setdefault(row.values[columns["session"]], []).append(place)
    order = [place for places in conversations.values() for place in _by_time(places, records.values)]
    moved = _from_first(rows, conversations.values())
    return [moved[place] for place in order], columns, order


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """The utterance with what a fresh file of ours keeps in `meta`."""
    meta = record.get("meta")
    if not isinstance(meta, dict):
        return record
    own = {name: meta[name] for name in (PREFIX + "end", PREFIX + "role", PREFIX + SOURCE_IDS) if name in meta}
    start = meta.get(PREFIX + "start") if record.get("timestamp") is None else None
    return {**record, **own, **({} if start is None else {"timestamp": start})}


def _has_more(record: Mapping[str, Any]) -> bool:
    meta = record.get("meta")
    if not isinstance(meta, dict):
        return False
    known = note_names([PREFIX + "label", *meta])[1] if _note(record) is not None else []
    own = {*known, *(PREFIX + name for name in ("start", "end", "role", SOURCE_IDS))}
    return any(name not in own and value not in (None, [], {}) for name, value in meta.items())


def _note(record: Mapping[str, Any]) -> TurnNote | None:
    meta = record.get("meta")
    return note_of_values(meta, prefix=PREFIX) if isinstance(meta, dict) else None


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
                moved[place] = replace(rows[place], values={**rows[place].values, "timestamp": repr(time - first)})
    return moved


def _timestamp(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        time = float(value)
    except (ValueError, OverflowError):
        return None
    return time if abs(time) < float("inf") else None
