"""Praat TextGrids: both forms, encodings, which tiers speak, several files for one session, broken files, any bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from praatio import textgrid as praat

from mendline.transcripts.document import Document
from mendline.transcripts.errors import MendlineError, TranscriptError
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.parts import open_parts, sessions_in_parts
from mendline.transcripts.reading import format_of, read_transcripts
from mendline.transcripts.transcript import Transcript

PRIMOCK57 = Path(__file__).parents[2] / "shared" / "corpus" / "primock57" / "transcripts"

LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0 
xmax = 9.5 
tiers? <exists> 
size = 3 
item []: 
    item [1]:
        class = "IntervalTier" 
        name = "Therapist" 
        xmin = 0 
        xmax = 9.5 
        intervals: size = 3 
        intervals [1]:
            xmin = 0 
            xmax = 2.25 
            text = "So, ""fine"" you
say?" 
        intervals [2]:
            xmin = 2.25 
            xmax = 4 
            text = "" 
        intervals [3]:
            xmin = 4 
            xmax = 9.5 
            text = "size = 7 <exists>" 
    item [2]:
        class = "TextTier" 
        name = "clicks" 
        xmin = 0 
        xmax = 9.5 
        points: size = 1 
        points [1]:
            number = 3 
            mark = "tick" 
    item [3]:
        class = "IntervalTier" 
        name = "Client" 
        xmin = 0 
        xmax = 9.5 
        intervals: size = 2 
        intervals [1]:
            xmin = 0 
            xmax = 4 
            text = "I don't know" 
        intervals [2]:
            xmin = 4 
            xmax = 9.5 
            text = "  " 
"""  # noqa: W291  (as Praat writes it)
EXPECTED = [
    ("Therapist", "therapist", 'So, "fine" you say?', 0.0, 2.25, ("1.1",)),
    ("Client", "client", "I don't know", 0.0, 4.0, ("3.1",)),
    ("Therapist", "therapist", "size = 7 <exists>", 4.0, 9.5, ("1.3",)),
]


def short(*tiers: tuple[str, list[tuple[float, float, str]]], end: float = 9) -> str:
    """A TextGrid in the short form."""
    text = f'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n{end}\n<exists>\n{len(tiers)}\n'
    for name, intervals in tiers:
        text += f'"IntervalTier"\n"{name}"\n0\n{end}\n{len(intervals)}\n'
        text += "".join(f'{start}\n{stop}\n"{label}"\n' for start, stop, label in intervals)
    return text


def document(content: str | bytes, name: str = "talk.TextGrid") -> Document:
    raw = content.encode() if isinstance(content, str) else content
    return Document.from_bytes(raw, name=name, path=Path(name))


def read(content: str | bytes) -> Transcript:
    (transcript,) = read_transcripts(document(content))
    return transcript


def turns_of(transcript: Transcript) -> list[tuple[object, ...]]:
    return [(t.speaker, t.role, t.text, t.start, t.end, t.source_ids) for t in transcript.turns]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_the_long_form_in_any_encoding(line_end: str, encoding: str) -> None:
    content = LONG.replace("\n", line_end)
    assert format_of(document(content.encode(encoding), "x")).NAME == "textgrid"
    assert turns_of(read(content.encode(encoding))) == EXPECTED


def test_the_short_form_that_praat_would_write(tmp_path: Path) -> None:
    long_file, short_file = tmp_path / "a.TextGrid", tmp_path / "b.TextGrid"
    long_file.write_text(LONG.replace("you\nsay", "you say"), encoding="utf-8")
    praat.openTextgrid(str(long_file), True).save(str(short_file), "short_textgrid", True)
    assert "intervals" not in short_file.read_text(encoding="utf-8")
    assert turns_of(read_transcripts(short_file)[0]) == EXPECTED


def test_words_in_other_scripts_in_utf16() -> None:
    grid = short(("אנה", [(0, 1, "שלום 👋")]), ("Ben", [(0.5, 2, "Grüße")]))
    assert [(t.speaker, t.text) for t in read(grid.encode("utf-16")).turns] == [("אנה", "שלום 👋"), ("Ben", "Grüße")]


def test_turns_stand_in_order_of_time_and_overlap_stays() -> None:
    grid = short(("B", [(0, 3, "one"), (3, 4, "four")]), ("A", [(1, 2, "two"), (2, 3, "three"), (3, 9, "five")]))
    assert [turn.text for turn in read(grid).turns] == ["one", "two", "three", "four", "five"]


def test_marks_of_unintelligible_speech() -> None:
    grid = short(("A", [(0, 1, "<UNSURE>hello how</UNSURE> um."), (1, 2, "<UNIN/>"), (2, 3, "so <UNIN/> right")]))
    assert [turn.text for turn in read(grid).turns] == ["hello how um.", "[unintelligible]", "so right"]


def test_silences_of_programs_are_no_turns() -> None:
    assert [t.text for t in read(short(("A", [(0, 1, "sil"), (1, 2, "so"), (2, 3, "<p:>"), (3, 4, "#")]))).turns] == [
        "so"
    ]


@pytest.mark.parametrize("name", ["Anna - words", "phones", "Notes", "gesture_left", "ORT-MAU", "ge@Anna", "rup@Anna"])
def test_tiers_that_hold_something_else_are_left_out(name: str) -> None:
    grid = short(("Anna", [(0, 1, "hello")]), (name, [(0, 1, "x")]))
    assert [turn.speaker for turn in read(grid).turns] == ["Anna"]
    with pytest.raises(TranscriptError, match="no tier holds what is said"):
        read(short((name, [(0, 1, "x")])))


@pytest.mark.parametrize("name", ["MOT", "GE", "PS", "Wanda", "Noah", "word-smith's son"[11:]])
def test_initials_and_names_are_speakers(name: str) -> None:
    assert [turn.speaker for turn in read(short((name, [(0, 1, "hello")]))).turns] == [name]


def test_two_tiers_of_one_name_are_one_speaker() -> None:
    grid = read(short(("Anna", [(0, 1, "a")]), ("anna", [(1, 2, "b")]), ("", [(2, 3, "c")])))
    assert [(t.speaker, t.source_ids) for t in grid.turns] == [
        ("Anna", ("1.1",)),
        ("Anna", ("2.1",)),
        ("unknown", ("3.1",)),
    ]


def test_comments_as_praat_allows_them() -> None:
    grid = short(("A", [(0, 1, "so ! yes")])).replace("<exists>", '<exists> ! "these" 5 tiers')
    assert [turn.text for turn in read(grid).turns] == ["so ! yes"]


GOOD = short(("A", [(0, 1, "secretwords"), (1, 9, "b")]))


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (GOOD.replace('1\n9\n"b"\n', ""), 15, "the file breaks off where the start of an interval"),
        (GOOD.replace('"b"\n', '"b\n'), 18, "the text of an interval should stand here|breaks off"),
        (GOOD.replace("0\n1\n", "0\none\n"), 15, "the end of an interval should stand here"),
        (GOOD.replace("0\n1\n", "2\n1\n"), 15, "ends before it starts"),
        (GOOD.replace("1\n9\n", "1\n1e999\n"), 17, "is not a time of 0 seconds or more"),
        (GOOD.replace("0\n1\n", "-1\n1\n"), 13, "is not a time of 0 seconds or more"),
        (GOOD.replace("<exists>\n1\n", "<exists>\n1.5\n"), 7, "is not a whole number"),
        (GOOD.replace("<exists>\n1\n", "<exists>\n99999999999\n"), 7, "is not a whole number"),
        (GOOD.replace("<exists>\n1\n", "<exists>\n3\n"), 18, "breaks off where the class of a tier"),
        (GOOD.replace('"IntervalTier"', '"PitchTier"'), 8, 'neither "IntervalTier" nor'),
        (GOOD + '"IntervalTier"\n', 19, "goes on after the last interval"),
        (GOOD.replace("<exists>", "<absent>"), None, "has no tiers"),
        (GOOD.replace('"TextGrid"', '"Sound"'), 1, "is no TextGrid"),
        ('File type = "ooTextFile"\nObject class = "TextGrid"\n', 2, "breaks off"),
    ],
)
def test_broken_files(content: str, line: int | None, what: str) -> None:
    with pytest.raises(TranscriptError, match=what) as caught:
        read_transcripts(document(content), ReadOptions(format="textgrid"))
    place = "" if line is None else f"{line}:"
    assert str(caught.value).startswith(f"talk.TextGrid:{place}")
    assert "secretwords" not in str(caught.value)


def test_a_huge_count_is_refused_without_delay() -> None:
    with pytest.raises(TranscriptError, match="breaks off"):
        read(GOOD.replace("\n9\n2\n", "\n9\n999999999\n"))


# Several files


def write(folder: Path, **files: str) -> list[Path]:
    paths = []
    for name, content in files.items():
        paths.append(folder / f"{name}.TextGrid")
        paths[-1].write_text(content, encoding="utf-8")
    return paths


ONE = short(("Speaker", [(0, 1, "one"), (2, 3, "three")]))
OTHER = short(("Speaker", [(1, 2, "two")]), end=4)


def test_one_file_for_each_speaker_is_one_session(tmp_path: Path) -> None:
    paths = write(tmp_path, s1_doctor=ONE, s1_patient=OTHER, s2_doctor=ONE)
    assert sessions_in_parts(paths) == [(paths[0], paths[1])]
    whole = open_parts(paths[:2])
    (transcript,) = read_transcripts(whole)
    assert transcript.session == "s1"
    assert [(t.speaker, t.role, t.text, t.source_ids) for t in transcript.turns] == [
        ("doctor", "doctor", "one", ("1.1",)),
        ("patient", "client", "two", ("2.1",)),
        ("doctor", "doctor", "three", ("1.2",)),
    ]


def test_files_that_only_look_like_parts(tmp_path: Path) -> None:
    both = short(("A", [(0, 1, "x")]), ("B", [(1, 2, "y")]))
    paths = write(
        tmp_path, week_1=ONE, week_2=ONE, day_a=both, day_b=ONE, talk_anna=ONE, talk_notes=OTHER, _x=ONE, _y=ONE
    )
    (tmp_path / "sub").mkdir()
    paths += write(tmp_path / "sub", talk_ben=ONE)
    assert sessions_in_parts(paths) == []


def test_a_silent_or_broken_part_is_a_part(tmp_path: Path) -> None:
    paths = write(
        tmp_path, s_a=ONE, s_b=short(("Speaker", [(0, 9, "")])), t_a=ONE, t_b=GOOD.replace("<exists>", "gone")
    )
    assert sessions_in_parts(paths) == [(paths[0], paths[1]), (paths[2], paths[3])]
    assert [turn.speaker for turn in read_transcripts(open_parts(paths[:2]))[0].turns] == ["a", "a"]
    with pytest.raises(TranscriptError, match=r"t_b\.TextGrid:7: <exists> should stand here"):
        read_transcripts(open_parts(paths[2:]))


@pytest.mark.skipif(not PRIMOCK57.is_dir(), reason="PriMock57 is not beside the project")
def test_all_of_primock57() -> None:
    sessions = sessions_in_parts(sorted(PRIMOCK57.glob("*.TextGrid")))
    transcripts = [read_transcripts(open_parts(parts))[0] for parts in sessions]
    assert (len(transcripts), sum(len(each.turns) for each in transcripts)) == (57, 7108)
    for transcript in transcripts:
        assert {(t.speaker, t.role) for t in transcript.turns} == {("doctor", "doctor"), ("patient", "client")}
        assert all("<" not in turn.text for turn in transcript.turns)
        starts = [turn.start for turn in transcript.turns]
        assert starts == sorted(starts)
    for parts, transcript in zip(sessions[:10], transcripts, strict=False):
        assert _with_praatio(parts) == [(turn.start, turn.end) for turn in transcript.turns]


def _with_praatio(parts: tuple[Path, ...]) -> list[tuple[float, float]]:
    grids = [praat.openTextgrid(str(path), includeEmptyIntervals=False) for path in parts]
    entries = [entry for grid in grids for tier in grid.tiers for entry in tier.entries]
    return [(start, end) for start, end, _ in sorted(entries, key=lambda entry: entry[0])]


MUTATIONS = st.lists(
    st.tuples(
        st.integers(0, len(LONG)), st.integers(0, 30), st.sampled_from(["", '"', "\n", "0", "<exists>", "x", "é"])
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=120, deadline=None)
@given(mutations=MUTATIONS)
def test_a_changed_file_is_read_or_refused(mutations: list[tuple[int, int, str]]) -> None:
    content = LONG
    for place, length, new in mutations:
        content = content[:place] + new + content[place + length :]
    try:
        transcripts = read_transcripts(document(content), ReadOptions(format="textgrid"))
    except MendlineError:
        return
    assert all(turn.text and turn.start is not None for turn in transcripts[0].turns)


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=120), headed=st.booleans())
def test_any_bytes(content: bytes, headed: bool) -> None:
    raw = (b'File type = "ooTextFile"\nObject class = "TextGrid"\n' if headed else b"") + content
    with pytest.raises(MendlineError):
        read_transcripts(document(raw), ReadOptions(format="textgrid"))
