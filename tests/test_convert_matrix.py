"""Every format that is read, written in every format that is written, and read again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from samples import SAMPLES

from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError, TranscriptError
from mendline.transcripts.formats.kept import TIMES, Kept
from mendline.transcripts.losses import losses
from mendline.transcripts.notes import TurnNote, note_with
from mendline.transcripts.reading import FORMATS, format_named, format_of, read_transcripts
from mendline.transcripts.roles import role_words
from mendline.transcripts.transcript import Transcript, Turn
from mendline.transcripts.writing import WRITABLE, written

NEED_TIMES = {"webvtt", "srt", "elan", "textgrid"}
ROUNDED = 0.0011


def noted(label: str, marker: str | None, probability: float, *, needs_review: bool = False) -> TurnNote:
    rest = round((1 - probability) / 3, 4)
    shares = {
        f"p_{each}": probability if each == label else rest
        for each in ("withdrawal", "confrontation", "repair", "neutral")
    }
    sure = {"probability": probability, **shares, "needs_review": needs_review, "checkpoint": "m (1)"}
    return note_with({"label": label, "marker": marker, **sure})


NOTES = (
    noted("confrontation", "attack", 0.91),
    noted("neutral", None, 0.97),
    noted("repair", "own", 0.55, needs_review=True),
    noted("neutral", None, 0.41, needs_review=True),
)


def read_sample(kind: str) -> Transcript:
    sample = SAMPLES[kind]
    (transcript,) = read_transcripts(Document.from_bytes(sample.raw, name=sample.name, path=Path(sample.name)))
    return transcript


def document(raw: bytes, kind: str) -> Document:
    name = f"talk{format_named(kind).EXTENSIONS[0]}"
    return Document.from_bytes(raw, name=name, path=Path(name))


def write(transcripts: Sequence[Transcript], kind: str) -> bytes:
    notes = [[note or TurnNote() for note in each.notes or [None] * len(each.turns)] for each in transcripts]
    return written(transcripts, notes, format_name=kind)


def labels_of(transcript: Transcript) -> list[tuple[object, ...]]:
    """Label, marker, probability in two decimals and doubt of each turn that is not plainly neutral."""
    names = ("label", "marker", "probability", "needs_review")
    return [
        (place, *(round(value, 2) if isinstance(value := note.values[name], float) else value for name in names))
        for place, note in enumerate(transcript.notes)
        if note is not None and note.text is not None
    ]


def test_every_format_has_a_sample() -> None:
    assert set(SAMPLES) >= {each.NAME for each in FORMATS}


@pytest.mark.parametrize("target", WRITABLE)
@pytest.mark.parametrize("source", [each.NAME for each in FORMATS])
def test_from_every_format_to_every_other(source: str, target: str) -> None:
    transcript = replace(read_sample(source), notes=NOTES)
    timed = transcript.turns[0].start is not None
    if target in NEED_TIMES and not timed:
        with pytest.raises(OutputError, match=r"turn 1 of session \w+ has no time, and \w+ needs one.*--start-column"):
            write([transcript], target)
        return
    data = write([transcript], target)
    assert target == format_of(document(data, target)).NAME
    (again,) = read_transcripts(document(data, target))
    assert [turn.text for turn in again.turns] == [turn.text for turn in transcript.turns]
    assert [turn.speaker for turn in again.turns] == [turn.speaker for turn in transcript.turns]
    guessed = role_words([turn.speaker for turn in transcript.turns], {})
    if Kept.ROLES in format_named(target).KEEPS or source != "chat":
        assert [turn.role for turn in again.turns] == [turn.role for turn in transcript.turns]
    else:  # The codes of CHAT say no role by themselves.
        assert [turn.role for turn in again.turns] == [guessed[turn.speaker] for turn in transcript.turns]
    assert labels_of(again) == labels_of(transcript)
    assert len(labels_of(again)) == 3
    keeps = format_named(target).KEEPS
    for time in TIMES:
        name = time.removesuffix("s")
        before, after = ([getattr(turn, name) for turn in each.turns] for each in (transcript, again))
        if time in keeps and timed and None not in before:
            assert after == pytest.approx(before, abs=ROUNDED)
    if Kept.IDS in keeps and transcript.turns[0].source_ids:
        assert [turn.source_ids for turn in again.turns] == [turn.source_ids for turn in transcript.turns]
    if Kept.PROBABILITIES in keeps:
        assert [note.values for note in again.notes if note] == [note.values for note in NOTES]


@pytest.mark.parametrize("target", WRITABLE)
def test_without_labels_there_are_none_when_read_again(target: str) -> None:
    (again,) = read_transcripts(document(write([read_sample("jsonl")], target), target))
    assert again.notes == ()


# What the formats say that they keep

LOST = {
    "setting": Kept.SETTING,
    "role": Kept.ROLES,
    "start": Kept.STARTS,
    "end": Kept.ENDS,
    "ids in the source": Kept.IDS,
    "times of units": Kept.UNIT_TIMES,
    "label": Kept.LABELS,
    "label neutral": Kept.PROBABILITIES,
    "some values of the label": Kept.PROBABILITIES,
}
SPOKEN = (
    ("Anna", "therapist", "Where were you?", 1.25, 2.5),
    ("Ben", "partner one", "I was at work.", 2.75, 4.0),
    ("Ben", "partner one", "All day.", 4.5, 5.125),
    ("Cleo", "partner two", "Right.", 6.0, 6.5),
)
RICH = Transcript(
    "talk",
    tuple(
        Turn(place, name, role, text, start, end, (f"u{place}", f"v{place}"), ((start, start), (end, end)))
        for place, (name, role, text, start, end) in enumerate(SPOKEN)
    ),
    "couple therapy",
    NOTES,
)


@pytest.mark.parametrize("target", WRITABLE)
def test_a_format_keeps_what_it_says_and_says_what_it_keeps(target: str) -> None:
    lost = losses([RICH], write([RICH], target), format_name=target)
    assert set(lost) <= set(LOST)
    assert {LOST[what] for what in lost} == set(LOST.values()) - set(format_named(target).KEEPS)


@pytest.mark.parametrize("target", WRITABLE)
def test_several_sessions(target: str) -> None:
    talks = [RICH, replace(RICH, session="other talk", notes=())]
    if Kept.SESSIONS not in format_named(target).KEEPS:
        with pytest.raises(OutputError, match=r"2 sessions cannot be written as one"):
            write(talks, target)
        return
    again = read_transcripts(document(write(talks, target), target))
    assert [each.session for each in again] == ["talk", "other talk"]
    assert [[turn.text for turn in each.turns] for each in again] == [[text for _, _, text, *_ in SPOKEN]] * 2


@pytest.mark.parametrize("target", ["elan", "textgrid"])
def test_turns_that_tiers_put_into_the_order_of_time_are_said_to_have_moved(target: str) -> None:
    spoken = (("Ben", "Later.", 5.0), ("Anna", "First.", 1.0), ("Ben", "Both.", 7.0), ("Anna", "At once.", 7.0))
    turns = tuple(Turn(place, name, "x", text, start, start + 1) for place, (name, text, start) in enumerate(spoken))
    talk = Transcript("talk", tuple(replace(turn, role=f"speaker {turn.speaker}") for turn in turns))
    data = write([talk], target)
    (again,) = read_transcripts(document(data, target))
    assert sorted(turn.text for turn in again.turns) == sorted(text for _, text, _ in spoken)
    assert [turn.start for turn in again.turns] == [1.0, 5.0, 7.0, 7.0]
    lost = losses([talk], data, format_name=target)
    assert lost["order"] >= 2
    assert set(lost) == {"order", "role"}


# What reads as something else than it is


def talk_of(*spoken: tuple[str, str, float | None, float | None]) -> Transcript:
    roles = role_words(dict.fromkeys(name for name, *_ in spoken), {})
    return Transcript(
        "talk", tuple(Turn(place, each[0], roles[each[0]], *each[1:]) for place, each in enumerate(spoken))
    )


def again(talk: Transcript, kind: str) -> Transcript:
    (found,) = read_transcripts(document(write([talk], kind), kind))
    return found


@pytest.mark.parametrize("word", ["sil", "SP", "#", "<p:>"])
def test_a_word_that_means_silence_in_textgrids_is_still_a_turn(word: str) -> None:
    talk = talk_of(("Anna", "Say it.", 0.0, 1.0), ("Ben", word, 1.0, 2.0), ("Anna", "Fine.", 2.0, 3.0))
    assert [turn.text for turn in again(talk, "textgrid").turns] == ["Say it.", f"[{word}]", "Fine."]
    assert losses([talk], write([talk], "textgrid"), format_name="textgrid") == {"exact words": 1}


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("I gave it a 0.", "I gave it a zero."),
        ("0 out of 10", "zero out of 10"),
        ("at 0:05", "at 0:05"),
        ("0.5 mg", "0.5 mg"),
    ],
)
def test_numbers_do_not_vanish_from_chat(said: str, read: str) -> None:
    talk = talk_of(("Anna", said, None, None), ("Ben", "Right.", None, None))
    assert again(talk, "chat").turns[0].text == read


@pytest.mark.parametrize("said", ["[looks at the floor] No.", "No [shuts the door] no.", "[laughs]"])
def test_sounds_of_several_words_stay_in_their_brackets_in_chat(said: str) -> None:
    talk = talk_of(("Anna", said, None, None), ("Ben", "Right.", None, None))
    assert again(talk, "chat").turns[0].text == said


def test_words_of_chat_that_were_not_said_are_still_left_out() -> None:
    raw = b"@UTF8\n@Begin\n@Participants:\tANN Adult, BEN Adult\n*ANN:\t0the dog 0 ran .\n*BEN:\tyes .\n@End\n"
    (talk,) = read_transcripts(document(raw, "chat"))
    assert talk.turns[0].text == "dog ran."


def test_utterances_of_convokit_have_ids_of_their_own() -> None:
    talks = [replace(RICH, session=name) for name in ("day", "day-1", "day-1-1", "day-1-")]
    data = write(talks, "convokit")
    ids = [json.loads(line)["id"] for line in data.splitlines()]
    assert len(set(ids)) == len(ids) == 16
    read = read_transcripts(document(data, "convokit"))
    assert [each.session for each in read] == [each.session for each in talks]


@pytest.mark.parametrize("target", sorted(NEED_TIMES))
def test_each_turn_lasts_at_least_a_millisecond_and_none_is_made_longer_than_it_must_be(target: str) -> None:
    short = ((0.0001, 0.0004), (0.0005, 0.0006), (0.0015, 0.0015), (8.0, 8.0), (8.25, 8.0), (60.0, None))
    talk = talk_of(*((f"Ann{place}", f"Word {place}.", *times) for place, times in enumerate(short)))
    turns = again(talk, target).turns
    assert all(turn.start is not None and turn.end is not None and turn.end > turn.start for turn in turns)
    assert [turn.end for turn in turns[3:]] == pytest.approx([8.25, 9.25, 61.0])


def test_a_turn_without_length_leaves_room_for_the_next_one_on_its_tier() -> None:
    talk = talk_of(("Ann", "One.", 8.0, 8.0), ("Ann", "Two.", 8.2, 9.0), ("Ben", "Three.", 9.0, 9.5))
    assert b'"Ann"' in write([talk], "elan")
    assert b"Ann (2)" not in write([talk], "elan")


def test_a_turn_of_which_a_file_made_a_labelled_one_is_told() -> None:
    data = b"Anna: [withdrawal (silence) 0.91] I read.\nBen: No.\n"
    talk = talk_of(("Anna", "I read.", None, None), ("Ben", "No.", None, None))
    assert losses([talk], data, format_name="text") == {"that there is no label": 1}


@pytest.mark.parametrize("target", WRITABLE)
def test_times_of_units_are_kept_or_said_to_be_lost(target: str) -> None:
    units = (((0.5, 1.0), (1.5, 2.0)), ((2.5, None), (None, 4.0)))
    turns = tuple(
        Turn(place, name, f"speaker {word}", "Words.", place * 2 + 0.5, place * 2 + 2.0, ("a", "b"), units[place])
        for place, (name, word) in enumerate((("Anna", "one"), ("Ben", "two")))
    )
    talk = Transcript("talk", turns)
    lost = losses([talk], write([talk], target), format_name=target)
    assert ("times of units" not in lost) == (target == "jsonl")
    if target == "jsonl":
        assert [turn.source_times for turn in again(talk, target).turns] == [*units]


@pytest.mark.parametrize(
    "times", ["3", "[[1]]", "[[1, 2]]", '[[true, "x"], [-1, 1e400]]', f"[[{10**400}, 1], [2, NaN]]"]
)
def test_times_of_units_that_are_none_are_no_reason_not_to_read(times: str) -> None:
    raw = f'{{"speaker": "A", "text": "Hm.", "start": 1, "end": 2, "source_ids": ["a", "b"], "source_times": {times}}}'
    (talk,) = read_transcripts(document(raw.encode(), "jsonl"))
    assert len(talk.turns[0].source_times) == 2


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "convokit"])
def test_a_name_that_nobody_can_see_is_none(kind: str) -> None:
    talk = talk_of(("\u200b", "Hm.", 0, 1), ("Ben", "Right.", 1, 2))
    with pytest.raises(TranscriptError, match="'speaker' is empty here"):
        read_transcripts(document(write([talk], kind), kind))
