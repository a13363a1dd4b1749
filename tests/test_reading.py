"""Which reader takes a file, what is no transcript at all, and that no bytes whatever break a reader otherwise."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mendline.transcripts import document as document_module
from mendline.transcripts.document import Document
from mendline.transcripts.errors import MendlineError, TranscriptError, UnknownFormatError
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import FORMATS, format_named, format_of, read_transcripts

SAMPLES = {
    "text": "T: One\nC: Two\n",
    "webvtt": "WEBVTT\n\n00:01.000 --> 00:02.000\nAnna: One\n\n00:03.000 --> 00:04.000\nAnna: Two\n",
    "srt": "1\n00:00:01,000 --> 00:00:02,000\nT: One\n\n2\n00:00:02,000 --> 00:00:03,000\nC: Two\n",
    "csv": "speaker,text\nT,C: One\nC,Two\n",
    "tsv": "speaker\ttext\nT\tOne, two\nC\tTwo\n",
    "jsonl": '{"speaker": "T", "text": "my \\"segments\\": One"}\n{"speaker": "C", "text": "Two"}\n',
    "whisper": '{\n"segments": [{"start": 0, "end": 1, "text": "One", "speaker": "T"}]}\n',
    "chat": "@UTF8\n@Begin\n@Participants:\tTHE Therapist, CLI Client\n*THE:\tOne .\n*CLI:\tI said: two .\n@End\n",
    "elan": '<?xml version="1.0"?>\n<ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID="t1"/></TIME_ORDER>'
    '<TIER TIER_ID="T" LINGUISTIC_TYPE_REF="x"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" '
    'TIME_SLOT_REF1="t1" TIME_SLOT_REF2="t1"><ANNOTATION_VALUE>One</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>'
    "</ANNOTATION></TIER></ANNOTATION_DOCUMENT>\n",
    "textgrid": 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n2\n<exists>\n1\n'
    '"IntervalTier"\n"T"\n0\n2\n1\n0\n2\n"One"\n',
    "trn": "0.00 1.25\tTHERAPIST:\tOne,\n1.25 2.00\t\ttwo.\n2.00 3.10\tC:\tThree?\n",
}


def document(content: str | bytes, name: str = "x") -> Document:
    raw = content if isinstance(content, bytes) else content.encode()
    return Document.from_bytes(raw, name=name, path=Path(name))


@pytest.mark.parametrize("name", SAMPLES)
def test_exactly_one_reader_takes_each_format_by_its_content(name: str) -> None:
    takers = [known.NAME for known in FORMATS if known.takes(document(SAMPLES[name]))]
    assert takers == [name]
    assert read_transcripts(document(SAMPLES[name]))[0].turns[0].text.count("One") == 1


def test_formats_have_distinct_names_and_endings() -> None:
    names = [known.NAME for known in FORMATS]
    assert len(set(names)) == len(names)
    assert set(SAMPLES) <= set(names)
    endings = [ending for known in FORMATS for ending in known.EXTENSIONS]
    assert len(set(endings)) == len(endings)
    assert all(ending.startswith(".") and ending == ending.lower() for ending in endings)


def test_candidates_are_named_and_the_ending_or_the_option_settles_it() -> None:
    both = 'speaker,text\nT,"One\nT: two\nC: three"\nC,Four\n'
    with pytest.raises(UnknownFormatError, match=r"^x: this could be text and csv\. Say which: --input-format text\."):
        format_of(document(both))
    assert format_of(document(both, "x.csv")).NAME == "csv"
    assert format_of(document(both), ReadOptions(format="CSV")).NAME == "csv"
    assert len(read_transcripts(document(both), ReadOptions(format="csv"))[0].turns) == 2


def test_no_candidate() -> None:
    with pytest.raises(
        UnknownFormatError, match=r"no format takes this file.*--input-format NAME: text .*whisper "
    ) as caught:
        read_transcripts(document("secretwords and prose\n"))
    assert "secretwords" not in str(caught.value)


def test_unknown_name_of_a_format() -> None:
    with pytest.raises(UnknownFormatError, match=r"no format 'klingon'.*--input-format text, webvtt"):
        format_named("klingon")


def test_a_session_is_called_after_its_file(tmp_path: Path) -> None:
    path = tmp_path / "week 3.final.txt"
    path.write_bytes(SAMPLES["text"].encode())
    assert read_transcripts(path)[0].session == "week 3.final"
    assert read_transcripts(str(path))[0].session == "week 3.final"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO("T: Grüße\nC: Two\n".encode("cp1252"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))
    (transcript,) = read_transcripts("-", ReadOptions(encoding="cp1252"))
    assert (transcript.session, transcript.turns[0].text) == ("stdin", "Grüße")


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \r\n", "the file is empty"),
        (b"T: x\0\1\2\3 odd", "binary file"),
        (b"T: x\1\2\3 odd", "binary file"),
        (b"PK\x03\x04 stuff", "Word, Excel or zip"),
        (b"%PDF-1.7", "a PDF"),
        (b"{\\rtf1 T: x}", "rich text"),
        (b"\0\0\0\x20ftypM4A ", "sound or film"),
        (b"\xff\xfeT\0:\0 \0x", "this line is not utf-16"),
    ],
)
def test_files_that_are_no_text(raw: bytes, what: str) -> None:
    with pytest.raises(TranscriptError, match=f"^odd:(1:)? .*{what}"):
        Document.from_bytes(raw, name="odd")


def test_a_wrong_encoding_is_an_error_with_its_line() -> None:
    with pytest.raises(TranscriptError, match=r"^x:2: this line is not utf-8.*--encoding"):
        Document.from_bytes("T: a\nC: é\n".encode("cp1252"), name="x", encoding="utf-8")
    with pytest.raises(TranscriptError, match=r"no text encoding 'klingon'.*--encoding"):
        Document.from_bytes(b"T: a", name="x", encoding="klingon")


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="no such file"):
        read_transcripts(tmp_path / "none.txt")
    with pytest.raises(TranscriptError, match="this is a folder"):
        read_transcripts(tmp_path)
    with pytest.raises(TranscriptError, match="cannot read"):
        read_transcripts("a\0b")


def test_a_file_beyond_the_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(document_module, "MAX_BYTES", 1024**2)
    path = tmp_path / "big.txt"
    path.write_bytes(b"T: a\n" * 300_000)
    with pytest.raises(TranscriptError, match="larger than 1 MB"):
        read_transcripts(path)


def test_a_document_does_not_show_its_words() -> None:
    assert "secretwords" not in repr(document("T: secretwords"))


def test_control_characters_do_not_reach_a_turn() -> None:
    (transcript,) = read_transcripts(document('{"speaker": "T\\u001b", "text": "One\\u001b[31m\\u0000\\n two"}\n'))
    assert (transcript.turns[0].speaker, transcript.turns[0].text) == ("T", "One [31m two")


PIECES = st.sampled_from(
    [
        *SAMPLES.values(),
        *("T: ", "Anna  0:05\n", "[00:01] ", "Speaker 1:", "\u0663:\u0664\u0665 ", "\xe9", "\u202e", ":", "unknown"),
        *("WEBVTT\n\n", "00:01.000 --> 00:02.000\n", "<v ", "</v>", ">> ", "-->", "--> 0:1", "NOTE\n", "99:99:99,999"),
        *("text,speaker\n", "start\n", ",", ";", "\t", '"', "{", "}", '"segments": ', "[", "9" * 30, "1e999"),
        *("*A:\t", "%rup:\t", "@Begin\n", "&=", "+...", "\x15", "1_2\x15", "[= ", "<exists>", '"IntervalTier"', "0 1 "),
        *("<TIER ", "</TIER>", "<!ENTITY x 'y'>", "&x;", "0.00 1.00\t", "JO:\t", "<X ", "((", "@@"),
        *("\n\n", "\r", "1\n", "\x00", "\ufeff"),
    ]
)  # fmt: skip
CONTENT = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(str.encode),
    st.lists(PIECES, max_size=12).map(lambda pieces: "".join(pieces).encode()),
)


@settings(max_examples=300, deadline=None)
@given(
    content=CONTENT,
    kind=st.sampled_from([None, *SAMPLES]),
    ending=st.sampled_from(["", ".txt", ".vtt", ".csv", ".json"]),
)
@example(content=b"\x80\x81\xfe", kind=None, ending="")
def test_any_bytes_give_transcripts_or_one_of_our_errors(content: bytes, kind: str | None, ending: str) -> None:
    try:
        transcripts = read_transcripts(document(content, "x" + ending), ReadOptions(format=kind))
    except MendlineError:
        return
    assert transcripts
    for transcript in transcripts:
        assert transcript.turns
        assert all(turn.text and turn.speaker and turn.role for turn in transcript.turns)
