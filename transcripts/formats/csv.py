"""CSV tables, delimited by commas or semicolons, one turn a row. Columns: `mendline.transcripts.formats.table`."""

from __future__ import annotations

from mendline.transcripts.document import Document
from mendline.transcripts.formats.delimited import header_of, looks_delimited, read_delimited
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

NAME = "csv"
EXTENSIONS = (".csv",)
SUMMARY = "CSV table, one turn a row, one conversation or many (AnnoMI)"


def takes(document: Document) -> bool:
    """Whether the first line names columns, one of them usual for the text of a turn, or the file ends in .csv."""
    by_ending = document.suffix in EXTENSIONS
    return any(looks_delimited(document, delimiter, by_ending=by_ending) for delimiter in ",;")


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """One transcript for each session of the file. Raises TranscriptError with the line that cannot be read."""
    return read_delimited(document, options, delimiter=max(",;", key=lambda mark: len(header_of(document, mark))))
