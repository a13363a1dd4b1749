"""Our vectorised figures against scikit-learn's, and intervals that mean something."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as sk

from mendline.model.decision import NEUTRAL
from mendline.model.labels import LABELS
from mendline.training.calibration import calibrate, cross_fitted
from mendline.training.metrics import Judged, macro_f1, macro_f1_difference, report

RANDOM = np.random.default_rng(7)
UNKNOWN = np.full((4, 4, 4), 0.25)
"""Transitions that say nothing."""


def sessions(count: int = 12, turns: int = 60, *, error: float = 0.3) -> list[Judged]:
    found = []
    for number in range(count):
        true = RANDOM.choice(4, p=[0.08, 0.1, 0.07, 0.75], size=turns)
        given = np.where(RANDOM.random(turns) < error, RANDOM.integers(0, 4, turns), true)
        probabilities = RANDOM.dirichlet(np.ones(4), turns).astype(np.float32)
        probabilities[np.arange(turns), given] += 1
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        found.append(Judged(f"s{number}", "authored", "couple therapy", true, given, probabilities))
    return found


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    return sessions()


def test_figures_are_those_of_scikit_learn(judged):
    true, given = (np.concatenate([getattr(one, name) for one in judged]) for name in ("true", "given"))
    probabilities = np.concatenate([one.probabilities for one in judged])
    found = report(judged, resamples=20)
    values = {name: figure.value for name, figure in found.figures.items()}
    precision, recall, f1, _ = sk.precision_recall_fscore_support(true, given, labels=range(4))
    for place, label in enumerate(LABELS):
        assert values[f"precision/{label}"] == pytest.approx(precision[place])
        assert values[f"recall/{label}"] == pytest.approx(recall[place])
        assert values[f"f1/{label}"] == pytest.approx(f1[place])
        expected = sk.average_precision_score(true == place, probabilities[:, place])
        assert values[f"average_precision/{label}"] == pytest.approx(expected)
    assert values["macro_f1"] == pytest.approx(f1.mean()) == pytest.approx(macro_f1(true, given))
    assert values["kappa"] == pytest.approx(sk.cohen_kappa_score(true, given))
    assert values["accuracy"] == pytest.approx(sk.accuracy_score(true, given))
    assert values["rupture_or_repair_f1"] == pytest.approx(sk.f1_score(true != NEUTRAL, given != NEUTRAL))
    alarms = ((true == NEUTRAL) & (given != NEUTRAL)).sum()
    assert values["false_alarms_per_100"] == pytest.approx(100 * alarms / len(true))
    np.testing.assert_array_equal(found.confusion, sk.confusion_matrix(true, given, labels=range(4)))


def test_intervals_hold_the_value_and_narrow_with_more_sessions(judged):
    few, many = report(judged[:6]).figures["macro_f1"], report(sessions(60)).figures["macro_f1"]
    for figure in (few, many):
        assert figure.low <= figure.value <= figure.high
    assert many.high - many.low < few.high - few.low


def test_few_sessions_have_no_interval(judged):
    assert report(judged[:4]).figures["macro_f1"].low is None
    assert report(judged[:5]).figures["macro_f1"].low is not None


def test_difference_is_paired(judged):
    """The same labels differ by nothing, however wide their own interval is; better labels by more than nothing."""
    same = macro_f1_difference(judged, judged)
    assert same.value == same.low == same.high == 0
    perfect = [replace(one, given=one.true) for one in judged]
    better = macro_f1_difference(perfect, judged)
    assert better.value == pytest.approx(1 - report(judged).figures["macro_f1"].value)
    assert better.low > 0


def test_label_that_never_occurs_counts_as_zero_and_has_no_average_precision():
    all_neutral = np.full(10, NEUTRAL)
    found = report([Judged("s", "a", "b", all_neutral, all_neutral, np.eye(4, dtype=np.float32)[all_neutral])])
    assert found.figures["macro_f1"].value == pytest.approx(0.25)
    assert len(found.uncoded) == 3
    assert "average_precision/repair" not in found.figures


def test_calibration_finds_temperature_and_thresholds_that_help():
    true = RANDOM.choice(4, p=[0.05, 0.05, 0.05, 0.85], size=4000)
    logits = RANDOM.normal(size=(4000, 4)).astype(np.float32)
    logits[np.arange(4000), true] += 2
    logits = logits * 3 + np.float32([2, 1, 0, -1])
    decision = calibrate([logits], [true], UNKNOWN, review_share=0.1)
    # Normal scores that differ by 2 have log odds of 2 in each unit, here stretched by 3.
    assert decision.temperature == pytest.approx(1.5, rel=0.1)
    probabilities = decision.probabilities(logits)
    labels = decision.labels(probabilities)
    assert macro_f1(true, labels) > macro_f1(true, logits.argmax(axis=1)) + 0.02
    assert decision.needs_review(probabilities, labels).mean() == pytest.approx(0.1, abs=0.01)
    for place in range(4):
        assert probabilities[:, place].mean() == pytest.approx((true == place).mean(), abs=0.02)


def test_cross_fitting_is_not_above_fitting_on_the_same_turns():
    true = [RANDOM.choice(4, p=[0.05, 0.05, 0.05, 0.85], size=60) for _ in range(20)]
    logits = []
    for one in true:
        rows = RANDOM.normal(size=(len(one), 4)).astype(np.float32)
        rows[np.arange(len(one)), one] += 1
        logits.append(rows)
    decision = calibrate(logits, true, UNKNOWN, review_share=0.1)
    fitted = macro_f1(
        np.concatenate(true), np.concatenate([decision.labels(decision.probabilities(x)) for x in logits])
    )
    assert 0.2 < cross_fitted(logits, true, UNKNOWN, review_share=0.1) < fitted


def test_stated_probability_against_what_is_right():
    """Two turns are found, each with probability 0.8, and one of them is right."""
    true, given = np.array([0, 3, 3]), np.array([0, 0, 3])
    probabilities = np.float32([[0.8, 0.1, 0.05, 0.05], [0.8, 0.1, 0.05, 0.05], [0, 0, 0, 1]])
    figures = report([Judged("s", "a", "b", true, given, probabilities)]).figures
    assert figures["stated"].value == pytest.approx(0.8)
    assert figures["right"].value == pytest.approx(0.5)
