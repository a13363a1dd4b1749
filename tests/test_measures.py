from __future__ import annotations

import pytest
from conversations import calm, conversation

from mendline.model.labels import Label
from mendline.review.episodes import Outcome, Reception
from mendline.review.measures import SEGMENT_SECONDS, SessionMeasures, review_session
from mendline.review.patterns import PatternKind

QUARREL = """
    0-4s A: Where were you last night?
    5-6s B [minimal]: Out.
    8-20s A [attack]: Out! That is all I ever get from you, out.
    21-22s B [exit]: I'm not doing this now.
    40-44s A [own]: Wait. I'm sorry, I was frightened.
    45-50s B [accept]: I know. I should have rung.
"""


def measures(text: str) -> SessionMeasures:
    return review_session(conversation(text)).measures


def test_counts_of_a_quarrel():
    found = measures(QUARREL)
    assert found.turns == 6
    assert found.duration == 50
    assert found.labels == {Label.WITHDRAWAL: 2, Label.CONFRONTATION: 1, Label.REPAIR: 2, Label.NEUTRAL: 1}
    assert (found.ruptures, found.episodes) == (3, 1)
    assert found.outcomes == {Outcome.REPAIRED: 1, Outcome.ATTEMPTED: 0, Outcome.OPEN: 0}
    assert found.receptions == {
        Reception.ACCEPTED: 1, Reception.IGNORED: 0, Reception.REFUSED: 0, Reception.UNKNOWN: 0
    }  # fmt: skip
    assert found.patterns[PatternKind.DEMAND_WITHDRAW] == 1
    assert found.neutral_share == pytest.approx(1 / 6)
    assert found.repair_rate == 1


def test_speakers():
    first, second = measures(QUARREL).speakers
    assert (first.speaker, first.role, first.turns, first.words, first.opened) == ("A", "a", 3, 21, 0)
    assert (second.speaker, second.turns, second.words, second.opened) == ("B", 3, 12, 1)
    assert first.word_share == pytest.approx(21 / 33)
    assert (first.seconds, first.timed_turns) == (4 + 12 + 4, 3)
    assert (first.ruptures, second.ruptures) == (1, 2)
    assert (first.labels[Label.REPAIR], second.labels[Label.REPAIR]) == (1, 1)
    assert first.attempts[Reception.ACCEPTED] == 1
    assert sum(second.attempts.values()) == 0


def test_talk_time_counts_only_turns_whose_length_is_known():
    first, second = measures("1-3s A: Hello.\n4s B: Hello.\n9-8s A: Backwards.\nA: When?").speakers
    assert (first.seconds, first.timed_turns, first.turns) == (2, 1, 3)
    assert (second.seconds, second.timed_turns) == (0, 0)


def test_how_soon_the_first_repair_comes():
    mended = "A [attack]: You.\n{}A [own]: Sorry.\nB [accept]: Thanks for that.\n" + calm(6, "A", "B") + "\n"
    found = measures(mended.format("") + mended.format("B: Mm.\n") + mended.format("B: Mm.\nA: So.\nB: Mm.\n"))
    assert found.episodes == 3
    assert found.median_turns_to_repair == 2
    assert found.median_seconds_to_repair is None


def test_seconds_to_the_first_repair():
    assert measures(QUARREL).median_seconds_to_repair == 35
    assert measures(QUARREL).median_turns_to_repair == 3


def test_nothing_to_measure():
    found = measures("T: How are you?\nC: Well, thank you.")
    assert (found.repair_rate, found.median_turns_to_repair, found.duration, found.segments) == (None, None, None, ())
    assert found.neutral_share == 1
    assert set(found.outcomes) == set(Outcome)
    assert set(found.patterns) == set(PatternKind)


def test_the_repair_rate_counts_open_episodes_too():
    text = f"A [attack]: You.\n{calm(10, 'A', 'B')}\nA [attack]: You.\nA [own]: Sorry.\nB [accept]: Thank you for that."
    found = measures(text)
    assert (found.outcomes[Outcome.OPEN], found.outcomes[Outcome.REPAIRED]) == (1, 1)
    assert found.repair_rate == 0.5


def test_segments_of_five_minutes():
    found = measures("""
        2s A: Hello, how are you both?
        B [minimal]: Fine.
        299.9s A [invite]: You went quiet.
        300s B: I did, I was miles away again.
        1000s A [attack]: You and your miles.
    """)
    assert [(each.start, each.turns, each.episodes) for each in found.segments] == [
        (0, 3, (1,)),
        (SEGMENT_SECONDS, 1, ()),
        (3 * SEGMENT_SECONDS, 1, ()),
    ]
    assert found.segments[0].labels[Label.WITHDRAWAL] == 1
    assert found.segments[2].labels[Label.CONFRONTATION] == 1


def test_turns_before_the_first_time_stand_with_it():
    found = measures("A: Hello.\n700s B: Hello.\n20s A: A clip from earlier.")
    assert [(each.start, each.turns) for each in found.segments] == [(0, 1), (600, 2)]


def test_a_time_beyond_all_measure_makes_no_more_segments():
    assert len(measures("1s A: Hello.\n99999999999s B: Hello.").segments) == 2


def test_doubtful_turns_are_counted():
    assert measures("A [attack 0.4?]: You.\nB [none 0.4?]: Me.").needs_review == 2


def test_no_words_at_all():
    [speaker] = measures("A: [silence]").speakers
    assert (speaker.words, speaker.word_share) == (0, 0)
