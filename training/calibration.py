"""Choosing temperature, biases, thresholds and the review threshold on development sessions, and only there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from mendline.model.decision import NEUTRAL, Decision
from mendline.model.labels import LABELS
from mendline.training.metrics import macro_f1

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

# A threshold under 0.15 would hang a rare label on turns that are almost surely neutral; over 0.85 it never comes up.
GRID = np.round(np.arange(0.15, 0.86, 0.025), 3)


def calibrate(label_logits: Floats, true: Integers, *, review_share: float) -> Decision:
    """The decision values that fit logits [turns, labels] and coded labels [turns] of development sessions best.

    Temperature and biases maximise the likelihood; the thresholds then maximise macro-F1, one label at a time until
    nothing changes; `review_threshold` marks the least sure `review_share` of these turns.
    """
    temperature, biases = _scaling(label_logits, true)
    decision = Decision(
        temperature=temperature,
        biases=dict(zip(LABELS, biases, strict=True)),
        thresholds={label: 0.5 for label in LABELS if LABELS.index(label) != NEUTRAL},
        review_threshold=0.0,
    )
    probabilities = decision.probabilities(label_logits)
    decision = _with_thresholds(decision, probabilities, true)
    labels = decision.labels(probabilities)
    given = np.take_along_axis(probabilities, labels[:, None], axis=-1)[:, 0]
    return replace(decision, review_threshold=float(np.round(np.quantile(given, review_share), 4)))


def cross_fitted(logits: Sequence[Floats], true: Sequence[Integers], *, review_share: float, folds: int = 5) -> float:
    """Macro-F1 over sessions, each labelled with decision values that were chosen on other sessions.

    It takes the optimism out that comes from choosing thresholds and measuring on the same turns.
    """
    given = []
    for fold in range(folds):
        rest = [place for place in range(len(true)) if place % folds != fold]
        decision = calibrate(
            np.concatenate([logits[place] for place in rest]),
            np.concatenate([true[place] for place in rest]),
            review_share=review_share,
        )
        given += [
            (place, decision.labels(decision.probabilities(logits[place]))) for place in range(fold, len(true), folds)
        ]
    given.sort(key=lambda item: item[0])
    return macro_f1(np.concatenate(true), np.concatenate([labels for _, labels in given]))


def _scaling(logits: Floats, true: Integers) -> tuple[float, list[float]]:
    """Bias-corrected temperature scaling; the bias of neutral is fixed at 0, since only differences matter."""
    # In float32 the minimiser's small steps would vanish.
    exact = logits.astype(np.float64)
    rows = np.arange(len(true))

    def unpack(values: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        return float(np.exp(values[0])), np.insert(values[1:], NEUTRAL, 0.0)

    def loss(values: npt.NDArray[np.float64]) -> float:
        temperature, biases = unpack(values)
        scaled = exact / temperature + biases
        scaled -= scaled.max(axis=1, keepdims=True)
        likelihood = scaled[rows, true] - np.log(np.exp(scaled).sum(axis=1))
        # A label that never occurs would drift to minus infinity; this holds it near where it was.
        return float(-likelihood.mean() + 1e-4 * (values**2).sum())

    found = minimize(loss, np.zeros(len(LABELS)), method="L-BFGS-B")
    temperature, biases = unpack(found.x)
    return round(temperature, 4), [round(float(bias), 4) for bias in biases]


def _with_thresholds(decision: Decision, probabilities: Floats, true: Integers) -> Decision:
    best = macro_f1(true, decision.labels(probabilities))
    improved = True
    while improved:
        improved = False
        for label in decision.thresholds:
            for value in GRID:
                candidate = replace(decision, thresholds={**decision.thresholds, label: float(value)})
                figure = macro_f1(true, candidate.labels(probabilities))
                if figure > best + 1e-6:
                    best, decision, improved = figure, candidate, True
    return decision
