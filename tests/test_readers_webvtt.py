"""WebVTT: voice tags, labels, changes of speaker, joining, broken files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mendline.transcripts.document import Document
from mendline.transcripts.errors import TranscriptError
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import read_transcripts
from mendline.transcripts.transcript import Transcript

TEAMS = """WEBVTT

NOTE Recorded in the morning

STYLE
::cue { color: white }

a1/12-0
00:00:01.000 --> 00:00:02.500 align:start
<v Anna Smith>Hello,</v>

a1/12-1
00:00:02.500 --> 00:00:04.000
<v Anna Smith>you &amp; <i>me</i>.</v>

a1/13-0
00:00:04.000 --> 00:00:05.000
<v.loud Ben>No.</v> <v Anna Smith>Yes.</v>
"""
ZOOM = "WEBVTT\r\n\r\n" + "".join(
    f"{number}\r\n00:00:0{number}.000 --> 00:00:0{number}.900\r\n{words}\r\n\r\n"
    for number, words in enumerate(
        ["Anna: Hello", "Anna: again", "Ben: I said: no", "Mm.", "Ben: Two\r\nlines"], start=1
    )
)


def read(content: str, **options) -> Transcript:
    document = Document.from_bytes(content.encode(), name="talk.vtt", path=Path("talk.vtt"))
    (transcript,) = read_transcripts(document, ReadOptions(**options))
    return transcript


def cues(*payloads: str) -> str:
    times = (f"00:0{place}.000 --> 00:0{place + 1}.000" for place in range(len(payloads)))
    return "WEBVTT\n\n" + "\n\n".join(f"{time}\n{words}" for time, words in zip(times, payloads, strict=True))


def said(transcript: Transcript) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in transcript.turns]


def test_teams() -> None:
    turns = read(TEAMS).turns
    assert [(turn.speaker, turn.text, turn.start, turn.end) for turn in turns] == [
        ("Anna Smith", "Hello, you & me.", 1.0, 4.0),
        ("Ben", "No.", 4.0, 5.0),
        ("Anna Smith", "Yes.", 4.0, 5.0),
    ]
    assert turns[0].source_ids == ("a1/12-0", "a1/12-1")
    assert [turn.role for turn in turns] == ["speaker one", "speaker two", "speaker one"]


def test_zoom_names_everybody_so_a_cue_without_a_name_is_unknown() -> None:
    turns = read(ZOOM).turns
    assert [(turn.speaker, turn.text, turn.source_ids) for turn in turns] == [
        ("Anna", "Hello again", ("1", "2")),
        ("Ben", "I said: no", ("3",)),
        ("unknown", "Mm.", ("4",)),
        ("Ben", "Two lines", ("5",)),
    ]
    assert turns[0].end == 2.9


def test_labels_only_at_changes_carry_on() -> None:
    assert said(read(cues("Anna: One", "two", "Ben: three", "four", "Anna: five", "Ben: six"))) == [
        ("Anna", "One two"),
        ("Ben", "three four"),
        ("Anna", "five"),
        ("Ben", "six"),
    ]


def test_youtube_marks_start_turns_of_an_unknown_speaker() -> None:
    transcript = read(cues("&gt;&gt; One", "two", ">> three", ">> JOHN: four", ">> JOHN: five"))
    assert said(transcript) == [("unknown", "One two"), ("unknown", "three"), ("JOHN", "four"), ("JOHN", "five")]
    assert transcript.turns[0].role == "speaker one"


def test_two_labels_in_one_cue() -> None:
    assert said(read(cues("Anna: One\nBen: two", "Anna: three\nBen: four"))) == [
        ("Anna", "One"),
        ("Ben", "two"),
        ("Anna", "three"),
        ("Ben", "four"),
    ]


def test_names_as_zoom_shows_them() -> None:
    transcript = read(cues("Anna &amp; Ben's iPad: One", "Cara Dean (she/her): two", "Anna &amp; Ben's iPad: three"))
    assert [turn.speaker for turn in transcript.turns] == [
        "Anna & Ben's iPad",
        "Cara Dean (she/her)",
        "Anna & Ben's iPad",
    ]


def test_cues_without_words_are_no_turns() -> None:
    assert said(read(cues("<v Anna>One", "<v Ben> &nbsp;</v>", "<v Anna>two"))) == [("Anna", "One two")]


def test_inline_tags_and_times_go() -> None:
    assert said(read(cues("<v Anna>One <00:00:00.500><c.yellow>two</c> 3 &lt; 4"))) == [("Anna", "One two 3 < 4")]


def test_roles_by_name() -> None:
    assert read(TEAMS, roles={"anna smith": "therapist"}).turns[0].role == "therapist"


def test_no_speakers() -> None:
    with pytest.raises(TranscriptError, match=r"name no speakers.*<v Name>.*--diarize"):
        read(cues("Hello there", "and more"))


def test_no_cues() -> None:
    with pytest.raises(TranscriptError, match="there are no turns"):
        read("WEBVTT\n\nNOTE nothing here\n")


@pytest.mark.parametrize(
    ("content", "place", "what"),
    [
        ("WEBVTT\n\n00:01.000 -> 00:02.000\n<v A>secretwords\n", 3, "neither a cue"),
        ("WEBVTT\n\n1\n00:01.000 --> later\n<v A>secretwords\n", 4, "times of this cue"),
        ("WEBVTT\n\n1\n00:99.000 --> 00:02.000\n<v A>secretwords\n", 4, "times of this cue"),
        (
            "WEBVTT\n\n00:01.000 --> 00:02.000\n<v A>secretwords\n00:02.000 --> 00:03.000\n<v A>x\n",
            5,
            "empty line above",
        ),
        ("WEBVTT\n00:01.000 --> 00:02.000\n<v A>secretwords\n", 2, "belongs to the header"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n<v A>ok\n\nsecretwords\n", 6, "neither a cue"),
        ("1\n00:01.000 --> 00:02.000\n<v A>secretwords\n", 1, "first line is not WEBVTT"),
    ],
)
def test_broken_files(content: str, place: int, what: str) -> None:
    with pytest.raises(TranscriptError, match=what) as caught:
        read(content)
    assert str(caught.value).startswith(f"talk.vtt:{place}: ")
    assert "secretwords" not in str(caught.value)
