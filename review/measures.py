"""Figures of one session: who did how much of what, how often ruptures were repaired and how soon, and when.

Pure functions on annotated turns and their episodes; knows no file and no layout. They count the labels as they were
given; how sure an episode is stands with the episode.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import TypeVar

from mendline.model.annotation import AnnotatedTranscript
from mendline.model.labels import RUPTURES, Label
from mendline.review.episodes import Episode, Outcome, Reception, attempts_of, find_episodes, words_of
from mendline.review.patterns import Pattern, PatternKind, find_patterns
from mendline.transcripts.transcript import Turn

Key = TypeVar("Key", bound=StrEnum)

SEGMENT_SECONDS = 300
"""Five minutes, the unit in which observers rate ruptures with the 3RS (Eubanks, Lubitz, Muran and Safran 2019)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerMeasures:
    """What one speaker did.

    `seconds` is the length of those of the speaker's turns whose start and end are known, `timed_turns` their number.
    `opened` counts the episodes that began with this speaker. `attempts` holds the receptions of this speaker's repair
    attempts, every kind.
    """

    speaker: str
    role: str
    turns: int
    words: int
    word_share: float
    seconds: float
    timed_turns: int
    labels: dict[Label, int]
    opened: int
    attempts: dict[Reception, int]

    @property
    def ruptures(self) -> int:
        """Turns that are a withdrawal or confrontation."""
        return sum(self.labels[label] for label in RUPTURES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Five minutes, from `start` seconds on, in which turns begin: the number of each label, and of episodes begun."""

    start: int
    turns: int
    labels: dict[Label, int]
    episodes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMeasures:
    """The figures of one session; dictionaries have every key.

    `duration` is the time from the earliest start to the latest time of any turn, in seconds. `segments` are empty
    where no turn has a time, and leave out those in which nobody begins to speak. What cannot be computed is None:
    shares of nothing and medians of nothing.
    """

    turns: int
    duration: float | None
    labels: dict[Label, int]
    needs_review: int
    outcomes: dict[Outcome, int]
    receptions: dict[Reception, int]
    patterns: dict[PatternKind, int]
    median_turns_to_repair: float | None
    median_seconds_to_repair: float | None
    speakers: tuple[SpeakerMeasures, ...]
    segments: tuple[Segment, ...]

    @property
    def episodes(self) -> int:
        """The number of rupture episodes."""
        return sum(self.outcomes.values())

    @property
    def ruptures(self) -> int:
        """Turns that are a withdrawal or confrontation."""
        return sum(self.labels[label] for label in RUPTURES)

    @property
    def neutral_share(self) -> float | None:
        """The part of the turns that is neutral: neither rupture nor repair."""
        return self.labels[Label.NEUTRAL] / self.turns if self.turns else None

    @property
    def repair_rate(self) -> float | None:
        """The part of the episodes that was repaired."""
        return self.outcomes[Outcome.REPAIRED] / self.episodes if self.episodes else None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A session with its episodes, patterns and figures."""

    session: AnnotatedTranscript
    episodes: tuple[Episode, ...]
    patterns: tuple[Pattern, ...]
    measures: SessionMeasures


def review_session(session: AnnotatedTranscript) -> Reviewed:
    """Find the episodes and patterns of a session and measure it."""
    episodes = find_episodes(session)
    patterns = find_patterns(session, episodes)
    return Reviewed(session, episodes, patterns, measure(session, episodes, patterns))


def measure(session: AnnotatedTranscript, episodes: Sequence[Episode], patterns: Sequence[Pattern]) -> SessionMeasures:
    """The figures of a session whose episodes and patterns are known."""
    first = [episode.attempts[0] for episode in episodes if episode.attempts]
    seconds = [attempt.after_seconds for attempt in first if attempt.after_seconds is not None]
    return SessionMeasures(
        turns=len(session.annotations),
        duration=_duration(session),
        labels=_labels(session, range(len(session.annotations))),
        needs_review=sum(annotation.needs_review for annotation in session.annotations),
        outcomes=_every(Outcome, Counter(episode.outcome for episode in episodes)),
        receptions=_every(Reception, Counter(attempt.reception for attempt in attempts_of(episodes))),
        patterns=_every(PatternKind, Counter(pattern.kind for pattern in patterns)),
        median_turns_to_repair=median(attempt.after_turns for attempt in first) if first else None,
        median_seconds_to_repair=median(seconds) if seconds else None,
        speakers=_speakers(session, episodes),
        segments=_segments(session, episodes),
    )


def _every(keys: type[Key], counts: Counter[Key]) -> dict[Key, int]:
    return {key: counts[key] for key in keys}


def _labels(session: AnnotatedTranscript, turns: Iterable[int]) -> dict[Label, int]:
    return _every(Label, Counter(session.annotations[turn].label for turn in turns))


def _duration(session: AnnotatedTranscript) -> float | None:
    starts = [turn.start for turn in session.transcript.turns if turn.start is not None]
    ends = [turn.end for turn in session.transcript.turns if turn.end is not None]
    return max(*starts, *ends) - min(starts) if len(starts) + len(ends) > 1 and starts else None


def _speakers(session: AnnotatedTranscript, episodes: Sequence[Episode]) -> tuple[SpeakerMeasures, ...]:
    """One entry for each speaker, in the order in which they first speak."""
    turns_of: dict[str, list[Turn]] = {}
    for turn in session.transcript.turns:
        turns_of.setdefault(turn.speaker, []).append(turn)
    opened = Counter(episode.opened_by for episode in episodes)
    received: dict[str, Counter[Reception]] = {speaker: Counter() for speaker in turns_of}
    for attempt in attempts_of(episodes):
        received[attempt.speaker][attempt.reception] += 1
    words = {speaker: sum(words_of(turn.text) for turn in turns) for speaker, turns in turns_of.items()}
    total = sum(words.values())
    measures = []
    for speaker, turns in turns_of.items():
        lengths = [turn.end - turn.start for turn in turns if turn.start is not None and turn.end is not None]
        timed = [length for length in lengths if length >= 0]
        measures.append(
            SpeakerMeasures(
                speaker=speaker,
                role=turns[0].role,
                turns=len(turns),
                words=words[speaker],
                word_share=words[speaker] / total if total else 0.0,
                seconds=sum(timed),
                timed_turns=len(timed),
                labels=_labels(session, (turn.index for turn in turns)),
                opened=opened[speaker],
                attempts=_every(Reception, received[speaker]),
            )
        )
    return tuple(measures)


def _segments(session: AnnotatedTranscript, episodes: Sequence[Episode]) -> tuple[Segment, ...]:
    """A turn without a start counts where the turn before it does; those before the first time, where that is."""
    starts = [turn.start for turn in session.transcript.turns]
    now = next((start for start in starts if start is not None), None)
    if now is None:
        return ()
    turns_in: dict[int, list[int]] = {}
    for turn, start in enumerate(starts):
        now = now if start is None else start
        turns_in.setdefault(int(now // SEGMENT_SECONDS), []).append(turn)
    begun = {episode.first: episode.number for episode in episodes}
    return tuple(
        Segment(
            start=number * SEGMENT_SECONDS,
            turns=len(turns),
            labels=_labels(session, turns),
            episodes=tuple(begun[turn] for turn in turns if turn in begun),
        )
        for number, turns in sorted(turns_in.items())
    )
