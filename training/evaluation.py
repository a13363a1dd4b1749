"""Comparing an annotator with a coder on labelled sessions: overall, by source, by setting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mendline.model.annotation import AnnotatedTranscript
from mendline.model.annotator import Annotator
from mendline.model.labels import LABELS
from mendline.training.corpus import LabelledSession
from mendline.training.metrics import Judged, Report, report

FIGURES = ("macro_f1", "rupture_or_repair_f1", "f1/withdrawal", "f1/confrontation", "f1/repair", "false_alarms_per_100")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures over all sessions and over the sessions of each source and setting.

    `review_share` is the share of turns marked for review; `errors_in_review` the share of wrong labels among them.
    """

    checkpoint: str
    overall: Report
    by_source: dict[str, Report]
    by_setting: dict[str, Report]
    review_share: float
    errors_in_review: float

    def figures(self) -> dict[str, dict[str, list[float | None]]]:
        """The figures that runs are compared by, [value, low, high] each, by source and over all."""
        return {name: _figures(one) for name, one in {**self.by_source, "all": self.overall}.items()}

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "checkpoint": self.checkpoint,
            "overall": self.overall.to_dict(),
            "by_source": {name: one.to_dict() for name, one in self.by_source.items()},
            "by_setting": {name: one.to_dict() for name, one in self.by_setting.items()},
            "review_share": self.review_share,
            "errors_in_review": self.errors_in_review,
        }


def evaluate(annotator: Annotator, sessions: Sequence[LabelledSession]) -> Evaluation:
    """Annotate labelled sessions and compare. Settings get no average precision: most have too few turns for it."""
    annotated = annotator.annotate_all([one.transcript for one in sessions])
    judged = [judge(one, session) for one, session in zip(annotated, sessions, strict=True)]
    doubts = np.concatenate([[annotation.needs_review for annotation in one.annotations] for one in annotated])
    wrong = np.concatenate([one.true != one.given for one in judged])
    return Evaluation(
        checkpoint=annotator.name,
        overall=report(judged),
        by_source=reports_by(lambda one: one.source, judged),
        by_setting=reports_by(lambda one: one.setting, [replace(one, probabilities=None) for one in judged]),
        review_share=float(doubts.mean()),
        errors_in_review=float(wrong[doubts].sum() / max(1, wrong.sum())),
    )


def judge(annotated: AnnotatedTranscript, session: LabelledSession) -> Judged:
    """One session's coded and given labels side by side."""
    return Judged(
        session=session.transcript.session,
        source=session.source,
        setting=session.setting,
        true=session.label_places(),
        given=np.array([LABELS.index(one.label) for one in annotated.annotations], dtype=np.int64),
        probabilities=np.array([one.probabilities for one in annotated.annotations], dtype=np.float32),
    )


def reports_by(key: Callable[[Judged], str], judged: Sequence[Judged]) -> dict[str, Report]:
    """A report for each value of `key`."""
    return {name: report([one for one in judged if key(one) == name]) for name in sorted({key(one) for one in judged})}


def _figures(report: Report) -> dict[str, list[float | None]]:
    found = {name: report.figures[name] for name in FIGURES}
    return {
        name: [None if value is None else round(value, 4) for value in (one.value, one.low, one.high)]
        for name, one in found.items()
    }
