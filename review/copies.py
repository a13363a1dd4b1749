"""Annotated copies: a transcript in a format that people read, with the labels noted in it.

A copy of the same format as the source keeps the source as it is and adds the notes; any other is written anew. A
neutral turn gets no note in words unless it is marked for review; where a format keeps values, it has them too. Knows
of tables only what their columns of probabilities are called.
"""

from __future__ import annotations

from collections.abc import Sequence

from mendline.model.annotation import PROBABILITY_COLUMNS, AnnotatedTranscript, Annotation
from mendline.model.labels import Label
from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.formats import docx, parquet
from mendline.transcripts.formats.noted import TurnNote
from mendline.transcripts.formats.noted_files import FILE_COPIERS, FILE_WRITERS, annotated_file, write_file
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import format_named, format_of
from mendline.transcripts.writing import COPIERS, WRITERS, annotated_copy, write_transcript

FILE_COPIES = (*dict.fromkeys((*FILE_WRITERS, *FILE_COPIERS)),)
"""The formats whose notes have values, and which may hold several sessions."""
COPIES = (*dict.fromkeys((*WRITERS, *COPIERS)), *FILE_COPIES)
ONLY_COPIED = tuple(name for name in COPIES if name not in {*WRITERS, *FILE_WRITERS})
"""The formats that are written only from a source of the same format."""
BINARY = (docx.NAME, parquet.NAME)


def copy_endings() -> dict[str, str]:
    """The endings of the transcript formats that can be written, each with its format's name."""
    return {ending.lower(): name for name in COPIES for ending in format_named(name).EXTENSIONS}


def note(annotation: Annotation) -> str | None:
    """What is noted at a turn: label, marker, probability, and ? where a person should look. None if neutral."""
    if annotation.label is Label.NEUTRAL and not annotation.needs_review:
        return None
    marker = f" ({annotation.marker})" if annotation.marker else ""
    return f"{annotation.label}{marker} {annotation.probability:.2f}{'?' if annotation.needs_review else ''}"


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
    source_format = format_of(document, options).NAME
    if output_format in ONLY_COPIED and output_format != source_format:
        raise OutputError(
            f"{output_format} is only written as a copy of a {output_format} file, and this is {source_format}. Choose "
            "another format with --format; `mendline formats` lists them.",
            file=document.name,
        )
    if output_format not in FILE_COPIES:
        return _text_copy(document, sessions, output_format, is_copy=output_format == source_format).encode("utf-8")
    transcripts = [session.transcript for session in sessions]
    notes = [[turn_note(each, checkpoint=checkpoint) for each in session.annotations] for session in sessions]
    if output_format == source_format:
        return annotated_file(document, transcripts, notes, format_name=output_format, options=options)
    return write_file(transcripts, notes, format_name=output_format)


def _text_copy(
    document: Document, sessions: Sequence[AnnotatedTranscript], output_format: str, *, is_copy: bool
) -> str:
    if len(sessions) != 1:
        raise OutputError(
            f"holds {len(sessions)} sessions, and a {output_format} transcript holds one. Choose csv, tsv or jsonl "
            "with --format.",
            file=document.name,
        )
    session = sessions[0]
    notes = [note(annotation) for annotation in session.annotations]
    if is_copy and output_format in COPIERS:
        return annotated_copy(document, session.transcript, notes, format_name=output_format)
    return write_transcript(session.transcript, notes, format_name=output_format)
