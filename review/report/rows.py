"""One row for each session: as CSV, as JSON, and as what an index page lists. Knows no page and no file.

Names of files, sessions and speakers are the only free text. In CSV, a name that a spreadsheet would take for a formula
gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from mendline.model.labels import Label
from mendline.review.episodes import Outcome, Reception
from mendline.review.measures import Reviewed, SessionMeasures, SpeakerMeasures
from mendline.review.patterns import PatternKind
from mendline.review.visible import visible

NOTICE = "Labels are a model's suggestions, for a person to check. They are not a clinical judgement."
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one session. `place` is its file below the folder that was read, `page` its report, if any."""

    place: PurePath
    session: str
    setting: str | None
    measures: SessionMeasures
    page: PurePath | None = None


def row_of(reviewed: Reviewed, place: PurePath, *, page: PurePath | None = None) -> Row:
    """The row of a session that was read from `place`."""
    transcript = reviewed.session.transcript
    return Row(place, transcript.session, transcript.setting, reviewed.measures, page)


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Sort rows by folder and file name, numbers in names by their value; sessions of one file stay as they are."""
    return sorted(rows, key=lambda row: [_natural(part) for part in (row.place.parent.as_posix(), row.place.name)])


def _natural(text: str) -> list[tuple[int, int, str]]:
    parts = _NUMBER.split(text)
    return [(1, int(part), part) if place % 2 else (0, 0, part.casefold()) for place, part in enumerate(parts)]


def to_csv(rows: Sequence[Row], *, checkpoint: str) -> str:
    """All sessions as CSV; what cannot be computed is an empty cell."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    cells = [_figures(row) | {"source": checkpoint} for row in rows]
    writer.writerow(cells[0])
    for each in cells:
        writer.writerow(_cell(value) for value in each.values())
    return stream.getvalue()


def to_json(rows: Sequence[Row], *, checkpoint: str) -> str:
    """All sessions as one JSON document, with their speakers and five-minute segments."""
    sessions = [
        _figures(row)
        | {
            "speakers": [_speaker(speaker) for speaker in row.measures.speakers],
            "segments": [
                {"start": each.start, "turns": each.turns, **_labels(each.labels), "episodes": list(each.episodes)}
                for each in row.measures.segments
            ],
        }
        for row in rows
    ]
    document = {"source": checkpoint, "notice": NOTICE, "sessions": sessions}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _figures(row: Row) -> dict[str, object]:
    measures = row.measures
    return {
        "file": visible(row.place.as_posix()),
        "session": visible(row.session),
        "setting": row.setting,
        "turns": measures.turns,
        "duration": _rounded(measures.duration),
        "neutral_share": _rounded(measures.neutral_share),
        **_labels(measures.labels),
        "needs_review": measures.needs_review,
        "episodes": measures.episodes,
        **{outcome.value: measures.outcomes[outcome] for outcome in Outcome},
        "repair_rate": _rounded(measures.repair_rate),
        "median_turns_to_repair": measures.median_turns_to_repair,
        "median_seconds_to_repair": _rounded(measures.median_seconds_to_repair),
        **{f"attempts_{reception}": measures.receptions[reception] for reception in Reception},
        **{kind.value.replace(" ", "_").replace("-", "_"): measures.patterns[kind] for kind in PatternKind},
    }


def _speaker(speaker: SpeakerMeasures) -> dict[str, object]:
    return {
        "speaker": speaker.speaker,
        "role": speaker.role,
        "turns": speaker.turns,
        "words": speaker.words,
        "word_share": _rounded(speaker.word_share),
        "seconds": _rounded(speaker.seconds) if speaker.timed_turns else None,
        "timed_turns": speaker.timed_turns,
        **_labels(speaker.labels),
        "episodes_opened": speaker.opened,
        **{f"attempts_{reception}": speaker.attempts[reception] for reception in Reception},
    }


def _labels(counts: dict[Label, int]) -> dict[str, int]:
    return {f"turns_{label}": counts[label] for label in Label}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
