"""The model card: what a checkpoint is, what it was trained on, how good it is, and what it must not be used for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mendline.model.checkpoint import CheckpointConfig
from mendline.model.labels import LABELS
from mendline.training.corpus import SHIPPED
from mendline.training.display import shown, with_mark
from mendline.training.evaluation import Evaluation
from mendline.training.metrics import Report

_CARD = """\
# {name}

Labels each turn of a therapy, couple or family transcript **withdrawal**, **confrontation**, **repair** or **neutral**,
with a marker that says how. English only. It reads windows of {window} tokens and runs offline on a CPU (ONNX, int8).

## Use, and what it is not for
A first pass that a person checks: for researchers who code sessions, supervisors who review them, and teams who retrain
it on sessions of their own. It is not a medical device and no clinician: it judges neither people nor their
relationships, and a label is a suggestion about words on a page. Its mistakes are counted below; do not decide anything
about a person from its output alone.

## Training
{start}, {epochs:g} epochs at most, seed {seed}. Labelled sessions, with their SHA-256:

| file | used for | SHA-256 |
|---|---|---|
{data}

{before}{coders}

## Figures
Measured on development sessions, on which early stopping, temperature and thresholds were chosen too: expect less on
sessions of your own. With thresholds chosen on other sessions than those measured (five folds) macro-F1 is {fair:.3f}
rather than {int8:.3f}. In brackets: 95 % bootstrap intervals over sessions, where there are five or more. An asterisk:
no turn was coded with one of the labels, whose F1 counts as 0.

{figures}

By label, all sources together:

{labels}

Probabilities are calibrated on all these sessions together and can be off on one kind of conversation. Of the turns
labelled withdrawal, confrontation or repair, by source:

{confidence}

On these sessions {review:.0%} of the turns are marked for review; {caught:.0%} of the wrong labels are among them.
Macro-F1 on them before and after int8: {fp32:.3f}, {int8:.3f}. Re-measure with `mendline evaluate`.
"""

_SHIPPED_CORPUS = """\
Of the sessions that ship and of AnnoMI and CABNC, the coders and authors were language models working from a written
codebook. On 9,699 turns of recorded health counselling two of them agreed at Cohen's kappa 0.89. **No clinician has
reviewed these labels.** Coders of one kind may share blind spots: their agreement is an upper bound on what it proves.\
"""


def render_card(checkpoint: CheckpointConfig, evaluation: Evaluation) -> str:
    """The text of a checkpoint's README.md."""
    provenance = checkpoint.provenance
    config = provenance["config"]
    return _CARD.format(
        name=checkpoint.name,
        window=checkpoint.window.size,
        start=_start(config["model"]["base"], provenance.get("base")),
        before=_before(provenance.get("base")),
        epochs=config["training"]["epochs"],
        seed=config["training"]["seed"],
        coders=_SHIPPED_CORPUS if any(name.startswith(SHIPPED) for name in _learned_from(provenance)) else "",
        data=_data({**config["data"], "teacher": config["distillation"]["teacher"]}, provenance["data"]),
        figures=figure_table({**evaluation.by_source, "all": evaluation.overall}),
        labels=label_table(evaluation.overall),
        review=evaluation.review_share,
        caught=evaluation.errors_in_review,
        fair=provenance["dev_macro_f1_cross_fitted"],
        confidence=confidence_table({**evaluation.by_source, "all": evaluation.overall}),
        fp32=provenance["dev_macro_f1_fp32"],
        int8=provenance["dev_macro_f1_int8"],
    )


def figure_table(reports: Mapping[str, Report]) -> str:
    """A Markdown table with one row for each report: macro-F1, F1 of rupture-or-repair, F1 by label, kappa."""
    names = ("macro_f1", "rupture_or_repair_f1", *(f"f1/{label}" for label in LABELS), "kappa", "false_alarms_per_100")
    figures = ("macro-F1", "rupture or repair F1", *LABELS, "kappa", "false alarms in 100 turns")
    heads = ("source", "sessions", "turns", *figures)
    rows = [
        (name, one.sessions, one.turns, *(with_mark(one, figure) for figure in names)) for name, one in reports.items()
    ]
    return markdown_table(heads, rows)


def confidence_table(reports: Mapping[str, Report]) -> str:
    """A Markdown table: how sure the model said it was where it found something, and how often it was right."""
    rows: list[tuple[object, ...]] = [
        (name, shown(one.figures.get("stated")), shown(one.figures.get("right"))) for name, one in reports.items()
    ]
    return markdown_table(("source", "mean probability", "share that is right"), rows)


def label_table(report: Report) -> str:
    """A Markdown table with one row for each label: precision, recall, F1, average precision."""
    names = ("precision", "recall", "f1", "average_precision")
    rows = [
        (label, *(shown(report.figures.get(f"{name}/{label}")) for name in names), int(report.confusion[place].sum()))
        for place, label in enumerate(LABELS)
    ]
    return markdown_table(("label", "precision", "recall", "F1", "average precision", "coded turns"), rows)


def markdown_table(heads: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    """Rows of cells as a Markdown table."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _start(base: str, checkpoint: Mapping[str, Any] | None) -> str:
    return f"Encoder: `{base}`" if checkpoint is None else f"Trained on from the checkpoint {checkpoint['checkpoint']}"


def _before(checkpoint: Mapping[str, Any] | None) -> str:
    """What the checkpoint that training went on from had learned from: figures on those sessions say nothing."""
    if checkpoint is None:
        return ""
    rows: list[tuple[object, ...]] = [(f"`{name}`", f"`{digest}`") for name, digest in checkpoint["data"].items()]
    table = markdown_table(("file", "SHA-256"), rows)
    return f"The checkpoint that it started from had learned from these, so never measure on them:\n\n{table}\n\n"


def _learned_from(provenance: Mapping[str, Any]) -> tuple[str, ...]:
    return (*provenance["config"]["data"]["train"], *provenance.get("base", {}).get("data", {}))


def _data(names: Mapping[str, list[str]], hashes: Mapping[str, str]) -> str:
    uses = {
        "train": "training",
        "teacher": "training, on labels that a larger model gave",
        "dev": "early stopping and calibration",
    }
    return "\n".join(f"| `{name}` | {uses[use]} | `{hashes[name]}` |" for use in uses for name in names[use])
