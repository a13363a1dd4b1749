"""Figures for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table

from mendline.model.labels import LABELS
from mendline.training.evaluation import Evaluation
from mendline.training.metrics import Figure, Judged, Report, report

_OVERVIEW = {
    "macro-F1": "macro_f1",
    "rupture or repair F1": "rupture_or_repair_f1",
    **{f"F1 {label}": f"f1/{label}" for label in LABELS},
    "kappa": "kappa",
    "false alarms in 100 turns": "false_alarms_per_100",
}

INTERVALS = "In brackets: 95 % bootstrap intervals over whole sessions."


def evaluation_view(evaluation: Evaluation) -> Iterator[RenderableType]:
    """All tables of an evaluation, and what its intervals mean."""
    yield labels_table(evaluation.overall)
    yield confusion_table(evaluation.overall)
    yield overview_table("By source", {**evaluation.by_source, "all": evaluation.overall})
    yield overview_table("By setting", evaluation.by_setting)
    yield (
        f"{evaluation.review_share:.1%} of the turns are marked for review; "
        f"{evaluation.errors_in_review:.0%} of the wrong labels are among them."
    )
    yield INTERVALS
    yield f"Checkpoint: {evaluation.checkpoint}"


def comparison_view(judged: Mapping[str, Sequence[Judged]]) -> Iterator[RenderableType]:
    """For each source and for all, one row for each of several ways to label the same sessions."""
    sources = sorted({one.source for sessions in judged.values() for one in sessions})
    for source in sources:
        chosen = {name: [one for one in sessions if one.source == source] for name, sessions in judged.items()}
        yield overview_table(source, {name: report(sessions) for name, sessions in chosen.items()})
    yield overview_table("all", {name: report(sessions) for name, sessions in judged.items()})
    yield INTERVALS


def overview_table(title: str, reports: Mapping[str, Report]) -> Table:
    """One row for each group of sessions."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for head in ("sessions", "turns", *_OVERVIEW):
        table.add_column(head, justify="right")
    for name, one in reports.items():
        figures = (shown(one.figures[figure]) for figure in _OVERVIEW.values())
        table.add_row(name, str(one.sessions), str(one.turns), *figures)
    return table


def labels_table(report: Report) -> Table:
    """Precision, recall, F1 and average precision of each label."""
    table = Table(title=f"By label, {report.turns} turns in {report.sessions} sessions", title_justify="left")
    names = ("precision", "recall", "f1", "average_precision")
    for head in ("label", "precision", "recall", "F1", "average precision", "coded turns"):
        table.add_column(head, justify="left" if head == "label" else "right")
    for place, label in enumerate(LABELS):
        figures = (shown(report.figures.get(f"{name}/{label}")) for name in names)
        table.add_row(label, *figures, str(report.confusion[place].sum()))
    return table


def confusion_table(report: Report) -> Table:
    """Coded labels down, given labels across."""
    table = Table(title="Confusion: coded (rows) and labelled (columns)", title_justify="left")
    table.add_column("")
    for label in LABELS:
        table.add_column(label, justify="right")
    for place, label in enumerate(LABELS):
        table.add_row(label, *(str(count) for count in report.confusion[place]))
    return table


def shown(figure: Figure | None) -> str:
    """A figure and its interval, or a dash where there is none."""
    return "–" if figure is None else f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}]"
