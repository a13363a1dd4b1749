"""From logits to labels: calibrated probabilities, a threshold for each label, and the mark of doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mendline.model.labels import LABEL_OF, LABELS, MARKERS, Label, Marker
from mendline.model.transitions import INDEPENDENT, Array, Transitions

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

NEUTRAL = LABELS.index(Label.NEUTRAL)


@dataclass(frozen=True, slots=True)
class Decision:
    """How probabilities become a label. All values are chosen on development sessions.

    `temperature` divides the logits and `biases` are added to them: bias-corrected temperature scaling (Alexandari,
    Kundaje, Shrikumar 2020, "Maximum Likelihood with Bias-Corrected Calibration is Hard-To-Beat at Label Shift
    Adaptation"), which also undoes what the class weights of the training loss did. `transitions` then weigh each turn
    against the other turns of its session. A label other than neutral is given only where its probability reaches its
    threshold; of several, the one that exceeds its threshold by the largest factor. A turn whose label has a
    probability under `review_threshold` needs review.
    """

    temperature: float
    biases: Mapping[Label, float]
    thresholds: Mapping[Label, float]
    review_threshold: float
    transitions: Transitions = INDEPENDENT

    def probabilities(self, label_logits: Floats) -> Floats:
        """Calibrated probabilities [turns, labels] of the logits [turns, labels] of one session."""
        return self.probabilities_of([label_logits])[0]

    def probabilities_of(self, sessions: Sequence[Floats]) -> list[Floats]:
        """Calibrated probabilities [turns, labels] of the logits [turns, labels] of each session."""
        return [found.astype(np.float32) for found in self.exact_probabilities_of(sessions)]

    def exact_probabilities_of(self, sessions: Sequence[Floats]) -> list[Array]:
        """The same in double precision, where a minimiser's small steps do not vanish."""
        biases = np.array([self.biases[label] for label in LABELS])
        return self.transitions.marginals(
            [logits.astype(np.float64) / self.temperature + biases for logits in sessions]
        )

    def labels(self, probabilities: Floats) -> Integers:
        """Positions in `LABELS`, one for each row of probabilities [turns, labels]."""
        thresholds = np.array([self.thresholds.get(label, np.inf) for label in LABELS], dtype=np.float32)
        factor = probabilities / thresholds
        best = factor.argmax(axis=-1)
        reached = factor.max(axis=-1, initial=0) >= 1
        result: Integers = np.where(reached, best, NEUTRAL)
        return result

    def needs_review(self, probabilities: Floats, labels: Integers) -> npt.NDArray[np.bool_]:
        """Whether each given label is too unsure to stand unread."""
        given = np.take_along_axis(probabilities, labels[:, None], axis=-1)[:, 0]
        result: npt.NDArray[np.bool_] = given < self.review_threshold
        return result


def best_marker(marker_logits: Floats, label: Label) -> Marker | None:
    """The likeliest of the label's own markers; None for neutral. `marker_logits` is one row [markers]."""
    places = [place for place, marker in enumerate(MARKERS) if LABEL_OF[marker] == label]
    return MARKERS[max(places, key=lambda place: marker_logits[place])] if places else None
