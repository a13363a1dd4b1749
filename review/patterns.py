"""Patterns over rupture episodes: moves of two people that belong together. Knows no file and no layout.

The definitions are this project's own; the ideas come from research on couples:

- **demand–withdraw** (Christensen and Heavey 1990): one confronts and another withdraws within `NEXT_TURNS` turns. A
  withdrawal counts once, with the nearest confrontation before it.
- **confrontation spiral** (negative reciprocity: Gottman, Markman and Notarius 1977): two people confront each other by
  turns, at least `SPIRAL_CHANGES` changes of speaker, each within `NEXT_TURNS` turns of the turn before and with no
  repair between.
- **unanswered repair** (turning away from a bid: Driver and Gottman 2004): one speaker's repair attempts that were
  ignored. An attempt that was refused had an answer.
- **withdrawal that nobody picks up**: one speaker withdraws, others speak in the `CALM_TURNS` turns after it, and in
  none of these does anybody repair or another confront. One that is answered with a confrontation was noticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from mendline.model.annotation import AnnotatedTranscript
from mendline.model.labels import Label
from mendline.review.episodes import CALM_TURNS, Episode, Reception

NEXT_TURNS = 3
"""Turns within which one move answers another: a listener's sign or a therapist's turn may stand between."""

SPIRAL_CHANGES = 2
"""Changes of speaker that make a spiral: there, back, and there again. One answer alone is a quarrel's first half."""


class PatternKind(StrEnum):
    """Defined at the head of this module."""

    DEMAND_WITHDRAW = "demand-withdraw"
    SPIRAL = "confrontation spiral"
    UNANSWERED = "unanswered repair"
    NOT_PICKED_UP = "withdrawal not picked up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A pattern in one episode.

    `turns` are the moves that make it, by their index. `speakers`: who begins and who answers (demand–withdraw), the
    two in the order in which they begin (spiral), the one whose repair or withdrawal it was (the others).
    """

    kind: PatternKind
    episode: int
    speakers: tuple[str, ...]
    turns: tuple[int, ...]


def find_patterns(session: AnnotatedTranscript, episodes: Sequence[Episode]) -> tuple[Pattern, ...]:
    """Find the patterns of each episode, in order.

    An episode has one pattern for each kind and its speakers, which holds all turns that make it; but each spiral is a
    pattern of its own.
    """
    found: list[Pattern] = []
    for episode in episodes:
        found.extend(_demand_withdraw(session, episode))
        found.extend(_spirals(session, episode))
        found.extend(_unanswered(episode))
        found.extend(_not_picked_up(session, episode))
    return tuple(found)


def _demand_withdraw(session: AnnotatedTranscript, episode: Episode) -> Iterator[Pattern]:
    pairs: dict[tuple[str, str], set[int]] = {}
    confrontations: list[int] = []
    for turn in episode.ruptures:
        if session.annotations[turn].label is Label.CONFRONTATION:
            confrontations.append(turn)
            continue
        by = _speaker(session, turn)
        near = (each for each in reversed(confrontations[-NEXT_TURNS:]) if turn - each <= NEXT_TURNS)
        demand = next((each for each in near if _speaker(session, each) != by), None)
        if demand is not None:
            pairs.setdefault((_speaker(session, demand), by), set()).update((demand, turn))
    for speakers, turns in pairs.items():
        yield _pattern(PatternKind.DEMAND_WITHDRAW, episode, speakers, turns)


def _spirals(session: AnnotatedTranscript, episode: Episode) -> Iterator[Pattern]:
    for chain in _chains(session, episode):
        speakers = [_speaker(session, turn) for turn in chain]
        changes = sum(one != other for one, other in pairwise(speakers))
        if changes >= SPIRAL_CHANGES:
            yield _pattern(PatternKind.SPIRAL, episode, dict.fromkeys(speakers), chain)


def _chains(session: AnnotatedTranscript, episode: Episode) -> Iterator[list[int]]:
    """Runs of confrontations of at most two speakers, each near the one before and without a repair between.

    Where a third speaker joins in, the next chain begins with the turns that he or she answers.
    """
    chain: list[int] = []
    speakers: list[str] = []
    run = 0  # where in the chain the last speaker's turns begin
    for annotation in session.annotations[episode.first : episode.last + 1]:
        turn = annotation.turn
        if annotation.label is Label.REPAIR or (chain and turn - chain[-1] > NEXT_TURNS):
            yield chain
            chain, speakers = [], []
        if annotation.label is not Label.CONFRONTATION:
            continue
        speaker = _speaker(session, turn)
        if len(speakers) == 2 and speaker not in speakers:
            yield chain
            chain, speakers, run = chain[run:], [_speaker(session, chain[-1])], 0
        if not chain or _speaker(session, chain[-1]) != speaker:
            run = len(chain)
        speakers += [] if speaker in speakers else [speaker]
        chain.append(turn)
    yield chain


def _unanswered(episode: Episode) -> Iterator[Pattern]:
    ignored: dict[str, list[int]] = {}
    for attempt in episode.attempts:
        if attempt.reception is Reception.IGNORED:
            ignored.setdefault(attempt.speaker, []).extend(attempt.turns)
    for speaker, turns in ignored.items():
        yield _pattern(PatternKind.UNANSWERED, episode, (speaker,), turns)


def _not_picked_up(session: AnnotatedTranscript, episode: Episode) -> Iterator[Pattern]:
    left: dict[str, list[int]] = {}
    for turn in episode.ruptures:
        if session.annotations[turn].label is Label.WITHDRAWAL and not _picked_up(session, turn):
            left.setdefault(_speaker(session, turn), []).append(turn)
    for speaker, turns in left.items():
        yield _pattern(PatternKind.NOT_PICKED_UP, episode, (speaker,), turns)


def _picked_up(session: AnnotatedTranscript, turn: int) -> bool:
    """Whether anybody repairs or another confronts soon after a withdrawal, or that cannot be told."""
    following = session.annotations[turn + 1 : turn + 1 + CALM_TURNS]
    others = [each for each in following if _speaker(session, each.turn) != _speaker(session, turn)]
    return (
        len(following) < CALM_TURNS  # the transcript ends before it is seen
        or not others
        or any(each.label is Label.REPAIR for each in following)
        or any(each.label is Label.CONFRONTATION for each in others)
    )


def _speaker(session: AnnotatedTranscript, turn: int) -> str:
    return session.transcript.turns[turn].speaker


def _pattern(kind: PatternKind, episode: Episode, speakers: Iterable[str], turns: Iterable[int]) -> Pattern:
    return Pattern(kind=kind, episode=episode.number, speakers=tuple(speakers), turns=tuple(sorted(turns)))
