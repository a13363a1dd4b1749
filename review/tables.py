"""Annotated turns as rows, and the rows as CSV, TSV or JSONL. Knows no file and no transcript format.

The same input gives the same bytes. Times are seconds with at most 3 decimals, probabilities have 4. Text is written as
it stands. A row of JSONL has the keys of a labelled session and can be read again as one; its `source` says which
checkpoint labelled it, so that it is not taken for the work of a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mendline.model.annotation import BY_MODEL, PROBABILITY_COLUMNS, AnnotatedTranscript, Annotation
from mendline.transcripts.formats.json_records import rendered
from mendline.transcripts.formats.written_rows import delimited, seconds_text, units_of
from mendline.transcripts.transcript import Transcript, Turn

COLUMNS = (
    *("session", "turn", "start", "end", "speaker", "role", "text", "label", "marker", "probability"),
    *PROBABILITY_COLUMNS,
    *("needs_review", "source_ids"),
)
DELIMITERS = {"csv": ",", "tsv": "\t"}
TABLES = (*DELIMITERS, "jsonl")


def render_table(sessions: Iterable[AnnotatedTranscript], *, table: str, with_text: bool, source: str) -> str:
    """Render all turns of `sessions` as one table: "csv", "tsv" or "jsonl". `source` names the checkpoint."""
    if table == "jsonl":
        return rendered([*_json_rows(sessions, with_text=with_text, source=source)], "lines").decode()
    return _delimited(sessions, DELIMITERS[table], with_text=with_text)


def _delimited(sessions: Iterable[AnnotatedTranscript], delimiter: str, *, with_text: bool) -> str:
    columns = [column for column in COLUMNS if with_text or column != "text"]
    return delimited(columns, _rows(sessions, with_text=with_text), delimiter)


def _rows(sessions: Iterable[AnnotatedTranscript], *, with_text: bool) -> Iterator[list[str]]:
    for session in sessions:
        for turn, annotation in zip(session.transcript.turns, session.annotations, strict=True):
            yield _cells(session.transcript.session, turn, annotation, with_text=with_text)


def _cells(session: str, turn: Turn, annotation: Annotation, *, with_text: bool) -> list[str]:
    return [
        *(session, str(turn.index), seconds_text(turn.start), seconds_text(turn.end), turn.speaker, turn.role),
        *([turn.text] if with_text else []),
        *(annotation.label, annotation.marker or "", f"{annotation.probability:.4f}"),
        *(f"{probability:.4f}" for probability in annotation.probabilities),
        *("true" if annotation.needs_review else "false", ";".join(turn.source_ids)),
    ]


def _json_rows(sessions: Iterable[AnnotatedTranscript], *, with_text: bool, source: str) -> Iterator[dict[str, object]]:
    for session in sessions:
        for turn, annotation in zip(session.transcript.turns, session.annotations, strict=True):
            yield labelled_row(session.transcript, turn, annotation, with_text=with_text) | {"source": source}


def labelled_row(transcript: Transcript, turn: Turn, annotation: Annotation, *, with_text: bool) -> dict[str, object]:
    """A turn and what the model says of it, with the keys of a labelled session but for its source."""
    return {
        "session": transcript.session,
        "turn": turn.index,
        "setting": transcript.setting,
        "speaker": turn.speaker,
        "role": turn.role,
        **({"text": turn.text} if with_text else {}),
        "label": annotation.label,
        "marker": annotation.marker,
        "agreement": BY_MODEL,
        "start": None if turn.start is None else round(turn.start, 3),
        "end": None if turn.end is None else round(turn.end, 3),
        "probability": round(annotation.probability, 4),
        **dict(zip(PROBABILITY_COLUMNS, _rounded(annotation.probabilities), strict=True)),
        "needs_review": annotation.needs_review,
        **units_of(turn),
    }


def _rounded(values: Sequence[float]) -> list[float]:
    return [round(value, 4) for value in values]
