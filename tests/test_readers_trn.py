"""TRN of the Santa Barbara Corpus: its three layouts, what is left of its marks, broken files, any bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mendline.transcripts.document import Document
from mendline.transcripts.errors import MendlineError, TranscriptError
from mendline.transcripts.formats.trn import words_of
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import format_of, read_transcripts
from mendline.transcripts.transcript import Transcript

SPACED = (
    "0.00 1.25\tMARGE:      \tWell [I just],\n1.25 2.50\t            \t... can't do thi=s anymore.\n"
    "2.10 2.60\tMR LEE:     \t     [(H)] What.\n\n"
    "2.60 3.00\t>DOG:       \t((BARKS))\n3.00 3.20\t            \t((BARKS))\n"
    "3.20 4.00\tMARGE:      \t<X Never mind X>.\n4.00 4.50\t>ENV:\t((DOOR))\n4.50 5.00\tANN \t(Hx)\n"
)
TABS = (
    "0.00\t1.25\tMARGE:\tWell [I just],\n1.25\t2.50\t\t... can't do thi=s anymore.\n"
    "2.10\t2.60\tMR LEE:\t     [(H)] What.\n"
    "3.20\t4.00\tMARGE:\t<X Never mind X>.\n4.50\t5.00\tANN \t(Hx)\n"
)
PLAIN = (
    "0.00 1.25\tMARGE: Well [I just],\n1.25 2.50\t... can't do thi=s anymore.\n2.10 2.60\tLEE: [(H)] What.\n"
    "3.20 4.00\tMARGE: <X Never mind X>.\n"
)


def document(content: str | bytes, name: str = "talk.trn") -> Document:
    raw = content.encode() if isinstance(content, str) else content
    return Document.from_bytes(raw, name=name, path=Path(name))


def read(content: str) -> Transcript:
    (transcript,) = read_transcripts(document(content))
    return transcript


@pytest.mark.parametrize(("content", "lee"), [(SPACED, "MR LEE"), (TABS, "MR LEE"), (PLAIN, "LEE")])
def test_the_three_layouts(content: str, lee: str) -> None:
    assert format_of(document(content, "x")).NAME == "trn"
    turns = read(content).turns
    assert [(t.speaker, t.text, t.start, t.end) for t in turns[:3]] == [
        ("MARGE", "Well I just, can't do this anymore.", 0.0, 2.5),
        (lee, "What.", 2.1, 2.6),
        ("MARGE", "Never mind.", 3.2, 4.0),
    ]
    assert turns[0].source_ids == ("1", "2")
    if content != PLAIN:
        assert [(t.speaker, t.text) for t in turns[3:]] == [("ANN", "[breath]")]


def test_noises_are_no_turns_and_lines_are_counted_all() -> None:
    assert [turn.source_ids for turn in read(SPACED).turns] == [("1", "2"), ("3",), ("7",), ("9",)]


def test_an_overlong_unit_keeps_the_latest_end() -> None:
    assert read("0 9.5\tA:\tone\n2 3\t\ttwo\n").turns[0].end == 9.5


def test_words_with_a_colon_or_a_tab_are_no_speaker() -> None:
    turns = read("0 1\tAL:\tI said\n1 2\tthis: no\n2 3\tand\tso\n3 4\t10:30\n").turns
    assert [(t.speaker, t.text) for t in turns] == [("AL", "I said this: no and so 10:30")]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("(H) I can[2't imagine2] <X teaching X> --", "I can't imagine teaching --"),
        ("<VOX Well I @know VOX>, ..(1.2) (TSK) so,", "Well I know, so,"),
        ("@@@ (H) @@ ~Mae went=, %uh", "[laughs] Mae went, uh"),
        ("<<THUMP>> I said <F<HI no HI>F>.", "[thump] I said no."),
        ("(SNIFF) Yeah. ((PHONE_RINGS))", "[sniff] Yeah. [phone rings]"),
        ("she s- [3@she3] 2 dogs", "she s- she 2 dogs"),
        ("X XX [XXX]", "[unintelligible]"),
        ("XX @", "[laughs]"),
        ("(H) (Hx)", "[breath]"),
        ("...(0.9)", ""),
        ("tha=t's <YWN so tired YWN>?", "that's so tired?"),
    ],
)
def test_words_out_of_their_marks(raw: str, words: str) -> None:
    assert words_of(raw) == words


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        ("0 1\tA:\tone\nsecretwords\n", 2, "opens with two times"),
        ("0 1\tA:\tone\n1.5\tsecretwords\n", 2, "opens with two times"),
        ("0 1\tsecretwords\n1 2\tA:\tone\n", 1, "names no speaker"),
        ("0 1\tA:\t...\n", None, "no turns"),
    ],
)
def test_broken_files(content: str, line: int | None, what: str) -> None:
    with pytest.raises(TranscriptError, match=what) as caught:
        read_transcripts(document(content), ReadOptions(format="trn"))
    assert str(caught.value).startswith("talk.trn:" + ("" if line is None else f"{line}:"))
    assert "secretwords" not in str(caught.value)


PIECES = st.sampled_from(
    ["0.00 1.00\t", "A:", "\t", "\n", " ", "(", ")", "<", ">", "[2", "2]", "@", "=", "X", "((", "é"]
)


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=25))
def test_any_text_is_read_or_refused(pieces: list[str]) -> None:
    content = "0.00 1.00\tJO:\ta\n0.00 1.00\t" + "".join(pieces)
    try:
        transcript = read_transcripts(document(content.encode(errors="replace")), ReadOptions(format="trn"))[0]
    except MendlineError:
        return
    assert all(turn.text and turn.speaker and turn.source_ids for turn in transcript.turns)


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=150))
def test_any_bytes(raw: bytes) -> None:
    with pytest.raises(MendlineError):
        read_transcripts(document(b"!" + raw), ReadOptions(format="trn"))
