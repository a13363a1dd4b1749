"""Rupture episodes: where a conversation strained, who tried to mend it, how that was received, what was left open.

Pure functions on annotated turns; knows no file and no layout. The definitions are this project's own:

**Episode.** It begins with a withdrawal or confrontation turn while no episode is open, and takes in every turn until
it ends. It ends with its last withdrawal, confrontation or repair turn, or with the later turn that took up a repair,
once `CALM_TURNS` turns that are neutral have followed; where a repair was accepted and no rupture came since,
`HOLD_TURNS`. Times play no part: many transcripts have none, and a long silence may belong to a strain.

**Repair attempt.** A repair turn within an episode; repair turns of one speaker with nobody between them are one
attempt. A turn with the marker `accept` answers the attempt that another made in the `CALM_TURNS` turns before it, and
is no attempt; where there was none, it is one.

**The other side** of an attempt: those who ruptured in the episode so far, but for the one who tries to repair; where
only that one did, everybody else.

**Reception.** The other side's next `ANSWER_TURNS` turns, at most `CALM_TURNS` turns on, decide by what comes first:

- accepted: a repair turn (in words), or a neutral turn of `TAKEN_UP_WORDS` words or more (taken up: the talk goes on
  together). The codebook makes a turn that changes the subject or shuts the talk a withdrawal, so a neutral turn with
  some substance is neither against nor away.
- refused: a confrontation, or a withdrawal by `exit`.
- ignored: any other withdrawal, or nothing but neutral scraps, or no turn at all.
- unknown: the transcript ends, or whoever tried to repair ruptures again, before these turns are over; or nobody else
  speaks in the session.

Answers toward, away from and against a bid are what Driver and Gottman (2004, Family Process 43(3)) tell apart.

**Outcome.** `repaired`: an attempt was accepted and no rupture of the episode came after that. `attempted`: there were
attempts, but not so. `open`: there were none.

A repair turn outside of every episode belongs to none: no rupture was seen before it. The labels do not say whom a turn
addresses, nor what it means to the people.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate

from mendline.model.annotation import AnnotatedTranscript
from mendline.model.labels import LABELS, RUPTURES, Label, Marker

CALM_TURNS = 10
"""Neutral turns after which a strain counts as left behind. The codebook looks about as far back for the strain that
makes a turn a repair, and the labels were made so."""

HOLD_TURNS = 6
"""Neutral turns after an accepted repair: about three exchanges. A rupture sooner shows that the repair did not hold; a
later one is a strain of its own."""

ANSWER_TURNS = 3
"""The other side's turns in which an answer is looked for: the first is often no more than a "Mm"."""

TAKEN_UP_WORDS = 4
"""Words that give a neutral turn substance. Fewer are hardly more than a yes, a no or a listener's sign."""

# "[sighs]" and "[3 min]" are not words.
_NOTE = re.compile(r"\[[^\[\]]*\]")


class Reception(StrEnum):
    """How the other side received a repair attempt. Defined at the head of this module."""

    ACCEPTED = "accepted"
    IGNORED = "ignored"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """What became of an episode. Defined at the head of this module."""

    REPAIRED = "repaired"
    ATTEMPTED = "attempted"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One speaker's attempt to repair.

    `turns` are its repair turns. `after_turns` and `after_seconds` count from the episode's first turn to the first of
    them, by their starts; seconds are None where a time is unknown or runs backwards. `answer` is the turn that decided
    `reception`, None where no single turn did. `in_words` says that it was accepted by a repair turn.
    """

    turns: tuple[int, ...]
    speaker: str
    after_turns: int
    after_seconds: float | None
    reception: Reception
    answer: int | None
    in_words: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A rupture and what came of it; turns by their index, `first` and `last` included.

    `until_end` says that the transcript ends before the episode does, so that what came of it may not be seen.

    How sure it is rests on the model's calibrated probabilities, and on no assumption about how they depend on each
    other. `rupture_at_least`: the largest probability of any of its turns to be a withdrawal or confrontation; that at
    least one of them is so is at least as probable. `weakest_link`: the probability of the least sure turn that the
    outcome rests on. The outcome is no surer than that, but may be less so where several turns must all be right.
    `to_check` are its turns that are marked for review.
    """

    number: int
    first: int
    last: int
    opened_by: str
    ruptures: tuple[int, ...]
    attempts: tuple[Attempt, ...]
    outcome: Outcome
    until_end: bool
    rupture_at_least: float
    weakest_link: float
    to_check: tuple[int, ...]


def find_episodes(session: AnnotatedTranscript) -> tuple[Episode, ...]:
    """Find the rupture episodes of a session, in order."""
    found: list[Episode] = []
    place, count = 0, len(session.annotations)
    while place < count:
        if session.annotations[place].label in RUPTURES:
            episode = _Course(session, place).follow(number=len(found) + 1)
            found.append(episode)
            place = episode.last
        place += 1
    return tuple(found)


def attempts_of(episodes: Iterable[Episode]) -> Iterator[Attempt]:
    """All repair attempts in some episodes, in order."""
    for episode in episodes:
        yield from episode.attempts


def words_of(text: str) -> int:
    """The number of words in a turn; notes in square brackets are none."""
    return len(_NOTE.sub(" ", text).split())


def seconds_between(session: AnnotatedTranscript, first: int, second: int) -> float | None:
    """Seconds from the start of one turn to that of a later one; None where a time is unknown or they run backwards."""
    start, end = session.transcript.turns[first].start, session.transcript.turns[second].start
    return end - start if start is not None and end is not None and end >= start else None


@dataclass(frozen=True, slots=True)
class _Answer:
    """How an attempt was received, the turn that decided it, and the probability that this turn is what it seems."""

    reception: Reception
    turn: int | None
    probability: float


@dataclass(slots=True)
class _Course:
    """An episode while it is being followed. `answers` go with `attempts`."""

    session: AnnotatedTranscript
    first: int
    last: int = field(init=False)
    ruptures: list[int] = field(default_factory=list)
    ruptured: set[str] = field(default_factory=set)
    attempts: list[Attempt] = field(default_factory=list)
    answers: list[_Answer] = field(default_factory=list)
    accepted_at: int = -1

    def follow(self, *, number: int) -> Episode:
        """Go on from the first turn to where the episode ends."""
        self.last = self.first
        until_end = True
        for annotation in self.session.annotations[self.first :]:
            if annotation.label in RUPTURES:
                self.ruptures.append(annotation.turn)
                self.ruptured.add(_speaker(self.session, annotation.turn))
            elif annotation.label is Label.REPAIR:
                self._repair(annotation.turn)
            elif annotation.turn - self.last >= (HOLD_TURNS if self.mended else CALM_TURNS):
                until_end = False
                break
            if annotation.label is not Label.NEUTRAL:
                self.last = max(self.last, annotation.turn)
        return self._episode(number=number, until_end=until_end)

    @property
    def mended(self) -> bool:
        """Whether an attempt was accepted and no rupture came since."""
        return self.accepted_at > self.ruptures[-1]

    def _repair(self, turn: int) -> None:
        turns: tuple[int, ...] = (turn,)
        before = self.attempts[-1] if self.attempts else None
        if before is not None and before.speaker == _speaker(self.session, turn) and before.turns[-1] == turn - 1:
            turns = (*self.attempts.pop().turns, turn)
            self.answers.pop()
        elif self._only_answers(turn):
            return
        self._attempt(turns)

    def _only_answers(self, turn: int) -> bool:
        """Whether a repair turn only receives the attempt of another."""
        return self.session.annotations[turn].marker is Marker.ACCEPT and any(
            attempt.speaker != _speaker(self.session, turn) and turn - attempt.turns[-1] <= CALM_TURNS
            for attempt in self.attempts[-CALM_TURNS:]
        )

    def _attempt(self, turns: tuple[int, ...]) -> None:
        speaker = _speaker(self.session, turns[0])
        answer = _answer(self.session, turns[-1], other_side=self.ruptured - {speaker} or None)
        accepted = answer.reception is Reception.ACCEPTED and answer.turn is not None
        self.answers.append(answer)
        self.attempts.append(
            Attempt(
                turns=turns,
                speaker=speaker,
                after_turns=turns[0] - self.first,
                after_seconds=seconds_between(self.session, self.first, turns[0]),
                reception=answer.reception,
                answer=answer.turn,
                in_words=accepted and self.session.annotations[answer.turn or 0].label is Label.REPAIR,
            )
        )
        self.last = max(self.last, answer.turn or 0)
        if accepted:
            self.accepted_at = max(self.accepted_at, answer.turn or 0)

    def _episode(self, *, number: int, until_end: bool) -> Episode:
        outcome = Outcome.REPAIRED if self.mended else Outcome.ATTEMPTED if self.attempts else Outcome.OPEN
        inside = self.session.annotations[self.first : self.last + 1]
        return Episode(
            number=number,
            first=self.first,
            last=self.last,
            opened_by=_speaker(self.session, self.first),
            ruptures=tuple(self.ruptures),
            attempts=tuple(self.attempts),
            outcome=outcome,
            until_end=until_end,
            rupture_at_least=max(_probability(self.session, turn, RUPTURES) for turn in self.ruptures),
            weakest_link=_weakest_link(self),
            to_check=tuple(annotation.turn for annotation in inside if annotation.needs_review),
        )


def _speaker(session: AnnotatedTranscript, turn: int) -> str:
    return session.transcript.turns[turn].speaker


def _answer(session: AnnotatedTranscript, turn: int, *, other_side: set[str] | None) -> _Answer:
    """How the attempt that ends with `turn` was received; `other_side` is None for everybody else."""
    answers, cut_short = _answers_to(session, turn, other_side=other_side)
    taken_up: int | None = None
    for answer in answers:
        annotation = session.annotations[answer]
        since = () if taken_up is None else session.annotations[taken_up + 1 : answer]
        if any(each.label in RUPTURES for each in since):
            break
        if annotation.label is Label.REPAIR:
            return _Answer(Reception.ACCEPTED, answer, _probability(session, answer, [Label.REPAIR]))
        if annotation.label in RUPTURES and taken_up is not None:
            break
        if annotation.label in RUPTURES:
            against = annotation.label is Label.CONFRONTATION or annotation.marker is Marker.EXIT
            reception = Reception.REFUSED if against else Reception.IGNORED
            return _Answer(reception, answer, _probability(session, answer, RUPTURES))
        if taken_up is None and words_of(session.transcript.turns[answer].text) >= TAKEN_UP_WORDS:
            taken_up = answer
    if taken_up is not None:
        return _Answer(Reception.ACCEPTED, taken_up, _probability(session, taken_up, set(LABELS) - RUPTURES))
    no_repair = min((1 - _probability(session, answer, [Label.REPAIR]) for answer in answers), default=1.0)
    return _Answer(Reception.UNKNOWN if cut_short else Reception.IGNORED, None, no_repair)


def _answers_to(session: AnnotatedTranscript, turn: int, *, other_side: set[str] | None) -> tuple[Sequence[int], bool]:
    """The turns that may answer, and whether the transcript ended or the speaker ruptured again before the reach."""
    speaker = _speaker(session, turn)
    end = turn + 1 + CALM_TURNS
    answers: list[int] = []
    for annotation in session.annotations[turn + 1 : end]:
        by = _speaker(session, annotation.turn)
        if by == speaker and annotation.label in RUPTURES:
            return answers, True
        if by != speaker and (other_side is None or by in other_side):
            answers.append(annotation.turn)
            if len(answers) == ANSWER_TURNS:
                return answers, False
    alone = all(each.speaker == speaker for each in session.transcript.turns)
    return answers, alone or end > len(session.annotations)


# How sure an episode is.


def _probability(session: AnnotatedTranscript, turn: int, labels: Iterable[Label]) -> float:
    """The probability of a turn to have any of `labels`; a sum of rounded parts stays within 1."""
    probabilities = session.annotations[turn].probabilities
    return min(1.0, sum(probabilities[LABELS.index(label)] for label in labels))


def _weakest_link(course: _Course) -> float:
    """The probability of the least sure turn that an episode's outcome rests on.

    Every outcome needs a rupture, for which the surest will do. `open` needs that no turn was a repair, `repaired` one
    attempt that is one and was accepted since the last rupture, `attempted` one attempt that is one, and for each what
    kept it from mending: its answer, or the surest rupture after it was accepted.
    """
    session, ruptures = course.session, course.ruptures
    rupture = max(_probability(session, turn, RUPTURES) for turn in ruptures)
    if not course.attempts:
        seen = range(course.first, min(course.last + CALM_TURNS, len(session.annotations) - 1) + 1)
        return min(rupture, *(1 - _probability(session, turn, [Label.REPAIR]) for turn in seen))
    tried = [max(_probability(session, turn, [Label.REPAIR]) for turn in each.turns) for each in course.attempts]
    if course.mended:
        held = (
            min(probability, answer.probability)
            for probability, answer in zip(tried, course.answers, strict=True)
            if answer.reception is Reception.ACCEPTED and answer.turn is not None and answer.turn > ruptures[-1]
        )
        return min(rupture, max(held))
    # The surest rupture from each on.
    surest = list(accumulate((_probability(session, turn, RUPTURES) for turn in reversed(ruptures)), max))[::-1]
    kept = (
        answer.probability
        if answer.reception is not Reception.ACCEPTED or answer.turn is None
        else surest[bisect_right(ruptures, answer.turn)]
        for answer in course.answers
    )
    return min(rupture, max(tried), *kept)
