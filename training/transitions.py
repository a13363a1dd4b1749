"""Counting which labels follow which in training sessions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from mendline.model.labels import LABELS
from mendline.model.transitions import Array
from mendline.training.corpus import LabelledSession

STRENGTH = 5.0
"""How many turns the labels after a shorter history weigh beside those that were counted after a longer one."""


def count_transitions(sessions: Iterable[LabelledSession]) -> Array:
    """Probabilities [labels, labels, labels] of a label after the two before it: second last, last, label.

    Counts after two labels are smoothed with those after one, these with those after none, and these with a count of
    one for each label (MacKay and Peto 1995, "A hierarchical Dirichlet language model"). Only turns whose whole history
    is coded count.
    """
    counts = np.zeros((len(LABELS),) * 3)
    pairs, single = np.zeros((len(LABELS),) * 2), np.ones(len(LABELS))
    for session in sessions:
        labels, coded = session.label_places(), np.array(session.coded, dtype=bool)
        np.add.at(single, labels[coded], 1)
        follows = coded[1:] & coded[:-1]
        np.add.at(pairs, (labels[:-1][follows], labels[1:][follows]), 1)
        follows = follows[1:] & follows[:-1]
        np.add.at(counts, (labels[:-2][follows], labels[1:-1][follows], labels[2:][follows]), 1)
    after_none = single / single.sum()
    after_one = _smoothed(pairs, after_none)
    return _smoothed(counts, after_one)


def _smoothed(counts: Array, shorter: Array) -> Array:
    return np.asarray((counts + STRENGTH * shorter) / (counts.sum(axis=-1, keepdims=True) + STRENGTH))
