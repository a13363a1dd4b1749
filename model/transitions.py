"""What labels follow what labels: a conversation's labels are decided together, not turn by turn.

The network reads a window; ruptures and repairs run on from turn to turn, and over more than a window holds. So its
scores are read as the emissions of a linear chain over the whole session (Lafferty, McCallum, Pereira 2001,
"Conditional Random Fields"), whose transitions are counted in training sessions rather than learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mendline.model.labels import LABELS

Array = npt.NDArray[np.float64]
Table = tuple[tuple[tuple[float, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Transitions:
    """How likely each label is after the labels of the two turns before it, and how much that counts.

    `table` is [labels, labels, labels]: second last label, last label, label; each row sums to 1. `weight` is the power
    to which its probabilities are taken: 0 decides each turn by itself.
    """

    table: Table
    weight: float

    @classmethod
    def of(cls, table: Array, weight: float) -> Transitions:
        """Transitions from an array [labels, labels, labels]."""
        rows = tuple(tuple(tuple(float(one) for one in last) for last in second_last) for second_last in table)
        return cls(rows, weight)

    def marginals(self, sessions: Sequence[npt.NDArray[np.floating]]) -> list[Array]:
        """Each turn's label probabilities [turns, labels], given the scores [turns, labels] of its whole session.

        A score is a log probability up to a constant of the turn. Sessions are worked on side by side; none depends on
        another. Forward-backward algorithm: Rabiner 1989, "A tutorial on hidden Markov models".
        """
        lengths = np.array([len(scores) for scores in sessions])
        longest = lengths.max(initial=0)
        if longest == 0:
            return [np.zeros((0, len(LABELS))) for _ in sessions]
        emissions = np.ones((longest, len(sessions), 1, len(LABELS)))
        for place, scores in enumerate(sessions):
            emissions[: len(scores), place, 0] = np.exp(scores - scores.max(axis=-1, keepdims=True))
        following = np.array(self.table) ** self.weight
        # A state is the labels of two turns: [turn, session, label before, label].
        forward = np.empty((longest, len(sessions), len(LABELS), len(LABELS)))
        backward = np.ones_like(forward)
        forward[0] = _normalised(np.broadcast_to(emissions[0], forward[0].shape))
        for turn in range(1, longest):
            reached = np.einsum("sab,abc->sbc", forward[turn - 1], following)
            forward[turn] = _normalised(reached * emissions[turn])
        for turn in range(longest - 2, -1, -1):
            explained = np.einsum("sbc,abc->sab", backward[turn + 1] * emissions[turn + 1], following)
            inside = (turn + 1 < lengths)[:, None, None]
            backward[turn] = np.where(inside, _normalised(explained), 1.0)
        joint = (forward * backward).sum(axis=2)
        joint /= joint.sum(axis=-1, keepdims=True)
        return [joint[:length, place] for place, length in enumerate(lengths)]


INDEPENDENT = Transitions.of(np.full((len(LABELS),) * 3, 1 / len(LABELS)), 0.0)
"""Every turn by itself."""


def _normalised(states: Array) -> Array:
    """Scaled to a sum of 1 for each session, so that long sessions do not underflow."""
    return np.asarray(states / states.sum(axis=(1, 2), keepdims=True))
