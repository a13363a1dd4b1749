"""Fresh files and annotated copies: notes where they belong, all else as it was, and the same turns when read again."""

from __future__ import annotations

import re
from pathlib import Path

import pylangacq
import pysubs2
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mendline.model import annotation
from mendline.model.labels import LABEL_OF, LABELS, MARKERS, Label
from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.notes import BY_MODEL, LABEL_WORDS, PLAIN_LABEL, TurnNote, split_note
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import format_of, read_transcripts
from mendline.transcripts.transcript import Transcript, Turn
from mendline.transcripts.utterances import clean_text
from mendline.transcripts.writing import annotated_copy, write_transcript, written

# Files with the notes among the words. Those with tiers: test_annotated_linguist_files.py
INLINE = ("text", "webvtt")
NOTE = "confrontation attack 0.83"
TALK = Transcript(
    "talk",
    (
        Turn(0, "Anna", "client", "One & <two>: 3 --> 4", 1.0, 2.25),
        Turn(1, "Anna", "client", "again", 3.5),
        Turn(2, "Receptionist", "speaker one", "I said: no", 3.5),
        Turn(3, "Date", "speaker two", "שלום", 3700.0, 3700.0),
        Turn(4, "my very long name: as nobody would label it", "partner one", "bye", 3800.0),
    ),
)


def document(content: str, name: str = "x") -> Document:
    return Document.from_bytes(content.encode(), name=name, path=Path(name))


def with_notes(transcript: Transcript, notes: list[str | None]) -> list[str]:
    return [t.text if n is None else f"[{n}] {t.text}" for t, n in zip(transcript.turns, notes, strict=True)]


@pytest.mark.parametrize("kind", INLINE)
def test_a_fresh_file_reads_back_as_the_same_turns(kind: str) -> None:
    notes = [None, NOTE, None, "repair own 0.9", NOTE]
    written = document(write_transcript(TALK, notes, format_name=kind))
    assert kind == format_of(written).NAME
    (again,) = read_transcripts(written)
    assert [turn.text for turn in again.turns] == with_notes(TALK, notes)
    assert [turn.start for turn in again.turns] == [turn.start for turn in TALK.turns]
    assert [turn.speaker for turn in again.turns][:3] == ["Anna", "Anna", "Receptionist"]


def test_fresh_text() -> None:
    assert write_transcript(TALK, [NOTE, None, None, None, None], format_name="text").splitlines() == [
        f"[00:00:01] Anna: [{NOTE}] One & <two>: 3 --> 4",
        "[00:00:03.500] Anna: again",
        "[00:00:03.500] Receptionist: I said: no",
        "[01:01:40] Speaker Two: שלום",
        "[01:03:20] Partner One: bye",
    ]
    assert write_transcript(Transcript("x", (Turn(0, "A", "client", "hm"),)), [None], format_name="text") == "[A]: hm\n"


def test_fresh_webvtt() -> None:
    text = write_transcript(TALK, [NOTE, None, None, None, None], format_name="webvtt")
    assert text.startswith(
        "WEBVTT - one turn per cue\n\n1\n00:00:01.000 --> 00:00:02.250\n"
        f"<v Anna>[{NOTE}] One &amp; &lt;two&gt;: 3 --&gt; 4</v>\n\n2\n00:00:03.500 --> 00:00:04.500\n"
    )
    (again,) = read_transcripts(document(text))
    assert [turn.speaker for turn in again.turns] == [turn.speaker for turn in TALK.turns]
    assert [turn.end for turn in again.turns] == [2.25, 4.5, 3700.0, 3701.0, 3801.0]


def test_fresh_srt() -> None:
    text = write_transcript(TALK, [NOTE, None, None, None, None], format_name="srt")
    assert text.splitlines() == [
        *("1", "00:00:01,000 --> 00:00:02,250", f"Anna: [{NOTE}] One & ‹two>: 3 -> 4", ""),
        *("2", "00:00:03,500 --> 00:00:04,500", ">> Anna: again", ""),
        *("3", "00:00:03,500 --> 01:01:40,000", "Receptionist: I said: no", ""),
        *("4", "01:01:40,000 --> 01:01:41,000", "Speaker Two: שלום", ""),
        *("5", "01:03:20,000 --> 01:03:21,000", "Partner One: bye"),
    ]
    assert [event.start for event in pysubs2.SSAFile.from_string(text)] == [1000, 3500, 3500, 3700000, 3800000]
    (again,) = read_transcripts(document(text))
    assert len(again.turns) == 5
    assert [turn.end for turn in again.turns] == [2.25, 4.5, 3700.0, 3701.0, 3801.0]


def test_fresh_chat(tmp_path: Path) -> None:
    turns = (
        Turn(0, "Dr Shah", "doctor", "Well: [laughs] I was...", 1.0, 2.25),
        Turn(1, "MUM", "parent", "No! You & <him>", 3.0),
        Turn(2, "Dr Shah", "doctor", "…"),
    )
    text = write_transcript(Transcript("t", turns), ["repair (own) 0.80", None, None], format_name="chat")
    assert text == (
        "@UTF8\n@Begin\n@Languages:\teng\n@Participants:\tDRS Dr_Shah Doctor, MUM Participant\n@Options:\tCA\n"
        "@ID:\teng|mendline|DRS|||||Doctor|||\n@ID:\teng|mendline|MUM|||||Participant|||\n"
        "@Comment:\tMendline: DRS is Dr Shah\n@Comment:\tMendline: the role of MUM is parent\n"
        "*DRS:\tWell, &=laughs I was +... \x151000_2250\x15\n%rup:\trepair (own) 0.80\n"
        "*MUM:\tNo! You and him \x153000_4000\x15\n*DRS:\txxx\n@End\n"
    )
    (again,) = read_transcripts(document(text))
    assert [(turn.speaker, turn.role, turn.text) for turn in again.turns] == [
        ("Dr Shah", "doctor", "Well, [laughs] I was..."),
        ("MUM", "parent", "No! You and him"),
        ("Dr Shah", "doctor", "[unintelligible]"),
    ]
    (tmp_path / "t.cha").write_text(text, encoding="utf-8")
    reader = pylangacq.read_chat(str(tmp_path / "t.cha"))
    assert [utterance.participant for utterance in reader.utterances()] == ["DRS", "MUM", "DRS"]
    assert [utterance.time_marks for utterance in reader.utterances()][:2] == [(1000, 2250), (3000, 4000)]


def test_codes_of_chat_are_one_for_each_speaker() -> None:
    names = ["Anna", "Annabel", "ANN", "李", "王", "9 lives", "T"]
    talk = Transcript("t", tuple(Turn(place, name, "speaker one", "Yes.") for place, name in enumerate(names)))
    text = write_transcript(talk, [None] * len(names), format_name="chat")
    codes = [line[1:].partition(":")[0] for line in text.splitlines() if line.startswith("*")]
    assert codes == ["ANN2", "ANN3", "ANN", "XXX", "XXX2", "LIV", "T"]
    assert [turn.speaker for turn in read_transcripts(document(text))[0].turns] == names


def test_a_character_that_no_xml_holds_is_refused_with_its_turn() -> None:
    for turn in (Turn(0, "A", "client", "secretwords \ufffe", 0.0), Turn(0, "A\uffff", "client", "secretwords", 0.0)):
        with pytest.raises(OutputError, match=r"^turn 1 of session s holds a character that ELAN's XML") as caught:
            write_transcript(Transcript("s", (turn,)), [None], format_name="elan")
        assert "secretwords" not in str(caught.value)
    bell = Transcript("s", (Turn(0, "A", "client", "a\x07b", 0.0),))
    assert "<ANNOTATION_VALUE>a b</ANNOTATION_VALUE>" in write_transcript(bell, [None], format_name="elan")


# Notes that are read again

OWN = "confrontation (attack) 0.83?"


@pytest.mark.parametrize("kind", ["text", "webvtt", "srt"])
def test_notes_of_ours_are_no_speech(kind: str) -> None:
    source = document(COPIES[kind])
    (transcript,) = read_transcripts(source)
    copy = document(annotated_copy(source, transcript, [OWN, None, "repair 0.51", "neutral 0.40?"], format_name=kind))
    (again,) = read_transcripts(copy)
    assert again == transcript
    assert [note and note.text for note in again.notes] == [OWN, None, "repair 0.51", "neutral 0.40?"]
    assert again.notes[0] is not None
    assert again.notes[0].values == {
        "label": "confrontation", "marker": "attack", "probability": 0.83, "needs_review": True,
    }  # fmt: skip
    # Other labels take their place, and none leave the file as it was.
    other = annotated_copy(copy, again, [None, "repair (own) 0.90", None, None], format_name=kind)
    assert "[repair (own) 0.90] " in other
    assert other.replace("[repair (own) 0.90] ", "") == source.text
    assert annotated_copy(copy, again, [None] * 4, format_name=kind) == source.text


@pytest.mark.parametrize(
    "words",
    [
        "[pause 0.50] Well.",
        "[repair] Well.",
        "[neutral] Well.",
        "[confrontation attack 0.83] Well.",
        "Well [repair (own) 0.90] then.",
        "[repair (own) 0.90]",
        "[Repair (own) 0.90] Well.",
        "[repair (own) 2.90] Well.",
    ],
)
def test_other_brackets_are_speech(words: str) -> None:
    (transcript,) = read_transcripts(document(f"T: {words}\nC: Yes.\n"))
    assert transcript.turns[0].text == words
    assert transcript.notes == ()


def test_the_words_of_labels_are_those_of_the_model() -> None:
    assert tuple(map(str, LABELS)) == LABEL_WORDS
    assert PLAIN_LABEL == Label.NEUTRAL
    assert BY_MODEL == annotation.BY_MODEL
    for marker in MARKERS:
        note, words = split_note(f"[{LABEL_OF[marker]} ({marker}) 0.50] x")
        assert note is not None
        assert (note.values["marker"], words) == (marker, "x")


def test_webvtt_needs_times() -> None:
    talk = Transcript("s1", (Turn(0, "A", "client", "secretwords"),))
    with pytest.raises(OutputError, match=r"turn 1 of session s1 has no time.*plain text") as caught:
        write_transcript(talk, [None], format_name="webvtt")
    assert "secretwords" not in str(caught.value)


def test_formats_that_cannot_be_written() -> None:
    with pytest.raises(OutputError, match=r"cannot be written as csv\. Give one of: text, webvtt"):
        write_transcript(TALK, [None] * 5, format_name="csv")
    with pytest.raises(OutputError, match=r"cannot be written as aws\. Give one of: "):
        written([TALK], [[TurnNote()] * 5], format_name="aws")
    source = document("speaker,text\nT,x\n")
    with pytest.raises(OutputError, match="cannot be put into a csv file; only into: text, webvtt, srt"):
        annotated_copy(source, read_transcripts(source)[0], [None], format_name="csv")


COPIES = {
    "text": "\ufeffSession 3\r\nLeeds\r\n\r\n[0:01] Anna :  One\r\n  two: x\r\n\r\n\r\nBen:\r\n   three\r\n"
    "Anna: four\rBen:five",
    "webvtt": "WEBVTT Kind: captions\r\n\r\nNOTE  kept \r\n\r\nSTYLE\r\n::cue {}\r\n\r\n"
    "id-1\r\n00:01.000 --> 00:02.000 line:0\r\n<v Anna><b> One</b></v>\r\n\r\n"
    "00:02.000 --> 00:03.000\r\n<v Anna>two &amp;</v> <v.x Ben>three</v>\r\n\r\n"
    "00:03.000 --> 00:04.000\r\n<v Anna>\r\nfour</v>\r\n\r\n00:04.000 --> 00:05.000\r\n<v Ben>five",
    "srt": "7\n00:00:01,000 --> 00:00:02,000 X1:1\n<i>Anna: One</i>\n\n"
    "8\n00:00:02,000 --> 00:00:03,000\nAnna: two\nBen: three\n\n"
    "00:00:03,000 --> 00:00:04,000\n\n[ANNA]:four\n\n\n9\n00:00:05,000 --> 00:00:06,000\nBen:  five\n",
}


@pytest.mark.parametrize("kind", COPIES)
def test_an_annotated_copy_keeps_everything_else(kind: str) -> None:
    source = document(COPIES[kind])
    (transcript,) = read_transcripts(source)
    assert len(transcript.turns) == 4
    notes = [NOTE, None, "<&>", "x"]
    copy = annotated_copy(source, transcript, notes, format_name=kind)
    shown = "&lt;&amp;&gt;" if kind == "webvtt" else "<&>"
    stripped = copy.replace(f"[{NOTE}] ", "").replace(f"[{shown}] ", "").replace("[x] ", "")
    assert stripped == source.text
    assert len(copy) == len(source.text) + len(f"[{NOTE}] [{shown}] [x] ")
    (again,) = read_transcripts(document(copy))
    assert [turn.text for turn in again.turns] == with_notes(transcript, notes)
    assert [(t.speaker, t.start, t.source_ids) for t in again.turns] == [
        (t.speaker, t.start, t.source_ids) for t in transcript.turns
    ]


def test_a_note_before_a_colon_is_no_speaker() -> None:
    source = document("T:\n: odd\nC: x\n")
    (transcript,) = read_transcripts(source)
    (again,) = read_transcripts(document(annotated_copy(source, transcript, ["n", None], format_name="text")))
    assert [(turn.speaker, turn.text) for turn in again.turns] == [("T", "[n] : odd"), ("C", "x")]


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_without_notes_is_the_file(kind: str) -> None:
    source = document(COPIES[kind])
    (transcript,) = read_transcripts(source)
    assert annotated_copy(source, transcript, [None] * 4, format_name=kind) == source.text


@pytest.mark.parametrize("kind", COPIES)
def test_a_transcript_of_another_file(kind: str) -> None:
    with pytest.raises(OutputError, match=r"^x: these are not the turns of this file"):
        annotated_copy(document(COPIES[kind]), TALK, [None] * 5, format_name=kind)


def test_a_name_known_only_by_a_role_is_found_again_in_the_copy() -> None:
    source = document("Anna: One\nOutlook: grim.\nand so on\nBen: Two\nAnna: Three\nBen: Four\n")
    (transcript,) = read_transcripts(source, ReadOptions(roles={"Outlook": "friend"}))
    assert "Outlook: [x] grim." in annotated_copy(source, transcript, [None, "x", None, None, None], format_name="text")


WORDS = st.text(min_size=1, max_size=30).map(lambda text: "w" + " ".join(text.split())).filter(str.isprintable)
NAMES = st.sampled_from(
    ["Anna", "T", "Dr Shah", "ben", "Speaker 1", "Note", "well", "a b", "x:y", "<v>", "Jo (she/her)"]
)


@settings(max_examples=60, deadline=None)
@given(
    spoken=st.lists(st.tuples(NAMES, WORDS, st.integers(0, 9000)), min_size=1, max_size=6),
    kind=st.sampled_from(INLINE),
    noted=st.booleans(),
)
def test_whatever_is_said_reads_back(spoken: list[tuple[str, str, int]], kind: str, noted: bool) -> None:
    turns = tuple(
        Turn(index, name, "speaker one", words, time / 10) for index, (name, words, time) in enumerate(spoken)
    )
    talk = Transcript("x", turns)
    notes: list[str | None] = [NOTE if noted else None] * len(turns)
    (again,) = read_transcripts(document(write_transcript(talk, notes, format_name=kind)))
    assert [turn.text for turn in again.turns] == with_notes(talk, notes)


WHOLE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@settings(max_examples=150, deadline=None)
@given(
    spoken=st.lists(st.tuples(NAMES, WHOLE, st.integers(0, 9000)), min_size=1, max_size=6),
    kind=st.sampled_from(["srt", "chat"]),
    noted=st.booleans(),
)
def test_formats_whose_marks_may_stand_in_words_lose_no_turn(
    spoken: list[tuple[str, str, int]], kind: str, noted: bool
) -> None:
    said = [(name, clean_text(words), time) for name, words, time in spoken if clean_text(words)]
    turns = tuple(Turn(place, name, "speaker one", words, time / 10) for place, (name, words, time) in enumerate(said))
    assume(turns)
    notes: list[str | None] = [OWN if noted else None] * len(turns)
    written_file = write_transcript(Transcript("x", turns), notes, format_name=kind)
    (again,) = read_transcripts(document(written_file), ReadOptions(format=kind))
    assert [turn.start for turn in again.turns] == [turn.start for turn in turns]
    assert [note and note.text for note in again.notes] == (notes if noted else [])
    plain = [turn.text for turn in turns if re.fullmatch(r"[a-z]+( [a-z]+)*", turn.text)]
    assert [turn.text for turn in again.turns if turn.text in plain] == plain
