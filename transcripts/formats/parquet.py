"""Parquet tables, one turn a row, one conversation or many. Columns: `mendline.transcripts.formats.table`.

Read and written by pyarrow, which comes with `pip install 'mendline[parquet]'`. Only the columns that are used are
read. The line in an error is the number of the row. A copy has all columns of the source and behind them those of the
notes; columns of the notes that were there before are replaced.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from mendline.transcripts.document import MAX_BYTES, Document
from mendline.transcripts.errors import MendlineError, OutputError
from mendline.transcripts.formats.json_records import joined_ids
from mendline.transcripts.formats.kept import TABLE
from mendline.transcripts.formats.noted import Noted, notes_by_row
from mendline.transcripts.formats.table import Row, find_columns, note_in, transcripts_of
from mendline.transcripts.notes import TurnNote, note_names
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

NAME = "parquet"
EXTENSIONS = (".parquet",)
SUMMARY = "Parquet table, one turn a row, one conversation or many (needs mendline[parquet])"
KEEPS = TABLE
LIBRARY = "pyarrow"
COPY_KEEPS = "all other columns"

MAX_UNPACKED = 1024**3

_INSTALL = "Parquet needs pyarrow, which comes with: pip install 'mendline[parquet]'"
_DAMAGED = "this Parquet file is damaged or encrypted. Write it again, or give a CSV."


def takes(document: Document) -> bool:
    """Whether it is a Parquet file."""
    return document.binary == "parquet"


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """One transcript for each session of the file. Raises TranscriptError with the row that cannot be read."""
    with _opened(document) as file:
        rows, columns = _rows(document, file, options)
    return transcripts_of(document, rows, columns, options)


def annotated_file(document: Document, transcripts: Sequence[Transcript], notes: Noted, options: ReadOptions) -> bytes:
    """Return the table with the values of the notes in columns behind its own. Raises OutputError."""
    with _opened(document) as file:
        rows, columns = _rows(document, file, options)
        found = notes_by_row(document, rows, columns, transcripts, notes)
        table = file.read()
        values = _columns_of(found)
        kept = [name for name in table.column_names if name not in values]
        table = table.select(kept)
        for name, column in values.items():
            table = table.append_column(name, [column])
        return _written(table)


def write_file(transcripts: Sequence[Transcript], notes: Noted) -> bytes:
    """Return a table of all turns with the values of their notes. Raises OutputError where pyarrow is missing."""
    try:
        import pyarrow  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise OutputError(_INSTALL) from error
    spoken = [(transcript, turn) for transcript in transcripts for turn in transcript.turns]
    table = pyarrow.table(
        {
            "session": pyarrow.array([transcript.session for transcript, _ in spoken], pyarrow.string()),
            "turn": pyarrow.array([turn.index for _, turn in spoken], pyarrow.int64()),
            "setting": pyarrow.array([transcript.setting for transcript, _ in spoken], pyarrow.string()),
            "start": pyarrow.array([turn.start for _, turn in spoken], pyarrow.float64()),
            "end": pyarrow.array([turn.end for _, turn in spoken], pyarrow.float64()),
            "speaker": pyarrow.array([turn.speaker for _, turn in spoken], pyarrow.string()),
            "role": pyarrow.array([turn.role for _, turn in spoken], pyarrow.string()),
            "text": pyarrow.array([turn.text for _, turn in spoken], pyarrow.string()),
            "source_ids": pyarrow.array([turn.source_ids for _, turn in spoken], pyarrow.list_(pyarrow.string())),
            **_columns_of([note for noted in notes for note in noted]),
        }
    )
    return _written(table)


@contextmanager
def _opened(document: Document) -> Iterator[Any]:
    """Open the file; whatever pyarrow makes of a broken one becomes a TranscriptError."""
    if document.binary != "parquet":
        raise document.error("this is not a Parquet file. Leave out --input-format, or name another format.")
    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        raise document.error(f"{_INSTALL}.") from error
    try:
        file = parquet.ParquetFile(io.BytesIO(document.raw))
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        if sum(group.total_byte_size for group in groups) > MAX_UNPACKED:
            raise document.error(f"this table unpacks to more than {MAX_UNPACKED // 1024**2} MB. Split it.")
        yield file
    except MendlineError:
        raise
    except (pyarrow.ArrowException, ArithmeticError, LookupError, MemoryError, OSError, TypeError, ValueError) as error:
        raise document.error(_DAMAGED) from error


def _rows(document: Document, file: Any, options: ReadOptions) -> tuple[list[Row], dict[str, str]]:  # noqa: ANN401
    names = list(file.schema_arrow.names)
    columns = find_columns(document, names, options)
    used = list(dict.fromkeys(columns.values()))
    prefix, noted = note_names(names)
    rows: list[Row] = []
    size = 0
    # Small batches: a file can repeat one long text in very few bytes.
    for batch in file.iter_batches(batch_size=256, columns=[*dict.fromkeys([*used, *noted])]):
        for record in batch.to_pylist():
            number = len(rows) + 1
            values = {name: _cell(document, joined_ids(name, record[name]), name, number) for name in used}
            rows.append(Row(number, values, note_in(document, record, prefix=prefix)))
            size += sum(map(len, rows[-1].values.values()))
        if size > MAX_BYTES:
            raise document.error(f"the text of this table is larger than {MAX_BYTES // 1024**2} MB. Split it.")
    return rows, columns


def _cell(document: Document, value: object, name: str, row: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise document.error(f"{name!r} holds bytes that are not UTF-8 here. Correct it.", line=row) from error
    if isinstance(value, timedelta):
        return str(value.total_seconds())
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | date):
        raise document.error(f"{name!r} is neither a text nor a number here. Correct it.", line=row)
    return str(value)


def _array(values: list[object]) -> Any:  # noqa: ANN401  (pyarrow has no types)
    """A column; one without any value is text, so that files with and without such values fit together."""
    import pyarrow

    made = pyarrow.array(values)
    return made.cast(pyarrow.string()) if pyarrow.types.is_null(made.type) else made


def _columns_of(notes: Sequence[TurnNote | None]) -> dict[str, Any]:
    import pyarrow

    values: list[Mapping[str, object]] = [{} if note is None else note.named_values() for note in notes]
    names = list(dict.fromkeys(name for row in values for name in row))
    try:
        return {name: _array([row.get(name) for row in values]) for name in names}
    except pyarrow.ArrowException as error:
        raise OutputError("the notes of one name are of several kinds. Give each name one kind of value.") from error


def _written(table: Any) -> bytes:  # noqa: ANN401
    from pyarrow import parquet

    stream = io.BytesIO()
    parquet.write_table(table, stream)
    return stream.getvalue()
