"""What the model says of each turn."""

from __future__ import annotations

from dataclasses import dataclass

from mendline.model.labels import LABELS, Label, Marker
from mendline.transcripts.transcript import Transcript

BY_MODEL = "model"
"""The `agreement` of a label that no person has given or checked yet, in files of labelled sessions."""
PROBABILITY_COLUMNS = tuple(f"p_{label}" for label in LABELS)
"""What the probabilities are called in files, in the order of `LABELS`."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """The label of one turn.

    `probabilities` stand in the order of `LABELS` and sum to 1. `needs_review` says that the model is not sure enough
    of `label` for it to stand unread. `marker` is None where the label is neutral.
    """

    turn: int
    label: Label
    marker: Marker | None
    probabilities: tuple[float, ...]
    needs_review: bool

    @property
    def probability(self) -> float:
        """The calibrated probability of `label`."""
        return self.probabilities[LABELS.index(self.label)]


@dataclass(frozen=True, slots=True)
class AnnotatedTranscript:
    """A transcript and one annotation for each of its turns, in order."""

    transcript: Transcript
    annotations: tuple[Annotation, ...]

    def __post_init__(self) -> None:
        if [annotation.turn for annotation in self.annotations] != [turn.index for turn in self.transcript.turns]:
            raise ValueError("every turn has exactly one annotation, in order")
