"""A conversation as data: who said what, in which order. Knows no file format, no label and no model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance.

    `index` counts from 0 within the transcript. `role` is the word that the model reads instead of a name and is
    unique to its speaker ("therapist", "partner two", "speaker one"). `start` and `end` are seconds from the start of
    the recording. `source_ids` are the ids that the source gave the units from which this turn was made.
    """

    index: int
    speaker: str
    role: str
    text: str
    start: float | None = None
    end: float | None = None
    source_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """The turns of one conversation, in order. `session` names it, `setting` says what kind it is, if known."""

    session: str
    turns: tuple[Turn, ...]
    setting: str | None = None

    def __post_init__(self) -> None:
        if [turn.index for turn in self.turns] != list(range(len(self.turns))):
            raise ValueError("the turns of a transcript are numbered 0, 1, 2, …")
