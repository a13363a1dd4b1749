"""A conversation as data: who said what, in which order. Knows no file format, no label and no model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mendline.transcripts.notes import TurnNote

Span = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance.

    `index` counts from 0 within the transcript. `role` is the word that the model reads instead of a name and is
    unique to its speaker ("therapist", "partner two", "speaker one"). `start` and `end` are seconds from the start of
    the recording. `source_ids` are the ids that the source gave the units from which this turn was made, and
    `source_times` the start and end of each of them, in the same order.
    """

    index: int
    speaker: str
    role: str
    text: str
    start: float | None = None
    end: float | None = None
    source_ids: tuple[str, ...] = ()
    source_times: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """The turns of one conversation, in order. `session` names it, `setting` says what kind it is, if known.

    `notes` is what the file says of the turns, such as labels of an earlier run: one entry for each turn, or none at
    all. Nothing that labels turns looks at them.
    """

    session: str
    turns: tuple[Turn, ...]
    setting: str | None = None
    notes: tuple[TurnNote | None, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        if [turn.index for turn in self.turns] != list(range(len(self.turns))):
            raise ValueError("the turns of a transcript are numbered 0, 1, 2, …")
        if self.notes and len(self.notes) != len(self.turns):
            raise ValueError("a transcript has notes for all of its turns or for none")
