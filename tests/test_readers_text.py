"""Plain text: labels, times, Otter's headers, headings, and what is no label."""

from __future__ import annotations

from pathlib import Path

import pytest

from mendline.transcripts.document import Document
from mendline.transcripts.errors import TranscriptError
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import read_transcripts
from mendline.transcripts.transcript import Transcript


def read(content: str | bytes, **options) -> Transcript:
    raw = content if isinstance(content, bytes) else content.encode()
    document = Document.from_bytes(raw, name="talk.txt", path=Path("talk.txt"))
    (transcript,) = read_transcripts(document, ReadOptions(**options))
    return transcript


def said(transcript: Transcript) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in transcript.turns]


def test_turns_over_several_lines_and_paragraphs() -> None:
    transcript = read("T: How was it?\n   Take your time.\n\n[silence]\nC: Fine.\nT:Okay.\n")
    assert said(transcript) == [("T", "How was it? Take your time. [silence]"), ("C", "Fine."), ("T", "Okay.")]
    assert [turn.role for turn in transcript.turns] == ["therapist", "client", "therapist"]
    assert transcript.session == "talk"
    assert [turn.index for turn in transcript.turns] == [0, 1, 2]


@pytest.mark.parametrize(
    "line",
    [
        "[00:01:02] Anna: Hi.",
        "(1:02) Anna: Hi.",
        "00:01:02 Anna: Hi.",
        "[00:01:02.000] - Anna: Hi.",
        "Anna (01:02): Hi.",
        "Anna [0:01:02]: Hi.",
        "[00:01:02]\nAnna: Hi.",
    ],
)
def test_times_before_and_after_a_name(line: str) -> None:
    turn = read(f"{line}\nBen: Yes.\nAnna: No.\nBen: Yes.\n").turns[0]
    assert (turn.speaker, turn.text, turn.start) == ("Anna", "Hi.", 62.0)


def test_spans_and_bracketed_names_of_whisperx() -> None:
    transcript = read("[00:00.000 --> 00:05.500] [SPEAKER_00]: Hi.\n[00:05.500 --> 01:00:06.250] [SPEAKER_01]: Yes.\n")
    assert said(transcript) == [("SPEAKER_00", "Hi."), ("SPEAKER_01", "Yes.")]
    assert [(turn.start, turn.end) for turn in transcript.turns] == [(0.0, 5.5), (5.5, 3606.25)]


def test_times_may_run_backwards() -> None:
    transcript = read("[00:09] T: One.\n[00:03] C: Two.\n")
    assert [turn.start for turn in transcript.turns] == [9.0, 3.0]


def test_a_lone_time_within_a_turn_stays_in_it() -> None:
    transcript = read("T: One\n[00:05:00]\nmore.\nC: Two.\n[00:06:00]\n")
    assert said(transcript) == [("T", "One [00:05:00] more."), ("C", "Two. [00:06:00]")]


def test_otter_headers() -> None:
    transcript = read(
        "Session\n\nAnna Smith  0:05\nHello there.\nRight: so.\n\nBen  1:00:10\nHi.\n\nAnna Smith\t0:12\nBye."
    )
    assert said(transcript) == [("Anna Smith", "Hello there. Right: so."), ("Ben", "Hi."), ("Anna Smith", "Bye.")]
    assert [turn.start for turn in transcript.turns] == [5.0, 3610.0, 12.0]


def test_numbers_of_turns_are_kept_as_ids() -> None:
    transcript = read("1. T: Hi.\n2. C: Hello.\n3 T: Well.\n")
    assert said(transcript) == [("T", "Hi."), ("C", "Hello."), ("T", "Well.")]
    assert [turn.source_ids for turn in transcript.turns] == [("1",), ("2",), ("3",)]


def test_a_sentence_with_a_colon_is_no_speaker() -> None:
    talk = (
        "Anna: He came in.\nI said: no.\nI said: never.\nWell: not him.\nBen: At 10:30 then.\nhttp://x.org\n"
        "Anna: Yes.\nBen: Mm."
    )
    assert said(read(talk)) == [
        ("Anna", "He came in. I said: no. I said: never. Well: not him."),
        ("Ben", "At 10:30 then. http://x.org"),
        ("Anna", "Yes."),
        ("Ben", "Mm."),
    ]


def test_a_name_that_stands_once_among_unlabelled_lines_is_part_of_the_turn_unless_a_role_is_given() -> None:
    talk = "Anna: One\nOutlook: grim.\nand so on\nBen: Two\nAnna: Three\nBen: Four\n"
    assert said(read(talk))[0] == ("Anna", "One Outlook: grim. and so on")
    assert said(read(talk, roles={"outlook": "friend"}))[1] == ("Outlook", "grim. and so on")


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_name_that_stands_once_counts_where_every_line_or_paragraph_has_one(gap: str) -> None:
    more = "" if gap == "\n" else "\ngoing on"
    transcript = read(gap.join([f"Anna: One{more}", "Receptionist: Two", "Ben: Three"]))
    assert [turn.speaker for turn in transcript.turns] == ["Anna", "Receptionist", "Ben"]


def test_role_words_count_even_once() -> None:
    assert said(read("T: One\nmore\nMum: Two\nC: Three\n"))[1] == ("Mum", "Two")


def test_a_smile_is_no_label() -> None:
    assert said(read("T: One\nC:) two\nC: Three\n")) == [("T", "One C:) two"), ("C", "Three")]


def test_headings_are_left_out() -> None:
    assert said(read("Session 3\nLeeds, 3 May\n\nT: One\nC: Two\n")) == [("T", "One"), ("C", "Two")]
    assert said(read("Date: 3 May\nPlace: Leeds\nT: One\nC: Two\n")) == [("T", "One"), ("C", "Two")]


def test_words_above_the_first_speaker_are_an_error() -> None:
    with pytest.raises(TranscriptError, match=r"^talk\.txt:2: .*empty line below") as caught:
        read("Some heading\nsecretwords here\nT: One\nC: Two\n")
    assert "secretwords" not in str(caught.value)


def test_a_long_text_above_the_first_speaker_is_an_error() -> None:
    with pytest.raises(TranscriptError, match=r"^talk\.txt:1: more than 20 lines"):
        read("word\n" * 21 + "\nT: One\nC: Two\n")


def test_no_speakers() -> None:
    with pytest.raises(TranscriptError, match=r"no speakers found.*`T: …`.*--role NAME=ROLE.*--input-format"):
        read("Just prose here.\nAnd more: of it.\n")


def test_a_label_without_words() -> None:
    with pytest.raises(TranscriptError, match=r"^talk\.txt:2: this turn has no words.*\[silence\]"):
        read("T: One\nC:\nT: Two\n")


def test_case_of_a_name_does_not_make_another_speaker() -> None:
    transcript = read("THERAPIST: One\nClient: Two\nTherapist: Three\n")
    assert [turn.speaker for turn in transcript.turns] == ["THERAPIST", "Client", "THERAPIST"]
    assert transcript.turns[2].role == "therapist"


def test_crlf_and_cr_and_marks_of_direction() -> None:
    transcript = read("\u200fמטפל: שלום \u2067אבג\u2069 לך\r\nמטופל: לא\rמטפל: כן\r\nמטופל: טוב")
    assert said(transcript)[:2] == [("מטפל", "שלום \u2067אבג\u2069 לך"), ("מטופל", "לא")]
    assert len(transcript.turns) == 4


def test_full_width_colons() -> None:
    assert said(read("先生：今日は\n患者：大丈夫\n先生：はい\n"))[0] == ("先生", "今日は")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings_are_found(encoding: str) -> None:
    talk = "T: It’s déjà vu, isn’t it?\nC: Café … naïve.\n"
    assert said(read(talk.encode(encoding)))[1] == ("C", "Café … naïve.")


def test_cyrillic_code_page_is_found_and_marked_as_a_guess() -> None:
    raw = "Терапевт: Как вы себя чувствуете сегодня?\nКлиент: Не знаю, устал.\n".encode("cp1251")
    document = Document.from_bytes(raw, name="x")
    assert (document.encoding, document.encoding_guessed) == ("cp1251", True)
    assert document.text.startswith("Терапевт")
