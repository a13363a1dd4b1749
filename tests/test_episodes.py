from __future__ import annotations

import time

import pytest
from conversations import calm, conversation

from mendline.model.annotation import AnnotatedTranscript
from mendline.review.episodes import (
    ANSWER_TURNS,
    CALM_TURNS,
    HOLD_TURNS,
    TAKEN_UP_WORDS,
    Episode,
    Outcome,
    Reception,
    attempts_of,
    find_episodes,
    words_of,
)
from mendline.review.patterns import PatternKind, find_patterns


def only(text: str) -> Episode:
    [episode] = find_episodes(conversation(text))
    return episode


def receptions(text: str) -> list[tuple[str, str, int | None]]:
    return [(each.speaker, each.reception, each.answer) for each in attempts_of(find_episodes(conversation(text)))]


# Where an episode begins and ends


def test_a_smooth_conversation_has_no_episode():
    assert find_episodes(conversation("T: How was the week?\nC: Good, thanks.\nT [validate]: That took courage.")) == ()
    assert find_episodes(AnnotatedTranscript(conversation("T: x").transcript, conversation("T: x").annotations)) == ()


def test_a_quarrel_that_is_mended():
    episode = only("""
        A: The bins are out.
        A [attack]: You never do a thing in this house.
        B [defend]: I did them all last week.
        A [own]: You did. I'm sorry, that was unfair.
        B [accept]: Thank you. I know you're tired.
        A: Tea?
    """)
    assert (episode.first, episode.last, episode.opened_by) == (1, 4, "A")
    assert episode.ruptures == (1, 2)
    assert episode.outcome is Outcome.REPAIRED
    [attempt] = episode.attempts
    assert (attempt.turns, attempt.speaker, attempt.after_turns) == ((3,), "A", 2)
    assert (attempt.reception, attempt.answer, attempt.in_words) == (Reception.ACCEPTED, 4, True)
    assert episode.until_end


def test_nobody_tries():
    episode = only(f"A [attack]: You're useless.\nB [exit]: I'm off.\n{calm(CALM_TURNS, 'A', 'B')}")
    assert (episode.outcome, episode.attempts, episode.last, episode.until_end) == (Outcome.OPEN, (), 1, False)


@pytest.mark.parametrize(("between", "episodes"), [(CALM_TURNS - 1, 1), (CALM_TURNS, 2)])
def test_ruptures_that_are_near_belong_together(between, episodes):
    text = f"A [attack]: You again.\n{calm(between, 'A', 'B')}\nB [complain]: Always me."
    assert len(find_episodes(conversation(text))) == episodes


@pytest.mark.parametrize(("between", "outcomes"), [(HOLD_TURNS - 1, ["attempted"]), (HOLD_TURNS, ["repaired", "open"])])
def test_a_repair_that_does_not_hold_is_none(between, outcomes):
    text = f"""
        A [attack]: You again.
        A [own]: Sorry, that was mean.
        B [accept]: Thanks for saying it.
        {calm(between, "A", "B")}
        A [attack]: You are still useless, though.
    """
    assert [episode.outcome for episode in find_episodes(conversation(text))] == outcomes


def test_a_repair_refused_keeps_the_episode_open_for_longer():
    text = f"A [attack]: You.\nA [own]: Sorry.\nB [reject]: No.\n{calm(CALM_TURNS - 1, 'A', 'B')}\nB [exit]: Bye."
    assert only(text).last == CALM_TURNS + 2


def test_until_end_says_that_the_rest_is_not_seen():
    assert not only(f"A [attack]: You.\n{calm(CALM_TURNS, 'B', 'A')}").until_end
    assert only(f"A [attack]: You.\n{calm(CALM_TURNS - 1, 'B', 'A')}").until_end


def test_episodes_are_numbered_and_do_not_overlap():
    once = f"A [attack]: You.\nA [own]: Sorry.\nB [accept]: Thank you.\n{calm(HOLD_TURNS, 'A', 'B')}\n"
    episodes = find_episodes(conversation(once * 3))
    assert [(each.number, each.first, each.last) for each in episodes] == [(1, 0, 2), (2, 9, 11), (3, 18, 20)]


# Attempts


def test_turns_of_one_speaker_are_one_attempt():
    episode = only("""
        A [attack]: You never listen.
        A [own]: Sorry.
        A [disclose]: I got scared.
        B [accept]: I know.
    """)
    assert [attempt.turns for attempt in episode.attempts] == [(1, 2)]


def test_an_answer_in_kind_is_an_attempt_too():
    assert receptions("""
        A [attack]: You never listen.
        B [defend]: I do.
        A [own]: I'm sorry.
        B [own]: So am I, I wasn't listening.
        A [accept]: Come here.
    """) == [("A", "accepted", 3), ("B", "accepted", 4)]


def test_softening_that_answers_nothing_is_an_attempt():
    assert receptions("A [attack]: You.\nB [accept]: All right, you have a point.\nA: Well, there it is then.") == [
        ("B", "accepted", 2)
    ]


def test_seconds_are_counted_from_the_first_rupture():
    episode = only("10-12s A [attack]: You.\n13s B: What?\n31.5s A [own]: Sorry.\n33s B [accept]: Okay, thanks.")
    assert episode.attempts[0].after_seconds == pytest.approx(21.5)


@pytest.mark.parametrize("start", ["", "4s "])
def test_seconds_are_unknown_without_times_or_where_they_run_backwards(start):
    episode = only(f"10s A [attack]: You.\n{start}A [own]: Sorry.")
    assert episode.attempts[0].after_seconds is None
    assert episode.attempts[0].after_turns == 1


# Receptions


def test_refused():
    text = "A [attack]: You never listen.\nA [own]: I'm sorry.\nB [attack]: Spare me."
    assert receptions(text) == [("A", "refused", 2)]
    assert only(text).outcome is Outcome.ATTEMPTED


def test_walking_out_is_refusing_and_shrugging_is_ignoring():
    start = "T [control]: You have to stop.\nC [minimal]: Whatever.\nT [invite]: I pushed you. What was that like?\n"
    assert receptions(start + "C [exit]: Can we stop here?") == [("T", "refused", 3)]
    assert receptions(start + "C [minimal]: Fine.") == [("T", "ignored", 3)]
    assert receptions(start + "C [avoid]: Did I tell you about the car?") == [("T", "ignored", 3)]


def test_talk_that_goes_on_takes_a_repair_up():
    episode = only("""
        C [minimal]: Fine.
        T [invite]: You went quiet. Did I lose you?
        C: A bit. It was the word mother that did it.
        T: Mother.
    """)
    assert (episode.attempts[0].reception, episode.attempts[0].answer) == (Reception.ACCEPTED, 2)
    assert not episode.attempts[0].in_words
    assert (episode.outcome, episode.last) == (Outcome.REPAIRED, 2)


def test_scraps_are_no_answer():
    scraps = "\n".join(["T: Mm.", "C: Hm. [looks at the wall]"] * ANSWER_TURNS)
    start = "C [minimal]: Fine.\nT [invite]: You went quiet.\n"
    assert receptions(f"{start}{scraps}") == [("T", "ignored", None)]


def test_a_late_answer_counts_and_a_later_one_does_not():
    start = "C [minimal]: Fine.\nT [invite]: You went quiet.\n"
    scraps = "C: Mm.\nT: Mm.\n"
    answer = "C [disclose]: I felt told off."
    assert receptions(start + scraps * (ANSWER_TURNS - 1) + answer)[0] == ("T", "accepted", 2 * ANSWER_TURNS)
    assert receptions(start + scraps * ANSWER_TURNS + answer)[0] == ("T", "ignored", None)


def test_words_make_the_difference_between_a_scrap_and_an_answer():
    start = "C [minimal]: Fine.\nT [invite]: You went quiet.\n"
    scraps = "T: Mm.\nC: Mm.\n" * (ANSWER_TURNS - 1)
    assert receptions(start + "C: " + "so " * (TAKEN_UP_WORDS - 1) + "\n" + scraps)[0][1] == "ignored"
    assert receptions(start + "C: " + "so " * TAKEN_UP_WORDS + "\n" + scraps)[0][1] == "accepted"


def test_a_rupture_after_it_was_taken_up_breaks_the_repair_and_not_its_reception():
    text = """
        B [attack]: You never listen.
        A [own]: I'm sorry, I was miles off.
        B: You were looking at your phone again.
        B [attack]: You and that bloody phone.
    """
    assert receptions(text) == [("A", "accepted", 2)]
    assert only(text).outcome is Outcome.ATTEMPTED


def test_unknown_where_the_transcript_ends():
    assert receptions("A [attack]: You.\nA [own]: Sorry.") == [("A", "unknown", None)]
    assert receptions("A [attack]: You.\nA [own]: Sorry.\nB: Mm.") == [("A", "unknown", None)]


def test_unknown_where_nobody_else_speaks():
    text = "A [attack]: You.\nA [own]: Sorry.\n" + "A: So we went on from there.\n" * 12
    assert receptions(text) == [("A", "unknown", None)]


def test_a_rupture_by_a_third_person_ends_the_wait_for_more():
    text = """
        A [attack]: You never listen.
        T [validate]: That sounds lonely.
        A: Yes that is true indeed.
        B [attack]: Oh here we go.
        A [own]: Sorry. I'll say it better.
    """
    assert receptions(text)[0] == ("T", "accepted", 2)


def test_unknown_where_the_repair_is_taken_back_before_an_answer():
    text = "A [attack]: You.\nA [own]: Sorry.\nA [attack]: But you started it.\nB: I never even said a word."
    assert receptions(text) == [("A", "unknown", None)]


def test_the_other_side_are_those_who_quarrel():
    """A therapist's turn between does not answer an apology that one partner makes to the other."""
    text = """
        A [attack]: You never listen.
        B [defend]: I do nothing else all day.
        A [own]: I'm sorry, that was unfair.
        T: Let us stay with that for a moment.
        B [reject]: No, I don't want it.
    """
    assert receptions(text) == [("A", "refused", 4)]


def test_where_only_one_ruptured_anybody_else_can_answer():
    text = "A [attack]: You never listen.\nA [own]: Sorry, both of you.\nT [accept]: Thank you, that helps."
    assert receptions(text) == [("A", "accepted", 2)]


def test_silence_of_the_other_side_is_ignoring():
    text = f"A [attack]: You.\nB [defend]: No.\nA [own]: Sorry.\n{calm(CALM_TURNS, 'T')}"
    assert receptions(text) == [("A", "ignored", None)]


def test_notes_in_brackets_are_no_words():
    assert words_of("[long pause, looks at the floor] Well. [3 min] Yes") == 2
    assert words_of("") == 0


# How sure


def test_an_episode_is_as_sure_as_its_surest_rupture():
    # A neutral 0.4 leaves 0.2 for each of the others; a withdrawal of 0.5 adds the confrontation's share.
    episode = only("A [minimal 0.5?]: Fine.\nB: What?\nA [attack 0.7]: Leave me be.")
    assert episode.rupture_at_least == pytest.approx(0.7 + 0.1)
    assert episode.to_check == (0,)


def test_a_repaired_episode_is_no_surer_than_the_answer_that_decides():
    text = "A [attack 0.97]: You.\nA [own 0.94]: Sorry.\nB [accept {}]: Thank you."
    assert only(text.format("0.61")).weakest_link == pytest.approx(0.61)
    assert only(text.format("0.99")).weakest_link == pytest.approx(0.94)


def test_of_several_mended_ways_the_surest_counts():
    text = "A [attack 0.97]: You.\nA [own 0.5]: Sorry.\nB [own 0.9]: Me too.\nA [accept 0.88]: Okay, thank you."
    assert only(text).weakest_link == pytest.approx(0.88)


def test_an_attempt_that_failed_is_no_surer_than_its_refusal():
    text = "A [attack 0.97]: You.\nA [own 0.94]: Sorry.\nB [reject 0.4?]: Hm, no."
    assert only(text).weakest_link == pytest.approx(0.4 + 0.2)


def test_a_repair_that_did_not_hold_rests_on_the_rupture_after_it():
    text = "A [attack 0.97]: You.\nA [own 0.94]: Sorry.\nB [accept]: Thanks.\nA [attack 0.7]: You fool."
    assert only(text).weakest_link == pytest.approx(0.7 + 0.1)


def test_open_rests_on_no_turn_being_a_repair():
    text = "A [attack 0.97]: You.\nB [none 0.4?]: Look, I know.\nA: So."
    assert only(text).weakest_link == pytest.approx(1 - 0.2)


# Patterns


def patterns(text: str) -> list[tuple[str, tuple[str, ...], tuple[int, ...]]]:
    session = conversation(text)
    return [(each.kind, each.speakers, each.turns) for each in find_patterns(session, find_episodes(session))]


def of_kind(kind: PatternKind, text: str) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
    return [(speakers, turns) for found, speakers, turns in patterns(text) if found == kind]


def test_demand_and_withdrawal():
    text = """
        A [complain]: You never tell me anything.
        B [minimal]: Nothing to tell.
        A [attack]: See? A wall.
        T: Ben?
        B [exit]: I'd rather not.
    """
    assert of_kind(PatternKind.DEMAND_WITHDRAW, text) == [(("A", "B"), (0, 1, 2, 4))]


def test_no_demand_and_withdrawal_by_one_person_or_far_apart():
    assert of_kind(PatternKind.DEMAND_WITHDRAW, "A [attack]: You.\nA [exit]: I'm off.\nB: Bye.") == []
    far = f"A [attack]: You.\n{calm(3, 'T')}\nB [exit]: I'm off."
    assert of_kind(PatternKind.DEMAND_WITHDRAW, far) == []
    near = f"A [attack]: You.\n{calm(2, 'T')}\nB [exit]: I'm off."
    assert of_kind(PatternKind.DEMAND_WITHDRAW, near) == [(("A", "B"), (0, 3))]


def test_a_spiral_goes_there_and_back_and_there_again():
    text = "A [attack]: You.\nB [defend]: Me?\nA [attack]: Yes.\nT: Hold on.\nB [attack]: Never."
    assert of_kind(PatternKind.SPIRAL, text) == [(("A", "B"), (0, 1, 2, 4))]


@pytest.mark.parametrize(
    "text",
    [
        "A [attack]: You.\nB [defend]: Me?",
        "A [attack]: You.\nA [attack]: And you.\nA [complain]: And that.",
        "A [attack]: You.\nB [own]: Sorry.\nA [attack]: No.\nB [defend]: But.",
        f"A [attack]: You.\nB [defend]: Me?\n{calm(3, 'T')}\nA [attack]: Yes.",
        "A [attack]: You.\nB [attack]: You.\nC [attack]: Both.",
    ],
)
def test_no_spiral(text):
    assert of_kind(PatternKind.SPIRAL, text) == []


def test_a_third_who_joins_in_begins_a_spiral_of_his_own():
    text = "A [attack]: 1.\nB [attack]: 2.\nA [attack]: 3.\nC [attack]: 4.\nA [attack]: 5."
    assert of_kind(PatternKind.SPIRAL, text) == [(("A", "B"), (0, 1, 2)), (("A", "C"), (2, 3, 4))]


def test_unanswered_repairs_are_those_that_were_ignored():
    text = """
        C [minimal]: Fine.
        T [invite]: You went quiet.
        C [minimal]: No.
        T [own]: I think I pushed.
        C [avoid]: Nice plant.
        T [renegotiate]: Shall we do something else?
        C [reject]: I said no.
    """
    assert of_kind(PatternKind.UNANSWERED, text) == [(("T",), (1, 3))]


def test_a_withdrawal_that_nobody_picks_up():
    text = f"T: And the weekend?\nC [minimal]: Fine.\n{calm(CALM_TURNS, 'T', 'C')}\nT [invite]: You went quiet before."
    assert of_kind(PatternKind.NOT_PICKED_UP, text) == [(("C",), (1,))]


@pytest.mark.parametrize(
    "answer", ["T [invite]: You went quiet.", "T [control]: Answer me.", "C [disclose]: I'm hurt."]
)
def test_a_withdrawal_that_is_picked_up(answer):
    text = f"C [minimal]: Fine.\n{calm(CALM_TURNS - 1, 'T', 'C')}\n{answer}"
    assert of_kind(PatternKind.NOT_PICKED_UP, text) == []


def test_nobody_can_pick_up_a_last_word():
    assert of_kind(PatternKind.NOT_PICKED_UP, "T: And you?\nC [exit]: I'm leaving.") == []


def test_time_grows_with_the_length_only():
    """Five thousand moves in one episode, the worst there is, take well under the time a quadratic search would."""
    text = "A [attack]: You there now listen.\nB [own]: I am sorry about it.\n" * 2500
    session = conversation(text)
    before = time.process_time()
    [episode] = find_episodes(session)
    find_patterns(session, [episode])
    assert time.process_time() - before < 2
    assert len(episode.attempts) == 2500
