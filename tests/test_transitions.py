"""The chain over a session's labels against what its definition says."""

from itertools import product

import numpy as np
import pytest

from mendline.model.labels import LABELS, Label
from mendline.model.transitions import INDEPENDENT, Transitions
from mendline.training.calibration import calibrate
from mendline.training.corpus import LabelledSession
from mendline.training.runs import load_transitions
from mendline.training.transitions import STRENGTH, count_transitions
from mendline.transcripts.errors import ConfigError
from mendline.transcripts.transcript import Transcript, Turn

RANDOM = np.random.default_rng(3)
TABLE = RANDOM.dirichlet(np.ones(4), (4, 4))
CHAIN = Transitions.of(TABLE, 0.7)


def scores(turns: int) -> np.ndarray:
    return RANDOM.normal(size=(turns, 4)) * 2


def session(labels: list[str], coded: list[bool] | None = None) -> LabelledSession:
    turns = tuple(Turn(place, "A", "client", "Words.") for place in range(len(labels)))
    return LabelledSession(
        transcript=Transcript("s", turns),
        labels=tuple(Label(label) for label in labels),
        markers=(None,) * len(labels),
        sure=(True,) * len(labels),
        source="authored",
        coded=tuple(coded or [True] * len(labels)),
    )


@pytest.mark.parametrize("turns", [1, 2, 3, 6])
def test_marginals_are_sums_over_all_ways_to_label_the_session(turns):
    given = scores(turns)
    expected = np.zeros((turns, 4))
    for labels in product(range(4), repeat=turns):
        likelihood = np.exp(sum(given[turn, label] for turn, label in enumerate(labels)))
        # Before the first turn any label may have been.
        if turns > 1:
            likelihood *= sum(TABLE[before, labels[0], labels[1]] ** 0.7 for before in range(4))
        for before, last, label in zip(labels, labels[1:], labels[2:], strict=False):
            likelihood *= TABLE[before, last, label] ** 0.7
        expected[range(turns), labels] += likelihood
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(CHAIN.marginals([given])[0], expected, rtol=1e-9)


def test_without_weight_each_turn_stands_alone():
    given = scores(40)
    alone = np.exp(given) / np.exp(given).sum(axis=1, keepdims=True)
    for chain in (INDEPENDENT, Transitions.of(TABLE, 0.0)):
        np.testing.assert_allclose(chain.marginals([given])[0], alone, rtol=1e-9)


def test_sessions_side_by_side_do_not_touch_each_other():
    several = [scores(turns) for turns in (1, 9, 0, 4)]
    for together, one in zip(CHAIN.marginals(several), several, strict=True):
        np.testing.assert_allclose(together, CHAIN.marginals([one])[0], rtol=1e-9)


def test_no_session_and_no_turn():
    assert CHAIN.marginals([]) == []
    assert CHAIN.marginals([scores(0)])[0].shape == (0, 4)


def test_long_session_does_not_underflow():
    found = CHAIN.marginals([scores(5000) * 20])[0]
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_rupture_counts_more_where_one_was_before():
    """The same doubtful turn after an attack, and in smooth talk."""
    labels = ["neutral", "neutral", "neutral", "confrontation", "confrontation", "confrontation"] * 20
    chain = Transitions.of(count_transitions([session(labels)]), 1.0)
    doubtful, sure_neutral, sure_attack = [0.0, 0.0, 0.0, 0.5], [0.0, 0.0, 0.0, 5.0], [0.0, 5.0, 0.0, 0.0]
    smooth = chain.marginals([np.array([sure_neutral, sure_neutral, doubtful, sure_neutral])])[0]
    strained = chain.marginals([np.array([sure_neutral, sure_attack, doubtful, sure_attack])])[0]
    confrontation = LABELS.index(Label.CONFRONTATION)
    assert strained[2, confrontation] > smooth[2, confrontation] + 0.3


def test_counts_are_smoothed_with_those_of_a_shorter_history():
    table = count_transitions([session(["neutral", "neutral", "repair", "neutral"])])
    repair, neutral = LABELS.index(Label.REPAIR), LABELS.index(Label.NEUTRAL)
    none = (np.bincount([neutral, neutral, repair, neutral], minlength=4) + 1) / 8
    after_neutral = np.bincount([neutral, repair], minlength=4)
    one = (after_neutral + STRENGTH * none) / (2 + STRENGTH)
    two = (np.bincount([repair], minlength=4) + STRENGTH * one) / (1 + STRENGTH)
    np.testing.assert_allclose(table[neutral, neutral], two)
    # What never came twice in a row is known only from the shorter history.
    np.testing.assert_allclose(table[0, neutral], one)
    np.testing.assert_allclose(table.sum(axis=-1), 1)


def test_turns_that_nobody_coded_do_not_count():
    labels = ["neutral", "repair", "repair", "neutral"]
    nothing = count_transitions([])
    np.testing.assert_allclose(count_transitions([session(labels, [False] * 4)]), nothing)
    # A coded turn after an uncoded one has no known history.
    partly = count_transitions([session(labels, [True, False, True, False])])
    np.testing.assert_allclose(partly, count_transitions([session(["neutral"]), session(["repair"])]))


def test_run_of_an_older_version_is_refused_clearly(tmp_path):
    with pytest.raises(ConfigError, match=r"no transitions.json: a version before 0\.2"):
        load_transitions(tmp_path)


def _runs(sessions: int, stay: float) -> list[np.ndarray]:
    """Labels that stay what they are with probability `stay`, and are drawn anew otherwise."""
    found = []
    for _ in range(sessions):
        labels = [int(RANDOM.integers(4))]
        for _ in range(59):
            labels.append(labels[-1] if RANDOM.random() < stay else int(RANDOM.integers(4)))
        found.append(np.array(labels))
    return found


@pytest.mark.parametrize(("stay", "low", "high"), [(0.8, 0.7, 1.4), (0.0, 0.0, 0.3)])
def test_weight_is_found_where_labels_run_on_and_not_where_they_do_not(stay, low, high):
    true = _runs(60, stay)
    logits = []
    for one in true:
        rows = RANDOM.normal(size=(len(one), 4)).astype(np.float32)
        rows[np.arange(len(one)), one] += 1
        logits.append(rows)
    table = np.full((4, 4, 4), 0.05) + 0.8 * np.eye(4)[None]
    decision = calibrate(logits, true, table, review_share=0.1)
    assert low <= decision.transitions.weight <= high
    alone = calibrate(logits, true, np.full((4, 4, 4), 0.25), review_share=0.1)
    right = [
        (each.labels(np.concatenate(each.probabilities_of(logits))) == np.concatenate(true)).mean()
        for each in (decision, alone)
    ]
    assert right[0] > right[1] + 0.1 if stay else right[0] > right[1] - 0.02
