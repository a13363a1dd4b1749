"""Choosing temperature, biases, thresholds and the review threshold on development sessions, and only there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from mendline.model.decision import NEUTRAL, Decision
from mendline.model.labels import LABELS
from mendline.model.transitions import Array, Transitions
from mendline.training.metrics import macro_f1

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

# A threshold under 0.15 would hang a rare label on turns that are almost surely neutral; over 0.85 it never comes up.
GRID = np.round(np.arange(0.15, 0.86, 0.025), 3)
STEP = 1e-5
"""The step by which the minimiser measures slopes."""


def calibrate(logits: Sequence[Floats], true: Sequence[Integers], following: Array, *, review_share: float) -> Decision:
    """The decision values that fit logits [turns, labels] and coded labels [turns] of development sessions best.

    `following` [labels, labels, labels] are transitions counted in training sessions. Temperature, biases and the
    transitions' weight maximise the likelihood of each turn's label; the thresholds then maximise the macro-F1 that is
    expected; `review_threshold` marks the least sure `review_share` of these turns.
    """
    scaled = _scaled(logits, true, following)
    probabilities = np.concatenate(scaled.probabilities_of(logits))
    decision = _with_thresholds(scaled, probabilities)
    labels = decision.labels(probabilities)
    given = np.take_along_axis(probabilities, labels[:, None], axis=-1)[:, 0]
    return replace(decision, review_threshold=float(np.round(np.quantile(given, review_share), 4)))


def cross_fitted(
    logits: Sequence[Floats], true: Sequence[Integers], following: Array, *, review_share: float, folds: int = 5
) -> float:
    """Macro-F1 over sessions, each labelled with decision values that were chosen on other sessions.

    It takes the optimism out that comes from choosing decision values and measuring on the same turns.
    """
    given = []
    for fold in range(folds):
        rest = [place for place in range(len(true)) if place % folds != fold]
        decision = calibrate(
            [logits[place] for place in rest], [true[place] for place in rest], following, review_share=review_share
        )
        given += [
            (place, decision.labels(decision.probabilities(logits[place]))) for place in range(fold, len(true), folds)
        ]
    given.sort(key=lambda item: item[0])
    return macro_f1(np.concatenate(true), np.concatenate([labels for _, labels in given]))


def _scaled(logits: Sequence[Floats], true: Sequence[Integers], following: Array) -> Decision:
    """Temperature, biases and weight; the bias of neutral is fixed at 0, since only differences matter."""
    places = np.concatenate(true)
    rows = np.arange(len(places))
    counted = Transitions.of(following.round(5), 0.0)

    def decision(values: npt.NDArray[np.float64]) -> Decision:
        temperature, *biases, weight = (float(value) for value in values)
        biases.insert(NEUTRAL, 0.0)
        return Decision(
            temperature=float(np.exp(temperature)),
            biases=dict(zip(LABELS, biases, strict=True)),
            thresholds={label: 0.5 for label in LABELS if LABELS.index(label) != NEUTRAL},
            review_threshold=0.0,
            transitions=replace(counted, weight=weight),
        )

    def loss(values: npt.NDArray[np.float64]) -> float:
        found = np.concatenate(decision(values).exact_probabilities_of(logits))
        likelihood = np.log(found[rows, places].clip(1e-12))
        # A label that never occurs would drift to minus infinity; this holds it near where it was.
        return float(-likelihood.mean() + 1e-4 * (values**2).sum())

    free, never_negative = (None, None), (0.0, None)
    found = decision(
        minimize(
            loss,
            np.zeros(len(LABELS) + 1),
            method="L-BFGS-B",
            bounds=[free] * len(LABELS) + [never_negative],
            options={"eps": STEP},
        ).x
    )
    return replace(
        found,
        temperature=round(found.temperature, 4),
        biases={label: round(bias, 4) for label, bias in found.biases.items()},
        transitions=replace(found.transitions, weight=round(found.transitions.weight, 4)),
    )


def _with_thresholds(decision: Decision, probabilities: Floats) -> Decision:
    """The thresholds with the highest expected macro-F1, as far as steps of one label at a time lead.

    What is expected follows from the calibrated probabilities (Jansche 2007, "A maximum expected utility framework for
    binary sequence labeling"). So few ruptures are coded that thresholds fitted to these very labels would fit chance.
    """
    best = _expected_macro_f1(decision.labels(probabilities), probabilities)
    improved = True
    while improved:
        improved = False
        for label in decision.thresholds:
            for value in GRID:
                candidate = replace(decision, thresholds={**decision.thresholds, label: float(value)})
                figure = _expected_macro_f1(candidate.labels(probabilities), probabilities)
                if figure > best + 1e-6:
                    best, decision, improved = figure, candidate, True
    return decision


def _expected_macro_f1(given: Integers, probabilities: Floats) -> float:
    """Macro-F1 of labels [turns] with each count replaced by what it is expected to be."""
    given_counts = np.bincount(given, minlength=len(LABELS))
    right = np.bincount(given, np.take_along_axis(probabilities, given[:, None], axis=-1)[:, 0], minlength=len(LABELS))
    return float(np.mean(2 * right / (given_counts + probabilities.sum(axis=0))))
