"""Rows out of text with a delimiter, shared by CSV and TSV: quoting by the csv module, line numbers, ragged rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from mendline.transcripts.document import Document
from mendline.transcripts.formats.table import Row, find_columns, has_text_column, note_in, transcripts_of
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

MAX_HEADER = 65536

_FIRST_LINE = re.compile(rf"\s*(?<![^\r\n])(?P<line>[^\r\n]{{0,{MAX_HEADER}}})")


def header_of(document: Document, delimiter: str) -> list[str]:
    """Return the cells of the first line that is not empty; empty where the delimiter is not in it."""
    # Only its beginning: a file of one enormous line, such as JSON, has no header.
    first = _FIRST_LINE.match(document.text)
    try:
        cells = next(csv.reader([first["line"] if first else ""], delimiter=delimiter), [])
    except csv.Error:
        return []
    return [cell.strip() for cell in cells] if len(cells) > 1 else []


def looks_delimited(document: Document, delimiter: str, *, by_ending: bool) -> bool:
    """Whether the first line is a header with a column for the text or, with `by_ending`, a header of any kind."""
    header = header_of(document, delimiter)
    return bool(header) and (by_ending or has_text_column(header))


def read_delimited(
    document: Document, options: ReadOptions, *, delimiter: str, quoted: bool = True
) -> list[Transcript]:
    """Return the transcripts of the file. Raises TranscriptError with the line that cannot be read."""
    table = _records(document, delimiter, quoted=quoted)
    header = [name.strip() for name in next(table, (1, []))[1]]
    columns = find_columns(document, header, options)
    records = ((line, dict(zip(header, cells, strict=True))) for line, cells in _even(document, table, len(header)))
    rows = (Row(line, record, note_in(document, record)) for line, record in records)
    return transcripts_of(document, rows, columns, options)


def is_well_quoted(document: Document, delimiter: str) -> bool:
    """Whether every quotation mark in the file is one that the csv module understands."""
    try:
        for _ in csv.reader(io.StringIO(document.text, newline=""), delimiter=delimiter, strict=True):
            pass
    except csv.Error:
        return False
    return True


def _records(document: Document, delimiter: str, *, quoted: bool) -> Iterator[tuple[int, list[str]]]:
    """Each filled record with the line on which it starts."""
    reader = csv.reader(
        io.StringIO(document.text, newline=""),
        delimiter=delimiter,
        strict=True,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
    )
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            message = (
                "the quotation marks in this row do not pair up, or a cell is larger than 128 KB. "
                'Put cells with quotation marks into quotation marks and write each inner one twice ("").'
            )
            raise document.error(message, line=line) from error
        if any(cell.strip() for cell in cells):
            yield line, cells


def _even(document: Document, table: Iterator[tuple[int, list[str]]], width: int) -> Iterator[tuple[int, list[str]]]:
    for line, cells in table:
        if len(cells) != width:
            message = (
                f"cells in this row: {len(cells)}, in the header: {width}. "
                "Put texts that contain the delimiter into quotation marks."
            )
            raise document.error(message, line=line)
        yield line, cells
