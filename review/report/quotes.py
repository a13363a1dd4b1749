"""What an episode's entry in the report quotes: its moves, the answers that decided, and how much lies between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mendline.model.annotation import Annotation
from mendline.model.labels import Label
from mendline.review.episodes import Attempt, Episode
from mendline.review.measures import Reviewed
from mendline.transcripts.transcript import Turn

QUOTE_CHARACTERS = 400
"""Longer turns are cut in the list of episodes; they stand whole in the transcript."""


@dataclass(frozen=True, slots=True)
class Quote:
    """One quoted turn. `skipped` turns lie between it and the one before; `attempt` is the attempt that it completes.

    `answers` are the attempts that it decided.
    """

    turn: Turn
    annotation: Annotation
    skipped: int
    attempt: Attempt | None
    answers: tuple[Attempt, ...]

    @property
    def text(self) -> str:
        """The words of the turn, cut if they are many."""
        text = self.turn.text
        return text if len(text) <= QUOTE_CHARACTERS else f"{text[:QUOTE_CHARACTERS].rstrip()} …"


def quotes_of(reviewed: Reviewed, episode: Episode) -> Iterator[Quote]:
    """The turns of an episode that are not neutral or that decided how an attempt was received."""
    completed = {attempt.turns[-1]: attempt for attempt in episode.attempts}
    decided: dict[int, list[Attempt]] = {}
    for attempt in episode.attempts:
        if attempt.answer is not None:
            decided.setdefault(attempt.answer, []).append(attempt)
    before = episode.first - 1
    for turn in range(episode.first, episode.last + 1):
        annotation = reviewed.session.annotations[turn]
        if annotation.label is Label.NEUTRAL and turn not in decided:
            continue
        yield Quote(
            turn=reviewed.session.transcript.turns[turn],
            annotation=annotation,
            skipped=turn - before - 1,
            attempt=completed.get(turn),
            answers=tuple(decided.get(turn, ())),
        )
        before = turn
