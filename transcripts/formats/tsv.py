"""TSV tables, one turn a row. Columns: `mendline.transcripts.formats.table`.

Cells may be quoted as in CSV. A file whose quotation marks do not pair up that way was written without quoting, as many
programs write TSV: there they are part of the text.
"""

from __future__ import annotations

from collections.abc import Sequence

from mendline.transcripts.document import Document
from mendline.transcripts.formats.delimited import is_well_quoted, looks_delimited, read_delimited
from mendline.transcripts.formats.kept import TABLE
from mendline.transcripts.formats.noted import Noted
from mendline.transcripts.formats.written_rows import write_delimited
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

NAME = "tsv"
EXTENSIONS = (".tsv", ".tab")
SUMMARY = "TSV table, one turn a row, one conversation or many"
KEEPS = TABLE
LIBRARY = "csv (Python)"
COPY_KEEPS = ""


def takes(document: Document) -> bool:
    """Whether the first line names columns, one of them usual for the text of a turn, or the file ends in .tsv."""
    return looks_delimited(document, "\t", by_ending=document.suffix in EXTENSIONS)


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """One transcript for each session of the file. Raises TranscriptError with the line that cannot be read."""
    return read_delimited(document, options, delimiter="\t", quoted=is_well_quoted(document, "\t"))


def write_file(transcripts: Sequence[Transcript], notes: Noted) -> bytes:
    """Return one row for each turn, with the values of its note."""
    return write_delimited(transcripts, notes, delimiter="\t")
