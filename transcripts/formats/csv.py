"""CSV tables, delimited by commas or semicolons, one turn a row. Columns: `mendline.transcripts.formats.table`."""

from __future__ import annotations

from collections.abc import Sequence

from mendline.transcripts.document import Document
from mendline.transcripts.formats.delimited import header_of, looks_delimited, read_delimited
from mendline.transcripts.formats.kept import TABLE
from mendline.transcripts.formats.noted import Noted
from mendline.transcripts.formats.written_rows import write_delimited
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

NAME = "csv"
EXTENSIONS = (".csv",)
SUMMARY = "CSV table, one turn a row, one conversation or many (AnnoMI)"
KEEPS = TABLE
LIBRARY = "csv (Python)"
COPY_KEEPS = ""


def takes(document: Document) -> bool:
    """Whether the first line names columns, one of them usual for the text of a turn, or the file ends in .csv."""
    by_ending = document.suffix in EXTENSIONS
    return any(looks_delimited(document, delimiter, by_ending=by_ending) for delimiter in ",;")


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """One transcript for each session of the file. Raises TranscriptError with the line that cannot be read."""
    return read_delimited(document, options, delimiter=max(",;", key=lambda mark: len(header_of(document, mark))))


def write_file(transcripts: Sequence[Transcript], notes: Noted) -> bytes:
    """Return one row for each turn, with the values of its note."""
    return write_delimited(transcripts, notes, delimiter=",")
