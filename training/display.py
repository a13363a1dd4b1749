"""Figures for a terminal. Tables are as narrow as they can be: what is compared stands in columns, figures in rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table

from mendline.model.labels import LABELS
from mendline.training.evaluation import Evaluation
from mendline.training.metrics import Figure, Judged, Report, macro_f1_difference, report

OVERVIEW = {
    "macro-F1": "macro_f1",
    "rupture or repair F1": "rupture_or_repair_f1",
    **{f"F1 {label}": f"f1/{label}" for label in LABELS},
    "Cohen's kappa": "kappa",
    "false alarms in 100 turns": "false_alarms_per_100",
}
NOTES = (
    "In brackets: 95 % bootstrap intervals over whole sessions, where there are five or more.",
    "* No turn here was coded with one of the labels. Its F1 counts as 0, so macro-F1 cannot reach 1.",
)


def evaluation_view(evaluation: Evaluation) -> Iterator[RenderableType]:
    """All tables of an evaluation, and what its intervals mean."""
    yield labels_table(evaluation.overall)
    yield confusion_table(evaluation.overall)
    yield overview_table("By source", {**evaluation.by_source, "all": evaluation.overall})
    yield settings_table(evaluation.by_setting)
    yield (
        f"{evaluation.review_share:.1%} of the turns are marked for review; "
        f"{evaluation.errors_in_review:.0%} of the wrong labels are among them."
    )
    yield from NOTES
    yield f"Checkpoint: {evaluation.checkpoint}"


def comparison_view(judged: Mapping[str, Sequence[Judged]]) -> Iterator[RenderableType]:
    """For each source and for all: each way to label the same sessions, and how far the last is above the others."""
    sources = sorted({one.source for sessions in judged.values() for one in sessions})
    for source in [*sources, None]:
        chosen = {name: [one for one in sessions if source in (None, one.source)] for name, sessions in judged.items()}
        *others, last = chosen
        table = overview_table(source or "all", {name: report(sessions) for name, sessions in chosen.items()})
        differences = (shown(macro_f1_difference(chosen[last], chosen[name]), signed=True) for name in others)
        table.add_row("macro-F1 above it", *differences, "")
        yield table
    yield from NOTES
    yield "macro-F1 above it: the model's minus that way's, with the interval of the difference on the same sessions."


def overview_table(title: str, reports: Mapping[str, Report]) -> Table:
    """One column for each group of sessions or way to label them."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in reports:
        table.add_column(name, justify="right")
    table.add_row("sessions", *(str(one.sessions) for one in reports.values()))
    table.add_row("turns", *(str(one.turns) for one in reports.values()))
    for head, name in OVERVIEW.items():
        table.add_row(head, *(with_mark(one, name) for one in reports.values()))
    return table


def settings_table(reports: Mapping[str, Report]) -> Table:
    """One row for each setting; most hold too few sessions for more than a look."""
    names = ("macro_f1", "rupture_or_repair_f1", "false_alarms_per_100")
    table = Table(title="By setting", title_justify="left")
    for head in ("setting", "sessions", "turns", "macro-F1", "rupture or repair F1", "false alarms in 100"):
        table.add_column(head, justify="left" if head == "setting" else "right")
    for setting, one in reports.items():
        table.add_row(setting, str(one.sessions), str(one.turns), *(with_mark(one, name) for name in names))
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


def with_mark(report: Report, name: str) -> str:
    """A figure as text; macro-F1 has a mark where a label was never coded."""
    mark = "*" if name == "macro_f1" and report.uncoded else ""
    return shown(report.figures[name]) + mark


def shown(figure: Figure | None, *, signed: bool = False) -> str:
    """A figure and its interval, or a dash where there is none."""
    if figure is None:
        return "–"
    value = f"{figure.value:+.2f}" if signed else f"{figure.value:.2f}"
    return value if figure.low is None else f"{value} [{figure.low:.2f}, {figure.high:.2f}]"
