"""doccano exports (JSONL or JSON): one turn a record, or one conversation a record.

Where records say who speaks, beside the text or in `meta`, they are turns: the rows of a table, see
`mendline.transcripts.formats.table`. Otherwise the text of each record is a conversation, read as
`mendline.transcripts.formats.text` reads plain text; it is named after the file and the record's id. Labels that people
gave are not read.

Where records are turns, notes are written as values under names that start with `mendline_`, which doccano keeps as
metadata, and a turn that nobody has labelled gets the label of its note. Where records are conversations, one that
nobody has labelled gets the labels as spans, each from the first word of its turn to the end of that line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.errors import TranscriptError
from mendline.transcripts.formats import text
from mendline.transcripts.formats.json_records import Records, cells, records_of, rendered, with_speaker_key
from mendline.transcripts.formats.json_shapes import shape_of
from mendline.transcripts.formats.kept import TIMES, Kept, leave
from mendline.transcripts.formats.noted import Noted, notes_by_row
from mendline.transcripts.formats.table import SOURCE_IDS, USUAL_NAMES, Row, find_columns, note_in, transcripts_of
from mendline.transcripts.notes import PREFIX, TurnNote
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.utterances import other_turns

NAME = "doccano"
EXTENSIONS = (".doccano.jsonl",)
SUMMARY = "doccano export, one turn or one conversation a record (JSONL)"
KEEPS = (Kept.SESSIONS, Kept.ROLES, *TIMES, Kept.IDS, Kept.LABELS, Kept.PROBABILITIES)
LIBRARY = "json (Python)"
COPY_KEEPS = "labels of people, all other values"

_HINT = "Export the project from doccano as JSONL."
_SPEAKERS = frozenset((USUAL_NAMES["speaker"] + " " + USUAL_NAMES["role"] + " author").split())
_LINE_END = re.compile(r"\r\n|\r|\n")


def takes(document: Document) -> bool:
    """Whether the first object has a text and a list of labels."""
    return shape_of(document) == NAME


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """One transcript for each session, or each record. Raises TranscriptError that names the record or line."""
    records = records_of(document, hint=_HINT)
    if _are_turns(records, options):
        rows, columns = _rows(document, records, options)
        return transcripts_of(document, rows, columns, options)
    if any(record.get(_labels_key(record)) for record in records.values):
        leave(document, "labels of people")
    return [_conversation(document, records, place, options) for place in range(len(records.values))]


def annotated_file(document: Document, transcripts: Sequence[Transcript], notes: Noted, options: ReadOptions) -> bytes:
    """Return the records with their notes; all else stays. Raises OutputError."""
    records = records_of(document, hint=_HINT)
    if _are_turns(records, options):
        rows, columns = _rows(document, records, options)
        found = notes_by_row(document, rows, columns, transcripts, notes)
        copies = [_noted(record, note) for record, note in zip(records.values, found, strict=True)]
        return rendered(copies, records.form)
    if len(transcripts) != len(records.values):
        raise other_turns(document)
    copies = [
        _with_spans(document, record, transcript, noted)
        for record, transcript, noted in zip(records.values, transcripts, notes, strict=True)
    ]
    return rendered(copies, records.form)


def write_file(transcripts: Sequence[Transcript], notes: Noted) -> bytes:
    """Return one record for each turn, labelled by its note, ready to be imported."""
    records = []
    for transcript, noted in zip(transcripts, notes, strict=True):
        for turn, note in zip(transcript.turns, noted, strict=True):
            record = {
                "text": turn.text,
                "label": [],
                "session": transcript.session,
                "turn": turn.index,
                "speaker": turn.speaker,
                "role": turn.role,
                "start": turn.start,
                "end": turn.end,
                SOURCE_IDS: [*turn.source_ids],
            }
            records.append(_noted(record, note))
    return rendered(records, "lines")


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    meta = record.get("meta")
    return {**(meta if isinstance(meta, dict) else {}), **record}


def _are_turns(records: Records, options: ReadOptions) -> bool:
    names = {name for record in records.values for name in _flat(record)}
    return options.speaker_column is not None or any(name.casefold() in _SPEAKERS for name in names)


def _rows(document: Document, records: Records, options: ReadOptions) -> tuple[list[Row], dict[str, str]]:
    flat = [_flat(record) for record in records.values]
    # A label that is the same as that of the note says nothing more.
    names = list(dict.fromkeys(name for record in flat for name in record if not _is_own_label(record, name)))
    columns = find_columns(document, names, with_speaker_key(options, names))
    used = set(columns.values())
    lines = records.lines if records.form == "lines" else range(1, len(flat) + 1)
    return [
        Row(line, cells(document, record, used, line=line), note_in(document, record, prefix=PREFIX))
        for record, line in zip(flat, lines, strict=True)
    ], columns


def _as_text(document: Document, record: Mapping[str, Any]) -> Document:
    content = record.get("text")
    return replace(document, text=content if isinstance(content, str) else "", binary=None)


def _conversation(document: Document, records: Records, place: int, options: ReadOptions) -> Transcript:
    record = records.values[place]
    try:
        (transcript,) = text.read(_as_text(document, record), options)
    except TranscriptError as error:
        where = f"record {place + 1}" + ("" if error.line is None else f", line {error.line} of its text")
        raise document.error(
            f"{where}: {error.message} If each record is a turn, name the speaker in each.", line=records.lines[place]
        ) from error
    identity = record.get("id")
    name = identity if isinstance(identity, str | int) else place + 1
    return transcript if len(records.values) == 1 else replace(transcript, session=f"{document.session}-{name}")


def _is_own_label(record: Mapping[str, Any], name: str) -> bool:
    return name == _labels_key(record) and record[name] in ([], [record.get(PREFIX + "label")])


def _labels_key(record: Mapping[str, Any]) -> str:
    return "labels" if "labels" in record and "label" not in record else "label"


def _noted(record: Mapping[str, Any], note: TurnNote | None) -> dict[str, Any]:
    if note is None:
        return dict(record)
    key = _labels_key(record)
    label = {} if note.label is None or record.get(key) else {key: [note.label]}
    return {**record, **label, **note.named_values()}


def _with_spans(
    document: Document, record: Mapping[str, Any], transcript: Transcript, noted: Sequence[TurnNote]
) -> dict[str, Any]:
    source = _as_text(document, record)
    key = _labels_key(record)
    spans = []
    for start, note in zip(text.places_of_turns(source, transcript), noted, strict=True):
        if note.label is not None:
            end = _LINE_END.search(source.text, start)
            spans.append([start, len(source.text) if end is None else end.start(), note.label])
    return dict(record) if record.get(key) or not spans else {**record, key: spans}
