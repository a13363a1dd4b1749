"""From logits to labels."""

import numpy as np
import pytest

from mendline.model.decision import NEUTRAL, Decision, best_marker
from mendline.model.labels import LABEL_OF, LABELS, MARKERS, MARKERS_OF, Label, Marker

THRESHOLDS = {Label.WITHDRAWAL: 0.3, Label.CONFRONTATION: 0.5, Label.REPAIR: 0.5}
DECISION = Decision(temperature=2.0, biases=dict.fromkeys(LABELS, 0.0), thresholds=THRESHOLDS, review_threshold=0.6)


def decide(*row: float) -> Label:
    return LABELS[DECISION.labels(np.float32([row]))[0]]


def test_temperature_and_biases_scale_the_logits():
    decision = Decision(2.0, {**dict.fromkeys(LABELS, 0.0), Label.REPAIR: 1.0}, THRESHOLDS, 0.5)
    logits = np.float32([[2, 0, -1, 4]])
    expected = np.exp([1, 0, 0.5, 2])
    np.testing.assert_allclose(decision.probabilities(logits)[0], expected / expected.sum(), rtol=1e-5)


def test_probabilities_sum_to_one_even_for_huge_logits():
    rows = DECISION.probabilities(np.float32([[1e4, -1e4, 0, 3], [0, 0, 0, 0]]))
    assert np.isfinite(rows).all()
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-6)


def test_label_needs_its_threshold():
    assert decide(0.31, 0.10, 0.10, 0.49) == Label.WITHDRAWAL
    assert decide(0.29, 0.10, 0.10, 0.51) == Label.NEUTRAL
    assert decide(0.05, 0.45, 0.45, 0.05) == Label.NEUTRAL


def test_of_two_labels_the_one_further_above_its_threshold_wins():
    assert decide(0.36, 0.55, 0.05, 0.04) == Label.WITHDRAWAL
    assert decide(0.31, 0.65, 0.02, 0.02) == Label.CONFRONTATION


def test_unsure_labels_need_review():
    rows = np.float32([[0.31, 0.1, 0.1, 0.49], [0.1, 0.7, 0.1, 0.1]])
    assert DECISION.needs_review(rows, DECISION.labels(rows)).tolist() == [True, False]


@pytest.mark.parametrize("label", LABELS)
def test_marker_belongs_to_its_label(label):
    logits = np.random.default_rng(3).normal(size=len(MARKERS)).astype(np.float32)
    marker = best_marker(logits, label)
    if label == Label.NEUTRAL:
        assert marker is None
    else:
        assert marker in MARKERS_OF[label]
        assert logits[MARKERS.index(marker)] == max(logits[MARKERS.index(one)] for one in MARKERS_OF[label])


def test_every_marker_has_one_label():
    assert set(LABEL_OF) == set(Marker)
    assert LABELS[NEUTRAL] == Label.NEUTRAL
    assert sum(len(markers) for markers in MARKERS_OF.values()) == len(MARKERS)
