"""The formats whose files are written as bytes, with structured notes: fresh ones and annotated copies. Knows no label.

They hold more than a line of text for each turn, and some hold many transcripts, so they take all of a file at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.formats import convokit, csv, doccano, docx, jsonl, labelstudio, parquet, tsv
from mendline.transcripts.formats.noted import Noted
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

FILE_WRITERS: Mapping[str, Callable[[Sequence[Transcript], Noted], bytes]] = {
    docx.NAME: docx.write_file,
    labelstudio.NAME: labelstudio.write_file,
    doccano.NAME: doccano.write_file,
    convokit.NAME: convokit.write_file,
    parquet.NAME: parquet.write_file,
    csv.NAME: csv.write_file,
    tsv.NAME: tsv.write_file,
    jsonl.NAME: jsonl.write_file,
}
FILE_COPIERS: Mapping[str, Callable[[Document, Sequence[Transcript], Noted, ReadOptions], bytes]] = {
    docx.NAME: docx.annotated_file,
    labelstudio.NAME: labelstudio.annotated_file,
    doccano.NAME: doccano.annotated_file,
    convokit.NAME: convokit.annotated_file,
    parquet.NAME: parquet.annotated_file,
}


def write_file(transcripts: Sequence[Transcript], notes: Noted, *, format_name: str) -> bytes:
    """Return a fresh file with the transcripts and the note of each turn. Raises OutputError.

    `notes` holds one list for each transcript, with one entry for each turn.
    """
    if format_name not in FILE_WRITERS:
        raise OutputError(f"transcripts cannot be written as {format_name}. Give one of: {', '.join(FILE_WRITERS)}.")
    return FILE_WRITERS[format_name](transcripts, notes)


def annotated_file(
    document: Document, transcripts: Sequence[Transcript], notes: Noted, *, format_name: str, options: ReadOptions
) -> bytes:
    """Return the file with its notes, all else as it was. `transcripts` were read from it with `options`.

    Raises OutputError where the format has no place for notes or the transcripts are of another file.
    """
    if format_name not in FILE_COPIERS:
        raise OutputError(
            f"notes cannot be put into a {format_name} file; only into: {', '.join(FILE_COPIERS)}.",
            file=document.name,
        )
    return FILE_COPIERS[format_name](document, transcripts, notes, options)
