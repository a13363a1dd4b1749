"""Turns as rows, and rows as CSV, TSV or JSON Lines. Knows no label: the values of notes are only carried.

Times are seconds with at most 3 decimals, other fractions have 4. Text is written as it stands. A table has no column
of a value that no row has, so one of a transcript without notes has none of theirs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from mendline.transcripts.formats.json_records import rendered
from mendline.transcripts.formats.noted import Noted
from mendline.transcripts.formats.table import SOURCE_TIMES
from mendline.transcripts.notes import BY_MODEL, TurnNote
from mendline.transcripts.transcript import Transcript, Turn

_FIRST = ("session", "turn", "start", "end", "speaker", "role", "text")
_LAST = ("source_ids", "agreement", "source")
_TIMES = ("start", "end")


def write_delimited(transcripts: Sequence[Transcript], notes: Noted, *, delimiter: str) -> bytes:
    """Return the rows below a line with the names of their columns."""
    rows = list(_rows(transcripts, notes))
    names = dict.fromkeys(name for row in rows for name, value in row.items() if value is not None)
    # The times of units are a list of pairs, which no cell can hold.
    middle = [name for name in names if name not in {*_FIRST, *_LAST, SOURCE_TIMES}]
    columns = [*_FIRST, *middle, *(name for name in _LAST if name in names)]
    return delimited(columns, ([_cell(name, row.get(name)) for name in columns] for row in rows), delimiter).encode()


def write_json_lines(transcripts: Sequence[Transcript], notes: Noted) -> bytes:
    """Return one object a line for each row."""
    return rendered(list(_rows(transcripts, notes)), "lines")


def delimited(columns: Iterable[str], rows: Iterable[Sequence[str]], delimiter: str) -> str:
    """Return a table whose lines end in LF."""
    stream = io.StringIO(newline="")
    plain = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    # The csv module quotes a carriage return only where it ends the lines; bare, it would break the row in two.
    careful = csv.writer(stream, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    plain.writerow(columns)
    for row in rows:
        (careful if any("\r" in each for each in row) else plain).writerow(row)
    return stream.getvalue()


def seconds_text(value: float | None) -> str:
    """Return a time with at most 3 decimals; empty where it is not known."""
    return "" if value is None else f"{value:.3f}".rstrip("0").rstrip(".")


def units_of(turn: Turn) -> dict[str, object]:
    """Return the ids of a turn's units and, where there are several, when each starts and ends."""
    times = [[_rounded(start), _rounded(end)] for start, end in turn.source_times]
    return {"source_ids": list(turn.source_ids)} | ({SOURCE_TIMES: times} if len(times) > 1 else {})


def _rows(transcripts: Sequence[Transcript], notes: Noted) -> Iterator[dict[str, object]]:
    for transcript, noted in zip(transcripts, notes, strict=True):
        for turn, note in zip(transcript.turns, noted, strict=True):
            yield _row(transcript, turn, note)


def _row(transcript: Transcript, turn: Turn, note: TurnNote) -> dict[str, object]:
    values = dict(note.values)
    checkpoint = values.pop("checkpoint", None)
    if checkpoint is not None:
        values |= {"agreement": BY_MODEL, "source": checkpoint}
    return {
        "session": transcript.session,
        "turn": turn.index,
        "setting": transcript.setting,
        "speaker": turn.speaker,
        "role": turn.role,
        "text": turn.text,
        **values,
        "start": _rounded(turn.start),
        "end": _rounded(turn.end),
        **units_of(turn),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _cell(name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(map(str, value))
    if isinstance(value, float):
        return seconds_text(value) if name in _TIMES else f"{value:.4f}"
    return str(value)
