"""Annotated copies: a transcript in a format that people read, with the labels noted in it.

A copy of the same format as the source keeps the source as it is and adds the notes; any other is written anew. A
neutral turn gets no note in words unless it is marked for review; where a format keeps values, it has them too. Knows
of tables only what their columns of probabilities are called.
"""

from __future__ import annotations

from collections.abc import Sequence

from mendline.model.annotation import PROBABILITY_COLUMNS, AnnotatedTranscript, Annotation
from mendline.review.tables import TABLES
from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.formats import docx, parquet
from mendline.transcripts.formats.noted_files import FILE_COPIERS, FILE_WRITERS, annotated_file
from mendline.transcripts.notes import TurnNote, note_text
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import format_named, format_of
from mendline.transcripts.writing import COPIERS, WRITERS, annotated_copy, written

COPIES = tuple(name for name in dict.fromkeys((*WRITERS, *COPIERS, *FILE_WRITERS, *FILE_COPIERS)) if name not in TABLES)
"""The transcript formats that annotated transcripts are written in; each can be written from any source."""
BINARY = (docx.NAME, parquet.NAME)


def copy_endings() -> dict[str, str]:
    """The endings of the transcript formats that can be written, each with its format's name."""
    return {ending.lower(): name for name in COPIES for ending in format_named(name).EXTENSIONS}


def note(annotation: Annotation) -> str | None:
    """What is noted at a turn: label, marker, probability, and ? where a person should look. None if neutral."""
    return note_text(
        annotation.label,
        marker=annotation.marker,
        probability=annotation.probability,
        needs_review=annotation.needs_review,
    )


def turn_note(annotation: Annotation, *, checkpoint: str) -> TurnNote:
    """What is noted at a turn where the format keeps values too. Numbers have 4 decimals, as in tables."""
    probabilities = [round(value, 4) for value in annotation.probabilities]
    return TurnNote(
        text=note(annotation),
        label=str(annotation.label),
        score=round(annotation.probability, 4),
        values={
            "label": str(annotation.label),
            "marker": None if annotation.marker is None else str(annotation.marker),
            "probability": round(annotation.probability, 4),
            **dict(zip(PROBABILITY_COLUMNS, probabilities, strict=True)),
            "needs_review": annotation.needs_review,
            "checkpoint": checkpoint,
        },
    )


def render_copy(
    document: Document,
    sessions: Sequence[AnnotatedTranscript],
    *,
    output_format: str,
    checkpoint: str,
    options: ReadOptions,
) -> bytes:
    """Render the sessions of a file as an annotated transcript. Raises OutputError where the format cannot hold them.

    `checkpoint` names what made the labels.
    """
    transcripts = [session.transcript for session in sessions]
    notes = [[turn_note(each, checkpoint=checkpoint) for each in session.annotations] for session in sessions]
    if output_format in WRITERS and len(sessions) != 1:
        raise OutputError(
            f"holds {len(sessions)} sessions, and a {output_format} transcript holds one. Choose csv, tsv or jsonl "
            "with --format.",
            file=document.name,
        )
    is_copy = output_format == format_of(document, options).NAME
    if is_copy and output_format in COPIERS:
        words = [each.text for each in notes[0]]
        return annotated_copy(document, transcripts[0], words, format_name=output_format).encode()
    if is_copy and output_format in FILE_COPIERS:
        return annotated_file(document, transcripts, notes, format_name=output_format, options=options)
    return written(transcripts, notes, format_name=output_format)
