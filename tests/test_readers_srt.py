"""SRT: times, labels, numbers, broken cues."""

from __future__ import annotations

from pathlib import Path

import pytest

from mendline.transcripts.document import Document
from mendline.transcripts.errors import TranscriptError
from mendline.transcripts.reading import format_of, read_transcripts
from mendline.transcripts.transcript import Transcript


def read(content: str) -> Transcript:
    document = Document.from_bytes(content.encode(), name="talk.srt", path=Path("talk.srt"))
    (transcript,) = read_transcripts(document)
    return transcript


def test_speakers_times_and_ids() -> None:
    turns = read(
        "7\n00:00:01,000 --> 00:00:02,000\nAnna: {\\an8}Hi <i>there</i>\n\n"
        "8\n00:00:02,000 --> 00:00:03,500\nAnna: yes\n\n"
        "9\n01:00:04,000 --> 01:00:05,000\n[SPEAKER_01]: 42\n\n[laughs]\n"
    ).turns
    assert [(turn.speaker, turn.text, turn.start, turn.end, turn.source_ids) for turn in turns] == [
        ("Anna", "Hi there yes", 1.0, 3.5, ("7", "8")),
        ("SPEAKER_01", "42 [laughs]", 3604.0, 3605.0, ("9",)),
    ]


def test_cues_without_numbers_or_empty_lines_between() -> None:
    turns = read("00:00:01,0 --> 00:00:02,0\nT: One\n00:00:02,0 --> 00:00:03,0\nC: two < 3").turns
    assert [(turn.text, turn.source_ids) for turn in turns] == [("One", ("1",)), ("two < 3", ("2",))]


def test_content_decides_over_the_ending() -> None:
    raw = b"1\r\n00:00:01,000 --> 00:00:02,000\r\nT: One\r\n"
    assert format_of(Document.from_bytes(raw, name="x.vtt", path=Path("x.vtt"))).NAME == "srt"


@pytest.mark.parametrize(
    ("content", "place", "what"),
    [
        (
            "1\n00:00:01,000 --> 00:00:02,000\nT: One\n\n2\n00:00:02 --> 00:00:03\nC: secretwords\n",
            6,
            "times of this cue",
        ),
        ("secretwords\n\n1\n00:00:01,000 --> 00:00:02,000\nT: One\n", 1, "above the first cue"),
    ],
)
def test_broken_files(content: str, place: int, what: str) -> None:
    with pytest.raises(TranscriptError, match=what) as caught:
        read(content)
    assert str(caught.value).startswith(f"talk.srt:{place}: ")
    assert "secretwords" not in str(caught.value)


def test_no_speakers_and_no_cues() -> None:
    with pytest.raises(TranscriptError, match="name no speakers"):
        read("1\n00:00:01,000 --> 00:00:02,000\nhello\n")
    with pytest.raises(TranscriptError, match="there are no cues"):
        read("hello there\n")
