"""Annotated copies: a transcript in a format that people read, with the labels noted in it. Knows no table.

A copy of the same format as the source keeps the source as it is and adds the notes; any other is written anew. A
neutral turn gets no note unless it is marked for review.
"""

from __future__ import annotations

from collections.abc import Sequence

from mendline.model.annotation import AnnotatedTranscript, Annotation
from mendline.model.labels import Label
from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import format_named, format_of
from mendline.transcripts.writing import COPIERS, WRITERS, annotated_copy, write_transcript

COPIES = (*dict.fromkeys((*WRITERS, *COPIERS)),)


def copy_endings() -> dict[str, str]:
    """The endings of the transcript formats that can be written, each with its format's name."""
    return {ending.lower(): name for name in COPIES for ending in format_named(name).EXTENSIONS}


def note(annotation: Annotation) -> str | None:
    """What is noted at a turn: label, marker, probability, and ? where a person should look. None if neutral."""
    if annotation.label is Label.NEUTRAL and not annotation.needs_review:
        return None
    marker = f" ({annotation.marker})" if annotation.marker else ""
    return f"{annotation.label}{marker} {annotation.probability:.2f}{'?' if annotation.needs_review else ''}"


def render_copy(
    document: Document, sessions: Sequence[AnnotatedTranscript], *, output_format: str, options: ReadOptions
) -> str:
    """Render the one session of a file as an annotated transcript. Raises OutputError where there are several."""
    if len(sessions) != 1:
        raise OutputError(
            f"holds {len(sessions)} sessions, and a {output_format} transcript holds one. Choose csv, tsv or jsonl "
            "with --format.",
            file=document.name,
        )
    session = sessions[0]
    notes = [note(annotation) for annotation in session.annotations]
    if output_format in COPIERS and output_format == format_of(document, options).NAME:
        return annotated_copy(document, session.transcript, notes, format_name=output_format)
    return write_transcript(session.transcript, notes, format_name=output_format)
