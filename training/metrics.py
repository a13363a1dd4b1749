"""How well labels agree with a coder's: per label, over all labels, by source and setting, with intervals.

Every figure is over turns. Intervals are 95 % percentile bootstrap intervals that resample whole sessions, since turns
of one conversation are not independent (Efron & Tibshirani 1993, "An Introduction to the Bootstrap", ch. 13).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, confusion_matrix

from mendline.model.decision import NEUTRAL
from mendline.model.labels import LABELS, Label

Integers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

RESAMPLES = 1000
FEWEST_SESSIONS = 5
"""Of fewer sessions no interval is given: resampling them says nothing of others."""
AVERAGE_PRECISION_RESAMPLES = 200
"""Fewer, since each of these sorts all turns again."""
SEED = 20


@dataclass(frozen=True, slots=True)
class Judged:
    """One session, coded and labelled: positions in `LABELS`, and probabilities [turns, labels] where there are any."""

    session: str
    source: str
    setting: str
    true: Integers
    given: Integers
    probabilities: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A value and its 95 % interval, None where there are too few sessions for one."""

    value: float
    low: float | None
    high: float | None

    def to_dict(self) -> dict[str, float | None]:
        """Plain data for JSON."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Report:
    """All figures over some sessions. `confusion[i, j]` counts turns coded `LABELS[i]` and labelled `LABELS[j]`."""

    sessions: int
    turns: int
    confusion: Integers
    figures: dict[str, Figure]

    @property
    def uncoded(self) -> tuple[Label, ...]:
        """The labels that no turn was coded."""
        return tuple(label for label, count in zip(LABELS, self.confusion.sum(axis=1), strict=True) if not count)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "sessions": self.sessions,
            "turns": self.turns,
            "confusion": self.confusion.tolist(),
            "figures": {name: figure.to_dict() for name, figure in self.figures.items()},
        }


def report(judged: Sequence[Judged], *, resamples: int = RESAMPLES) -> Report:
    """Every figure over the given sessions.

    Names: `macro_f1`, `rupture_or_repair_f1`, `kappa`, `accuracy`, `false_alarms_per_100` (turns coded neutral and
    labelled otherwise, in 100 turns), and for each label `precision/…`, `recall/…`, `f1/…`, `average_precision/…`.
    With probabilities also `stated` and `right`, see `_confidence`.
    The F1 of a label that nobody coded is 0, as in scikit-learn with `zero_division=0`, and so are its precision and
    recall: `uncoded` of the report names such labels, and macro-F1 with them cannot reach 1.
    """
    tables = np.array([_confusion(one.true, one.given) for one in judged])
    draws = _draws(len(judged), resamples)
    resampled = np.tensordot(draws, tables, axes=1)
    total = tables.sum(axis=0)
    figures = {name: _figure(float(formula(total[None])[0]), formula(resampled)) for name, formula in _FORMULAS.items()}
    if all(one.probabilities is not None for one in judged):
        figures |= _average_precisions(judged, draws[:AVERAGE_PRECISION_RESAMPLES])
        figures |= _confidence(judged)
    if len(judged) < FEWEST_SESSIONS:
        figures = {name: Figure(figure.value, None, None) for name, figure in figures.items()}
    return Report(len(judged), int(total.sum()), total, figures)


def macro_f1_difference(judged: Sequence[Judged], other: Sequence[Judged]) -> Figure:
    """How much higher the macro-F1 of `judged` is than that of `other` on the same sessions, in the same order.

    The interval is paired: both are measured on each resample, so what is hard in a session is hard for both.
    """
    draws = _draws(len(judged), RESAMPLES)
    tables = [np.array([_confusion(one.true, one.given) for one in each]) for each in (judged, other)]
    value, minus = (float(_macro(each.sum(axis=0)[None])[0]) for each in tables)
    resampled, others = (_macro(np.tensordot(draws, each, axes=1)) for each in tables)
    if len(judged) < FEWEST_SESSIONS:
        return Figure(value - minus, None, None)
    return _figure(value - minus, resampled - others)


def _draws(sessions: int, resamples: int) -> Integers:
    """How often each session is in each resample, [resamples, sessions]; the same for every call of one size."""
    return np.random.default_rng(SEED).multinomial(sessions, [1 / sessions] * sessions, size=resamples)


def macro_f1(true: Integers, given: Integers) -> float:
    """The mean of the four labels' F1."""
    return float(_macro(_confusion(true, given)[None])[0])


def _confusion(true: Integers, given: Integers) -> Integers:
    table: Integers = confusion_matrix(true, given, labels=range(len(LABELS)))
    return table


def _figure(value: float, resampled: Doubles) -> Figure:
    low, high = np.nanpercentile(resampled, [2.5, 97.5])
    return Figure(value, float(low), float(high))


def _ratio(above: npt.NDArray[Any], below: npt.NDArray[Any]) -> Doubles:
    ratio: Doubles = np.divide(above, below, out=np.zeros(np.shape(above)), where=below != 0)
    return ratio


def _f1(hits: npt.NDArray[Any], coded: npt.NDArray[Any], given: npt.NDArray[Any]) -> Doubles:
    return _ratio(2 * hits, coded + given)


def _macro(tables: npt.NDArray[Any]) -> Doubles:
    hits = np.diagonal(tables, axis1=1, axis2=2)
    return np.asarray(_f1(hits, tables.sum(axis=2), tables.sum(axis=1)).mean(axis=1), dtype=np.float64)


def _rupture_or_repair(tables: npt.NDArray[Any]) -> Doubles:
    """F1 of "not neutral" against neutral."""
    others = [place for place in range(len(LABELS)) if place != NEUTRAL]
    hits = tables[:, others][:, :, others].sum(axis=(1, 2))
    return _f1(hits, tables[:, others, :].sum(axis=(1, 2)), tables[:, :, others].sum(axis=(1, 2)))


def _kappa(tables: npt.NDArray[Any]) -> Doubles:
    """Cohen's kappa (Cohen 1960, "A Coefficient of Agreement for Nominal Scales")."""
    turns = tables.sum(axis=(1, 2))
    observed = np.trace(tables, axis1=1, axis2=2) / turns
    expected = (tables.sum(axis=1) * tables.sum(axis=2)).sum(axis=1) / turns**2
    return _ratio(observed - expected, 1 - expected)


def _accuracy(tables: npt.NDArray[Any]) -> Doubles:
    return _ratio(np.trace(tables, axis1=1, axis2=2), tables.sum(axis=(1, 2)))


def _false_alarms(tables: npt.NDArray[Any]) -> Doubles:
    alarms = tables[:, NEUTRAL].sum(axis=1) - tables[:, NEUTRAL, NEUTRAL]
    return _ratio(100 * alarms, tables.sum(axis=(1, 2)))


def _of_label(place: int) -> dict[str, Callable[[npt.NDArray[Any]], Doubles]]:
    label = LABELS[place]
    return {
        f"precision/{label}": lambda tables: _ratio(tables[:, place, place], tables[:, :, place].sum(axis=1)),
        f"recall/{label}": lambda tables: _ratio(tables[:, place, place], tables[:, place].sum(axis=1)),
        f"f1/{label}": lambda tables: _f1(
            tables[:, place, place], tables[:, place].sum(axis=1), tables[:, :, place].sum(axis=1)
        ),
    }


_FORMULAS: dict[str, Callable[[npt.NDArray[Any]], Doubles]] = {
    "macro_f1": _macro,
    "rupture_or_repair_f1": _rupture_or_repair,
    "kappa": _kappa,
    "accuracy": _accuracy,
    "false_alarms_per_100": _false_alarms,
}
for _place in range(len(LABELS)):
    _FORMULAS |= _of_label(_place)


def _confidence(judged: Sequence[Judged]) -> dict[str, Figure]:
    """Of the turns not labelled neutral: the mean probability that their label was given, and the share that is right.

    Where the two are alike, the probabilities mean what they say.
    """
    true, given = (np.concatenate([getattr(one, name) for one in judged]) for name in ("true", "given"))
    probabilities = np.concatenate([one.probabilities for one in judged if one.probabilities is not None])
    found = given != NEUTRAL
    if not found.any():
        return {}
    stated = float(probabilities[found, given[found]].mean())
    right = float((true[found] == given[found]).mean())
    return {"stated": Figure(stated, None, None), "right": Figure(right, None, None)}


def _average_precisions(judged: Sequence[Judged], draws: Integers) -> dict[str, Figure]:
    """Average precision of each label that was coded at least once, sessions weighted as they were drawn."""
    true = np.concatenate([one.true for one in judged])
    probabilities = np.concatenate([one.probabilities for one in judged if one.probabilities is not None])
    lengths = [len(one.true) for one in judged]
    figures = {}
    for place, label in enumerate(LABELS):
        coded = true == place
        if not coded.any():
            continue
        weighted = [
            average_precision_score(coded, probabilities[:, place], sample_weight=weights)
            for weights in (np.repeat(draw, lengths) for draw in draws)
            if weights[coded].any()
        ]
        value = float(average_precision_score(coded, probabilities[:, place]))
        figures[f"average_precision/{label}"] = _figure(value, np.array(weighted))
    return figures
