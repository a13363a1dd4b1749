"""How units become turns: the rule itself, the same in every format that has units, and copies that survive it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mendline.transcripts.document import Document
from mendline.transcripts.errors import TranscriptError
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import format_of, read_transcripts
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.turns import groups_of, turns_of
from mendline.transcripts.utterances import Utterance
from mendline.transcripts.writing import annotated_copy

# Anna goes on after half a second, after a "mm-hm" of Ben's that lies within her words, and after five seconds.
SPOKEN = (
    ("Anna", "So I went there", 0.0, 2.0),
    ("Anna", "and nobody came.", 2.5, 4.0),
    ("Ben", "Mm-hm.", 5.0, 5.4),
    ("Anna", "Not one.", 5.2, 6.0),
    ("Anna", "Not even you.", 11.0, 12.0),
)
AFTER_EACH_PAUSE = {
    "joined": [(0, 1), (2,), (3, 4)],
    "at most a second": [(0, 1), (2,), (3,), (4,)],
    "kept": [(0,), (1,), (2,), (3,), (4,)],
}


def clock(seconds: float, mark: str) -> str:
    return f"00:00:{seconds:06.3f}".replace(".", mark)


def cues(head: str, mark: str) -> str:
    return head + "".join(
        f"{number}\n{clock(start, mark)} --> {clock(end, mark)}\n{who}: {text}\n\n"
        for number, (who, text, start, end) in enumerate(SPOKEN, start=1)
    )


def elan() -> str:
    times = [time for _, _, *span in SPOKEN for time in span]
    slots = "".join(f'<TIME_SLOT TIME_SLOT_ID="t{n}" TIME_VALUE="{time * 1000:.0f}"/>' for n, time in enumerate(times))
    tiers = ""
    for speaker in ("Anna", "Ben"):
        annotations = "".join(
            f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{n}" TIME_SLOT_REF1="t{2 * n}" '
            f'TIME_SLOT_REF2="t{2 * n + 1}"><ANNOTATION_VALUE>{text}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>'
            "</ANNOTATION>"
            for n, (who, text, _, _) in enumerate(SPOKEN)
            if who == speaker
        )
        tiers += f'<TIER TIER_ID="{speaker}" LINGUISTIC_TYPE_REF="x">{annotations}</TIER>'
    return (
        f'<?xml version="1.0"?>\n<ANNOTATION_DOCUMENT><TIME_ORDER>{slots}</TIME_ORDER>{tiers}</ANNOTATION_DOCUMENT>\n'
    )


def textgrid() -> str:
    tiers = ""
    for speaker in ("Anna", "Ben"):
        entries, done = [], 0.0
        for who, text, start, end in SPOKEN:
            if who == speaker:
                entries += [(done, start, "")] if done < start else []
                entries += [(start, end, text)]
                done = end
        entries += [(done, 20.0, "")]
        tiers += f'"IntervalTier"\n"{speaker}"\n0\n20\n{len(entries)}\n'
        tiers += "".join(f'{start}\n{end}\n"{text}"\n' for start, end, text in entries)
    return f'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n20\n<exists>\n2\n{tiers}'


def chat() -> str:
    lines = [
        f"*{who[:3].upper()}:\t{text} \x15{start * 1000:.0f}_{end * 1000:.0f}\x15" for who, text, start, end in SPOKEN
    ]
    return "\n".join(["@UTF8", "@Begin", "@Participants:\tANN Anna Adult, BEN Ben Adult", *lines, "@End", ""])


def whisper() -> str:
    segments = [{"start": start, "end": end, "text": text, "speaker": who} for who, text, start, end in SPOKEN]
    return json.dumps({"segments": segments}, indent=1)


def assemblyai() -> str:
    said = [
        {"speaker": who, "text": text, "start": int(start * 1000), "end": int(end * 1000)}
        for who, text, start, end in SPOKEN
    ]
    return json.dumps({"status": "completed", "words": [], "utterances": said})


# By a program, whose units are joined by default, and by a person, whose are not.
CUT = {
    "webvtt": cues("WEBVTT\n\n", "."),
    "srt": cues("", ","),
    "whisper": whisper(),
    "assemblyai": assemblyai(),
}
DRAWN = {"chat": chat(), "elan": elan(), "textgrid": textgrid()}
FILES = CUT | DRAWN
JOINED = ReadOptions(join_gap=60)
A_SECOND = ReadOptions(join_gap=1)
KEPT = ReadOptions(keep_units=True)


def document(kind: str) -> Document:
    return Document.from_bytes(FILES[kind].encode(), name="talk", path=Path("talk"))


def read(kind: str, options: ReadOptions | None = None) -> Transcript:
    assert kind == format_of(document(kind)).NAME
    (transcript,) = read_transcripts(document(kind), options)
    return transcript


def expected(groups: list[tuple[int, ...]]) -> list[tuple[str, float | None, float | None]]:
    return [
        (" ".join(SPOKEN[n][1] for n in group), SPOKEN[group[0]][2], max(SPOKEN[n][3] for n in group))
        for group in groups
    ]


def spoken(transcript: Transcript) -> list[tuple[str, float | None, float | None]]:
    return [
        (turn.text, *(None if time is None else round(time, 3) for time in (turn.start, turn.end)))
        for turn in transcript.turns
    ]


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize(
    ("options", "name"), [(JOINED, "joined"), (A_SECOND, "at most a second"), (KEPT, "kept")], ids=["60", "1", "keep"]
)
def test_the_rule_is_the_same_in_every_format(kind: str, options: ReadOptions, name: str) -> None:
    assert spoken(read(kind, options)) == expected(AFTER_EACH_PAUSE[name])


@pytest.mark.parametrize("kind", FILES)
def test_what_a_program_cut_is_joined_and_what_a_person_drew_is_not(kind: str) -> None:
    name = "joined" if kind in CUT else "kept"
    assert spoken(read(kind)) == expected(AFTER_EACH_PAUSE[name])


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("options", [None, JOINED, A_SECOND, KEPT], ids=["default", "60", "1", "keep"])
def test_ids_and_times_of_all_units_are_there_in_any_case(kind: str, options: ReadOptions | None) -> None:
    units = read(kind, KEPT).turns
    assert all(len(unit.source_ids) == 1 for unit in units)
    turns = read(kind, options).turns
    assert [each for turn in turns for each in turn.source_ids] == [unit.source_ids[0] for unit in units]
    assert [each for turn in turns for each in turn.source_times] == [(unit.start, unit.end) for unit in units]


@pytest.mark.parametrize("kind", ["webvtt", "srt", *DRAWN])
@pytest.mark.parametrize("options", [None, JOINED, A_SECOND, KEPT], ids=["default", "60", "1", "keep"])
def test_copies_have_each_note_at_the_first_unit_of_its_turn(kind: str, options: ReadOptions | None) -> None:
    transcript = read(kind, options)
    notes = [f"repair (own) 0.5{turn.index}" for turn in transcript.turns]
    copy = annotated_copy(document(kind), transcript, [*notes], format_name=kind)
    source = Document.from_bytes(copy.encode(), name="talk")
    (again,) = read_transcripts(source, options)
    assert again == read(kind, options) == transcript
    assert [note.text for note in again.notes if note] == notes
    (units,) = read_transcripts(source, KEPT)
    first = {turn.source_ids[0]: note for turn, note in zip(transcript.turns, notes, strict=True)}
    assert [None if note is None else note.text for note in units.notes] == [
        first.get(unit.source_ids[0]) for unit in units.turns
    ]
    if kind in {"webvtt", "srt", "chat"}:  # Empty tiers of labels stay in the others.
        assert annotated_copy(source, again, [None] * len(notes), format_name=kind) == FILES[kind]


def test_units_of_trn() -> None:
    content = "0.00 1.00\tJO:\tI <Q said,\n1.10 2.00\t\tno Q>.\n9.00 9.50\t\tNo.\n9.50 9.90\tJO:\tReally.\n"
    source = Document.from_bytes(content.encode(), name="talk")

    def texts(**options: object) -> list[tuple[str, tuple[str, ...]]]:
        (transcript,) = read_transcripts(source, ReadOptions(**options))  # type: ignore[arg-type]
        return [(turn.text, turn.source_ids) for turn in transcript.turns]

    # A label always starts a turn; marks are read across the units that make one.
    assert texts() == [("I said, no. No.", ("1", "2", "3")), ("Really.", ("4",))]
    assert texts(join_gap=1) == [("I said, no.", ("1", "2")), ("No.", ("3",)), ("Really.", ("4",))]
    assert [ids for _, ids in texts(keep_units=True)] == [("1",), ("2",), ("3",), ("4",)]


def test_tables_and_plain_text_have_turns_already() -> None:
    for content in ("speaker,text,start,end\nT,One,0,1\nT,Two,1,2\n", "T: One\nT: Two\n"):
        source = Document.from_bytes(content.encode(), name="x")
        for options in (None, JOINED, KEPT):
            assert [turn.text for turn in read_transcripts(source, options)[0].turns] == ["One", "Two"]


def said(speaker: str, start: float | None = None, end: float | None = None, *, apart: bool = False) -> Utterance:
    return Utterance(speaker, "x", start, end, apart=apart)


def sizes(units: list[Utterance], options: ReadOptions, *, drawn: bool = False) -> list[int]:
    return [len(group) for group in groups_of(units, options, drawn=drawn)]


def test_a_pause_counts_from_the_latest_end_of_the_turn() -> None:
    # The second unit lies within the first, so the third comes right after the turn so far.
    units = [said("A", 0, 9), said("A", 1, 2), said("A", 9.5, 10)]
    assert sizes(units, A_SECOND) == [3]
    assert turns_of(units, A_SECOND)[0].end == 10
    assert sizes([said("A", 0, 9), said("A", 10, 11)], A_SECOND) == [2]
    assert sizes([said("A", 0, 9), said("A", 10.01, 11)], A_SECOND) == [1, 1]


def test_without_times_the_default_decides() -> None:
    for units in ([said("A"), said("A")], [said("A", 0), said("A", 50)], [said("A", 0, 1), said("A")]):
        assert sizes(units, A_SECOND) == [2]
        assert sizes(units, A_SECOND, drawn=True) == [1, 1]


def test_a_unit_that_stands_apart_is_never_joined() -> None:
    units = [said("A", 0, 1), said("a ", 1, 2), said("A", 2, 3, apart=True)]
    assert sizes(units, JOINED) == sizes(units, ReadOptions()) == [2, 1]


def test_zero_is_a_pause_like_any_other() -> None:
    assert sizes([said("A", 0, 1), said("A", 1, 2), said("A", 2.5, 3)], ReadOptions(join_gap=0)) == [2, 1]


@pytest.mark.parametrize("gap", [-1.0, float("nan"), float("inf")])
def test_no_pause_at_all_is_an_error(gap: float) -> None:
    with pytest.raises(TranscriptError, match="--join-gap is not a number of seconds"):
        ReadOptions(join_gap=gap)


def test_joining_and_keeping_exclude_each_other() -> None:
    with pytest.raises(TranscriptError, match="choose one"):
        ReadOptions(join_gap=1, keep_units=True)


UNITS = st.lists(
    st.builds(
        said,
        st.sampled_from("AB"),
        st.none() | st.floats(0, 100),
        st.none() | st.floats(0, 100),
        apart=st.booleans(),
    ),
    max_size=12,
)
OPTIONS = st.one_of(st.just(ReadOptions()), st.just(KEPT), st.floats(0, 50).map(lambda gap: ReadOptions(join_gap=gap)))


@settings(max_examples=200, deadline=None)
@given(units=UNITS, options=OPTIONS, drawn=st.booleans())
def test_no_unit_is_lost_moved_or_given_to_another_speaker(
    units: list[Utterance], options: ReadOptions, drawn: bool
) -> None:
    groups = groups_of(units, options, drawn=drawn)
    assert [unit for group in groups for unit in group] == units
    assert all(len({unit.speaker for unit in group}) == 1 for group in groups)
    assert not any(unit.apart for group in groups for unit in group[1:])
