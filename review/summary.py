"""Counts over annotated turns: how many of each label, whose ruptures and repairs. Knows no layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from mendline.model.annotation import AnnotatedTranscript
from mendline.model.labels import RUPTURES, Label


@dataclass(frozen=True, slots=True)
class SpeakerCount:
    """What one speaker of one session did."""

    speaker: str
    turns: int
    ruptures: int
    repairs: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts over one or several sessions. `labels` has every label, in the order of `LABELS`."""

    sessions: int
    turns: int
    labels: dict[Label, int]
    needs_review: int

    def share(self, label: Label) -> float:
        """The part of all turns that has `label`, from 0 to 1; 0 where there are no turns."""
        return self.labels[label] / self.turns if self.turns else 0.0


def summarise(sessions: Iterable[AnnotatedTranscript]) -> Summary:
    """Count labels and doubtful turns over all of `sessions`."""
    labels = dict.fromkeys(Label, 0)
    number = doubts = 0
    for number, session in enumerate(sessions, start=1):  # noqa: B007  (the last number is their count)
        for annotation in session.annotations:
            labels[annotation.label] += 1
            doubts += annotation.needs_review
    return Summary(sessions=number, turns=sum(labels.values()), labels=labels, needs_review=doubts)


def by_speaker(session: AnnotatedTranscript) -> tuple[SpeakerCount, ...]:
    """Count turns, ruptures and repairs of each speaker, in the order in which they first speak."""
    turns: Counter[str] = Counter()
    ruptures: Counter[str] = Counter()
    repairs: Counter[str] = Counter()
    for turn, annotation in zip(session.transcript.turns, session.annotations, strict=True):
        turns[turn.speaker] += 1
        ruptures[turn.speaker] += annotation.label in RUPTURES
        repairs[turn.speaker] += annotation.label is Label.REPAIR
    return tuple(SpeakerCount(name, turns[name], ruptures[name], repairs[name]) for name in turns)
