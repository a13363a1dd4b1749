"""The JSON of Whisper and WhisperX, with speakers and without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mendline.transcripts.document import Document
from mendline.transcripts.errors import TranscriptError
from mendline.transcripts.reading import read_transcripts
from mendline.transcripts.transcript import Transcript


def read(content: object, *, indent: int | None = None) -> Transcript:
    text = content if isinstance(content, str) else json.dumps(content, indent=indent)
    (transcript,) = read_transcripts(Document.from_bytes(text.encode(), name="talk.json", path=Path("talk.json")))
    return transcript


def segment(text: str, start: float = 0, end: float = 1, **more: object) -> dict[str, object]:
    return {"start": start, "end": end, "text": text, **more}


@pytest.mark.parametrize("indent", [None, 2])
def test_segments_of_one_speaker_are_joined(indent: int | None) -> None:
    segments = [
        segment(" Hi", 0, 1.5, speaker="SPEAKER_00", id=10),
        segment(" you.", 1.5, 2, speaker="SPEAKER_00", id=11),
        segment(" ", 2, 3, speaker="SPEAKER_01", id=12),
        segment("No.", 3, 4, speaker="SPEAKER_01", id=13),
        segment("Hm.", 4, 5, id=14),
        segment("Hm.", 5, 6, id=15),
    ]
    turns = read({"language": "en", "segments": segments}, indent=indent).turns
    assert [(turn.speaker, turn.role, turn.text, turn.start, turn.end, turn.source_ids) for turn in turns] == [
        ("SPEAKER_00", "speaker one", "Hi you.", 0, 2, ("10", "11")),
        ("SPEAKER_01", "speaker two", "No.", 3, 4, ("13",)),
        ("unknown", "speaker three", "Hm.", 4, 5, ("14",)),
        ("unknown", "speaker three", "Hm.", 5, 6, ("15",)),
    ]


def test_words_say_who_speaks_where_the_segment_does_not() -> None:
    words = [{"word": "a", "speaker": "B"}, {"word": "b"}, {"word": "c", "speaker": "A"}, {"word": "d", "speaker": "B"}]
    assert read({"segments": [segment("a b c d", words=words)]}).turns[0].speaker == "B"


def test_without_speakers_each_segment_is_a_turn_of_an_unknown_one() -> None:
    turns = read({"segments": [segment("One"), segment("two")]}).turns
    assert [(turn.speaker, turn.role, turn.text, turn.source_ids) for turn in turns] == [
        ("unknown", "speaker one", "One", ("0",)),
        ("unknown", "speaker one", "two", ("1",)),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"segments": [\n{"text": "secretwords",,}]}', r"talk\.json:2: this is not valid JSON"),
        ('{"segments": {}}', 'no list of "segments"'),
        ('{"segments": []}', "there are no turns"),
        ('{"segments": [{"text": "x"}, {"words": []}]}', "segment 2 has no text"),
        ('{"segments": [{"text": "secretwords", "start": "x"}]}', '"start" of segment 1'),
        ('{"segments": [{"text": "secretwords", "end": NaN}]}', '"end" of segment 1'),
        ('{"segments": [{"text": "secretwords", "end": -1}]}', '"end" of segment 1'),
        ('{"segments": [{"text": "secretwords", "end": 1' + "0" * 400 + "}]}", '"end" of segment 1'),
        ('{"segments": ' + "[" * 100_000, "beyond all measure|not valid JSON"),
        ('{"segments": [{"text": "secretwords \\ud800"}]}', "half of a character"),
    ],
)
def test_broken_files(content: str, message: str) -> None:
    with pytest.raises(TranscriptError, match=message) as caught:
        read(content)
    assert "secretwords" not in str(caught.value)
