"""Labels written into CHAT, ELAN and TextGrid files: all else stays, the formats' own libraries open the result, and it
reads again as the same turns with the same labels."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pylangacq
import pympi
import pytest
from click.testing import CliRunner, Result
from conftest import StandIn
from hypothesis import given, settings
from hypothesis import strategies as st
from praatio import textgrid as praat

from mendline.cli import cli
from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.formats import chat, elan, textgrid
from mendline.transcripts.parts import open_parts, sessions_in_parts
from mendline.transcripts.reading import read_transcripts
from mendline.transcripts.transcript import Transcript, Turn
from mendline.transcripts.writing import annotated_copy, write_transcript

PRIMOCK57 = Path(__file__).parents[2] / "shared" / "corpus" / "primock57" / "transcripts"

CHAT = (
    "@UTF8\n@Begin\n@Languages:\teng\n@Participants:\tMOT Rosa Mother, CHI Tim Target_Child\n"
    "@ID:\teng|x|MOT|||||Mother|||\n@ID:\teng|x|CHI|||||Target_Child|||\n"
    "*MOT:\twell I want\n\tyou here . \x150_2450\x15\n%act:\tpoints\n"
    "*CHI:\t0 .\n*CHI:\tno ! \x152450_3000\x15\n\n@Comment:\tlater\n*MOT:\tI never listen . \x153000_4000\x15\n@End\n"
)
ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2026-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
        <PROPERTY NAME="lastUsedAnnotationId">4</PROPERTY>
    </HEADER>
    <TIME_ORDER>
        <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="0"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="900"/>
        <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="1500"/><TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="3000"/>
    </TIME_ORDER>
    <TIER LINGUISTIC_TYPE_REF="utterance" PARTICIPANT="Rosa &amp; Co" TIER_ID="R&quot;>1">
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts3">
                <ANNOTATION_VALUE>I never listen — é</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts4">
                <ANNOTATION_VALUE>sorry</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <!-- a comment with <TIER> in it -->
    <TIER LINGUISTIC_TYPE_REF="utterance" TIER_ID="Tim">
        <ANNOTATION>
            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts4">
                <ANNOTATION_VALUE>no</ANNOTATION_VALUE>
            </ALIGNABLE_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <TIER LINGUISTIC_TYPE_REF="free" PARENT_REF="Tim" TIER_ID="ft@Tim">
        <ANNOTATION>
            <REF_ANNOTATION ANNOTATION_ID="a4" ANNOTATION_REF="a2">
                <ANNOTATION_VALUE>non</ANNOTATION_VALUE>
            </REF_ANNOTATION>
        </ANNOTATION>
    </TIER>
    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="utterance" TIME_ALIGNABLE="true"/>
    <LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Association" GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="free" \
TIME_ALIGNABLE="false"/>
    <LOCALE COUNTRY_CODE="GB" LANGUAGE_CODE="en"/>
    <CONSTRAINT DESCRIPTION="1-1 association with a parent annotation" STEREOTYPE="Symbolic_Association"/>
    <CONTROLLED_VOCABULARY CV_ID="v"/>
</ANNOTATION_DOCUMENT>
"""
SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0
3
<exists>
3
"IntervalTier"
"Rosa"
0
3
3
0
1.50
"I ""never"" listen"
1.50
2
""
2
3
"sorry"
"TextTier"
"clicks"
0
3
1
1.5
"tick"
"IntervalTier"
"Tim"
0
3
2
0
0.9
""
0.9
3
"no"
"""


def long_form(content: str) -> str:
    """The same in the long form, by the hand of praatio."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.TextGrid"
        path.write_text(content, encoding="utf-8")
        praat.openTextgrid(str(path), True).save(str(path), "long_textgrid", True)
        return path.read_text(encoding="utf-8")


FILES = {"chat": CHAT, "elan": ELAN, "textgrid": SHORT, "textgrid long": long_form(SHORT)}
MODULES: dict[str, ModuleType] = {"chat": chat, "elan": elan, "textgrid": textgrid, "textgrid long": textgrid}
NOTES = ["confrontation (attack) 0.91", None, 'repair "<own>" & 0.8?']


def document(content: str | bytes, name: str = "talk") -> Document:
    raw = content.encode() if isinstance(content, str) else content
    return Document.from_bytes(raw, name=name, path=Path(name))


def notes_of(source: Document) -> list[str | None]:
    """What the file says of each of its turns."""
    (transcript,) = read_transcripts(source)
    notes = transcript.notes or (None,) * len(transcript.turns)
    return [None if note is None else note.text for note in notes]


def copy_of(kind: str, content: str | bytes, notes: list[str | None]) -> str:
    source = document(content)
    return annotated_copy(source, read_transcripts(source)[0], notes, format_name=MODULES[kind].NAME)


def added_and_removed(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that a copy has more, and those that it lacks."""
    lines = list(difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True)))
    return [each[2:] for each in lines if each[0] == "+"], [each[2:] for each in lines if each[0] == "-"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("kind", FILES)
def test_the_copy_reads_as_the_same_turns_with_the_same_labels(kind: str, line_end: str) -> None:
    content = FILES[kind].replace("\n", line_end)
    copy = copy_of(kind, content, NOTES)
    assert read_transcripts(document(copy)) == read_transcripts(document(content))
    assert notes_of(document(copy)) == NOTES
    assert notes_of(document(content)) == [None] * 3
    assert copy.count("\n") == copy.count(line_end)


@pytest.mark.parametrize("kind", FILES)
def test_labels_of_before_are_replaced(kind: str) -> None:
    first = copy_of(kind, FILES[kind], NOTES)
    others: list[str | None] = [None, "withdrawal (minimal) 0.60", None]
    second = copy_of(kind, first, others)
    assert second == copy_of(kind, FILES[kind], others)
    assert notes_of(document(second)) == others


def test_all_else_in_chat_stays() -> None:
    copy = copy_of("chat", CHAT, NOTES)
    added, removed = added_and_removed(CHAT, copy)
    assert (added, removed) == ([f"%rup:\t{NOTES[0]}\n", f"%rup:\t{NOTES[2]}\n"], [])
    assert "%act:\tpoints\n%rup:" in copy
    assert copy_of("chat", CHAT, [None] * 3) == CHAT
    assert copy_of("chat", copy, [None] * 3) == CHAT


def test_chat_that_ends_without_a_line_end() -> None:
    content = CHAT.removesuffix("\n@End\n")
    assert copy_of("chat", content, NOTES) == CHAT.replace("\n@End\n", f"\n%rup:\t{NOTES[2]}").replace(
        "points\n", f"points\n%rup:\t{NOTES[0]}\n"
    )


def test_all_else_in_elan_stays() -> None:
    copy = copy_of("elan", ELAN, NOTES)
    added, removed = added_and_removed(ELAN, copy)
    assert [line.strip() for line in removed] == ['<PROPERTY NAME="lastUsedAnnotationId">4</PROPERTY>']
    assert '        <PROPERTY NAME="lastUsedAnnotationId">6</PROPERTY>\n' in added
    tags = [line.split()[0].strip("<>") for line in added if line.strip()[1] not in "/!"]
    assert [tag for tag in tags if tag in {"TIER", "LINGUISTIC_TYPE", "CONSTRAINT"}] == [
        "TIER",
        "TIER",
        "LINGUISTIC_TYPE",
    ]
    again = copy_of("elan", copy, [None] * 3)
    assert again.count("<REF_ANNOTATION") == 1
    assert "a comment with <TIER> in it" in again


def test_elan_gets_what_its_labels_need_where_the_format_has_it() -> None:
    bare = ELAN[: ELAN.index("    <LINGUISTIC_TYPE ")] + "</ANNOTATION_DOCUMENT>\n"
    copy = copy_of("elan", bare, NOTES)
    places = [copy.rindex(tag) for tag in ("</TIER>", "<LINGUISTIC_TYPE ", "<CONSTRAINT ", "</ANNOTATION_DOCUMENT>")]
    assert places == sorted(places)


def test_elan_in_utf16_becomes_utf8_and_says_so() -> None:
    copy = copy_of("elan", ELAN.replace('"UTF-8"', "'UTF-16'", 1).encode("utf-16"), NOTES)
    assert copy.startswith("<?xml version=\"1.0\" encoding='UTF-8'?>")
    assert notes_of(document(copy.encode())) == NOTES


def test_a_tier_below_the_labels_is_not_left_hanging() -> None:
    copy = copy_of("elan", ELAN, NOTES).replace(
        "    <LINGUISTIC_TYPE",
        '<TIER LINGUISTIC_TYPE_REF="free" PARENT_REF="rup@Tim" TIER_ID="mine"/><LINGUISTIC_TYPE',
        1,
    )
    with pytest.raises(OutputError, match=r"^talk: a tier depends on the labels of an earlier run"):
        copy_of("elan", copy, NOTES)


@pytest.mark.parametrize("kind", ["textgrid", "textgrid long"])
def test_all_else_in_a_textgrid_stays(kind: str) -> None:
    copy = copy_of(kind, FILES[kind], NOTES)
    size = "<exists>\n3" if kind == "textgrid" else "size = 3"
    assert copy.startswith(FILES[kind].replace(size, size.replace("3", "5"), 1))


def test_a_textgrid_that_ends_without_a_line_end_and_has_labels_in_the_middle() -> None:
    labelled = copy_of("textgrid long", FILES["textgrid long"], NOTES)
    tiers = labelled.split("    item [")
    moved = "    item [".join([tiers[0], *(tiers[place] for place in (4, 1, 2, 3, 5))])
    for number, old in enumerate("41235", start=1):
        moved = moved.replace(f"    item [{old}]:", f"    item <{number}>:", 1)
    moved = moved.replace("item <", "item [").replace(">:", "]:")
    again = copy_of("textgrid long", moved.rstrip("\n "), NOTES)
    assert notes_of(document(again)) == NOTES
    assert [line.strip() for line in again.splitlines() if "item [" in line] == [
        "item []:",
        *(f"item [{number}]:" for number in range(1, 6)),
    ]


@pytest.mark.parametrize("kind", FILES)
def test_a_transcript_of_another_file(kind: str) -> None:
    talk = Transcript("x", tuple(Turn(place, "A", "client", "secretwords") for place in range(3)))
    with pytest.raises(OutputError, match=r"^talk: these are not the turns of this file") as caught:
        annotated_copy(document(FILES[kind]), talk, NOTES, format_name=MODULES[kind].NAME)
    assert "secretwords" not in str(caught.value)


ANY_NOTE = st.one_of(
    st.none(), st.text(max_size=20).map(lambda text: "x" + " ".join(text.split())).filter(str.isprintable)
)


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(sorted(FILES)), notes=st.tuples(ANY_NOTE, ANY_NOTE, ANY_NOTE))
def test_whatever_is_noted_reads_back(kind: str, notes: tuple[str | None, ...]) -> None:
    copy = copy_of(kind, FILES[kind], list(notes))
    assert notes_of(document(copy)) == list(notes)
    assert read_transcripts(document(copy)) == read_transcripts(document(FILES[kind]))


# Fresh files

TALK = Transcript(
    "talk",
    (
        Turn(0, "Anna", "client", 'One & <two>: 3 > "4"', 1.0, 2.25),
        Turn(1, "Ben", "speaker one", "over her", 1.5, 2.0),
        Turn(2, "Anna", "client", "again", 2.0, 3.5),
        Turn(3, "Ben", "speaker one", "no end", 4.0),
        Turn(4, "Anna", "client", "no length", 4.125, 4.125),
        Turn(5, "Notes", "speaker two", "שלום", 3700.0),
    ),
)
TALK_NOTES = [NOTES[0], None, NOTES[2], None, "a", "b"]


def fresh(kind: str, talk: Transcript, notes: list[str | None]) -> Document:
    return document(write_transcript(talk, notes, format_name=kind))


@pytest.mark.parametrize("kind", ["elan", "textgrid"])
def test_a_fresh_file_reads_back_as_the_same_turns(kind: str) -> None:
    written = fresh(kind, TALK, TALK_NOTES)
    (again,) = read_transcripts(written)
    assert [(t.text, t.start) for t in again.turns] == [(t.text, t.start) for t in TALK.turns]
    assert [turn.end for turn in again.turns] == [2.25, 2.0, 3.5, 4.125, 5.125, 3701.0]
    last = "Notes" if kind == "elan" else "Speaker Two"
    assert [turn.speaker for turn in again.turns] == ["Anna", "Ben", "Anna", "Ben", "Anna", last]
    assert notes_of(written) == TALK_NOTES


@pytest.mark.parametrize("kind", ["elan", "textgrid"])
def test_a_fresh_file_needs_times(kind: str) -> None:
    talk = Transcript("s1", (Turn(0, "A", "client", "secretwords"),))
    with pytest.raises(OutputError, match=rf"turn 1 of session s1 has no time, and {kind} needs") as caught:
        write_transcript(talk, [None], format_name=kind)
    assert "secretwords" not in str(caught.value)


def test_the_libraries_open_fresh_files(tmp_path: Path) -> None:
    path = tmp_path / "x.TextGrid"
    path.write_text(fresh("textgrid", TALK, TALK_NOTES).text, encoding="utf-8")
    grid = praat.openTextgrid(str(path), False, duplicateNamesMode="rename")
    assert grid.tierNames == (
        "Anna",
        "Anna_2",
        "Ben",
        "Speaker Two",
        "rup@Anna",
        "rup@Anna (2)",
        "rup@Ben",
        "rup@Speaker Two",
    )
    assert [entry.label for entry in grid.getTier("Anna_2").entries] == ["again"]
    path = tmp_path / "x.eaf"
    path.write_text(fresh("elan", TALK, TALK_NOTES).text, encoding="utf-8")
    file = pympi.Eaf(str(path))
    assert file.get_ref_annotation_data_for_tier("rup@Anna (2)")[0][:3] == (2000, 3500, NOTES[2])
    assert [each[2] for each in file.get_annotation_data_for_tier("Ben")] == ["over her", "no end"]


@settings(max_examples=40, deadline=None)
@given(
    spoken=st.lists(
        st.tuples(
            st.sampled_from(["Anna", "anna", "T", "x:y", "<v>", "Words"]), st.integers(0, 300), st.integers(0, 90)
        ),
        min_size=1,
        max_size=8,
    ),
    kind=st.sampled_from(["elan", "textgrid"]),
)
def test_whatever_is_said_reads_back_in_order_of_time(spoken: list[tuple[str, int, int]], kind: str) -> None:
    turns = tuple(
        Turn(index, name, "speaker one", f"words {index}", start / 8, (start + length) / 8)
        for index, (name, start, length) in enumerate(spoken)
    )
    written = fresh(kind, Transcript("x", turns), [f"note {turn.index}" for turn in turns])
    (again,) = read_transcripts(written)
    assert sorted((t.start, t.text) for t in again.turns) == sorted((t.start, t.text) for t in turns)
    notes = notes_of(written)
    assert [turn.text.replace("words", "note") for turn in again.turns] == notes
    starts = [turn.start for turn in again.turns]
    assert starts == sorted(starts, key=lambda start: start or 0)


# The formats' own libraries


def test_pylangacq_opens_the_copy(tmp_path: Path) -> None:
    path = tmp_path / "talk.cha"
    path.write_text(copy_of("chat", CHAT, NOTES), encoding="utf-8")
    reader = pylangacq.read_chat(str(path), strict=False)
    labels = [each.tiers.get("%rup") for each in reader.utterances() if each.participant is not None]
    assert labels == [NOTES[0], None, None, NOTES[2]]
    assert reader.utterances()[0].tiers["%act"] == "points"


def test_pylangacq_reads_the_same_speakers_and_times(tmp_path: Path) -> None:
    path = tmp_path / "talk.cha"
    path.write_text(CHAT, encoding="utf-8")
    theirs = [
        (each.participant, each.time_marks)
        for each in pylangacq.read_chat(str(path), strict=False).utterances()
        if each.time_marks is not None
    ]
    ours = [
        (turn.speaker, (round(1000 * (turn.start or 0)), round(1000 * (turn.end or 0))))
        for turn in read_transcripts(path)[0].turns
    ]
    assert ours == theirs


def test_pympi_opens_the_copy(tmp_path: Path) -> None:
    path = tmp_path / "talk.eaf"
    path.write_text(copy_of("elan", ELAN, NOTES), encoding="utf-8")
    file = pympi.Eaf(str(path))
    assert set(file.get_tier_names()) == {'R">1', "Tim", "ft@Tim", 'rup@R">1', "rup@Tim"}
    assert [each[:3] for each in file.get_ref_annotation_data_for_tier('rup@R">1')] == [
        (0, 1500, NOTES[0]),
        (1500, 3000, NOTES[2]),
    ]
    assert file.get_ref_annotation_data_for_tier("rup@Tim") == []
    assert file.get_parameters_for_tier("rup@Tim")["PARENT_REF"] == "Tim"
    assert file.get_ref_annotation_data_for_tier("ft@Tim")[0][2] == "non"


@pytest.mark.parametrize("kind", ["textgrid", "textgrid long"])
def test_praatio_opens_the_copy(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "talk.TextGrid"
    path.write_text(copy_of(kind, FILES[kind], NOTES), encoding="utf-8")
    grid = praat.openTextgrid(str(path), includeEmptyIntervals=False)
    assert grid.tierNames == ("Rosa", "clicks", "Tim", "rup@Rosa", "rup@Tim")
    assert [tuple(entry) for entry in grid.getTier("rup@Rosa").entries] == [(0, 1.5, NOTES[0]), (2, 3, NOTES[2])]
    assert grid.getTier("rup@Tim").entries == ()
    assert [entry.label for entry in grid.getTier("Rosa").entries] == ['I "never" listen', "sorry"]


# Several files for one session


def parts(folder: Path) -> tuple[Path, ...]:
    """A session of two files in two forms and encodings, one of which ends earlier and has points."""
    one, other = SHORT[: SHORT.index('"IntervalTier"\n"Tim"')].replace("<exists>\n3", "<exists>\n2"), SHORT
    other = SHORT[: SHORT.index('"IntervalTier"')] + SHORT[SHORT.index('"IntervalTier"\n"Tim"') :]
    other = long_form(other.replace("<exists>\n3", "<exists>\n1")).replace("xmax = 3", "xmax = 2.75")
    (folder / "s1_rosa.TextGrid").write_text(one, encoding="utf-16")
    (folder / "s1_tim.TextGrid").write_text(other, encoding="utf-8")
    return folder / "s1_rosa.TextGrid", folder / "s1_tim.TextGrid"


def test_the_files_of_one_session_become_one_file(tmp_path: Path) -> None:
    source = open_parts(parts(tmp_path))
    (transcript,) = read_transcripts(source)
    path = tmp_path / "s1.TextGrid"
    path.write_text(annotated_copy(source, transcript, NOTES, format_name="textgrid"), encoding="utf-8")
    grid = praat.openTextgrid(str(path), includeEmptyIntervals=True, reportingMode="error")
    assert grid.tierNames == ("rosa", "rosa - clicks", "tim", "rup@rosa", "rup@tim")
    assert {tier.maxTimestamp for tier in grid.tiers} == {3.0}
    assert [entry.label for entry in grid.getTier("tim").entries] == ["", "no", ""]
    (again,) = read_transcripts(path)
    assert again == transcript
    assert notes_of(Document.from_path(path)) == NOTES


@pytest.mark.skipif(not PRIMOCK57.is_dir(), reason="PriMock57 is not beside the project")
def test_all_of_primock57_is_written_and_read_again(tmp_path: Path) -> None:
    for number, files in enumerate(sessions_in_parts(sorted(PRIMOCK57.glob("*.TextGrid")))):
        source = open_parts(files)
        (transcript,) = read_transcripts(source)
        notes = [None if turn.index % 3 else f"repair (own) 0.{turn.index:03d}" for turn in transcript.turns]
        path = tmp_path / f"{transcript.session}.TextGrid"
        path.write_text(annotated_copy(source, transcript, notes, format_name="textgrid"), encoding="utf-8")
        assert read_transcripts(path)[0] == transcript
        assert notes_of(Document.from_path(path)) == notes
        if number < 10:
            grid = praat.openTextgrid(str(path), includeEmptyIntervals=False, reportingMode="error")
            labels = [entry for name in ("rup@doctor", "rup@patient") for entry in grid.getTier(name).entries]
            assert [entry.label for entry in sorted(labels)] == [note for note in notes if note is not None]


# The command


@pytest.fixture
def annotate(runner: CliRunner, stand_in: StandIn) -> Callable[..., Result]:
    def run(*arguments: str | Path, code: int = 0) -> Result:
        result = runner.invoke(cli, ["annotate", *map(str, arguments)])
        assert result.exit_code == code, (result.stderr, result.exception)
        return result

    return run


def test_a_folder_of_parts_gives_one_result_for_each_session(annotate: Callable[..., Result], tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    parts(folder)
    (folder / "alone.TextGrid").write_text(SHORT, encoding="utf-8")
    result = annotate(folder, "-o", out, "--format", "textgrid")
    assert "Annotated 2 of 2 files" in result.stderr
    assert sorted(path.name for path in out.iterdir() if path.suffix) == [
        ".mendline.json",
        "alone.TextGrid",
        "s1.TextGrid",
    ]
    assert notes_of(Document.from_path(out / "s1.TextGrid"))[0] is None
    annotate(folder, "-o", tmp_path / "all.csv")
    assert {line.split(",")[0] for line in (tmp_path / "all.csv").read_text(encoding="utf-8").splitlines()[1:]} == {
        "alone",
        "s1",
    }


def test_both_files_by_name_are_one_session_and_neither_is_replaced(
    annotate: Callable[..., Result], tmp_path: Path
) -> None:
    one, other = parts(tmp_path)
    annotate(one, other, "-o", tmp_path / "s1.TextGrid")
    assert (tmp_path / "s1.TextGrid").exists()
    message = annotate(one, other, "-o", other, "--overwrite", code=1).stderr
    assert "is one of the files that are read and is never replaced" in message
    annotate(one, "-o", tmp_path / "alone.csv")
    assert "Rosa" in (tmp_path / "alone.csv").read_text(encoding="utf-8")


def test_a_change_in_any_part_is_annotated_again(
    annotate: Callable[..., Result], stand_in: StandIn, tmp_path: Path
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    _, other = parts(folder)
    annotate(folder, "-o", f"{out}/")
    annotate(folder, "-o", f"{out}/", "--resume")
    assert stand_in.seen == ["s1"]
    other.write_text(other.read_text(encoding="utf-8").replace('"no"', '"yes"'), encoding="utf-8")
    annotate(folder, "-o", f"{out}/", "--resume")
    assert stand_in.seen == ["s1", "s1"]


def test_a_broken_part_fails_its_session_only(annotate: Callable[..., Result], tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    _, other = parts(folder)
    (folder / "alone.TextGrid").write_text(SHORT, encoding="utf-8")
    other.write_text('File type = "ooTextFile"\nObject class = "TextGrid"\n0\n', encoding="utf-8")
    result = annotate(folder, "-o", tmp_path / "all.csv", code=1)
    assert "s1_tim.TextGrid:3: the file breaks off" in result.stderr
    assert "1 of 2 files failed" in result.stderr
    assert "alone" in (tmp_path / "all.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(("kind", "ending"), [("chat", ".cha"), ("elan", ".eaf")])
def test_a_copy_by_its_ending(kind: str, ending: str, annotate: Callable[..., Result], tmp_path: Path) -> None:
    source, target = tmp_path / f"a{ending}", tmp_path / f"b{ending}"
    source.write_text(FILES[kind], encoding="utf-8")
    annotate(source, "-o", target)
    notes = notes_of(Document.from_path(target))
    assert "confrontation (attack) 0.91" in notes
