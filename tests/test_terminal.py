from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from mendline.model.annotation import AnnotatedTranscript, Annotation
from mendline.model.labels import LABELS, Label
from mendline.review.summary import SpeakerCount, by_speaker, summarise
from mendline.review.terminal import PLAIN_SHAPES, SHAPES, clock, console_for, show_end, show_session
from mendline.review.visible import visible
from mendline.transcripts.transcript import Transcript, Turn


def annotated(*turns: tuple[str, str, Label], start: float | None = None, doubts: bool = False) -> AnnotatedTranscript:
    return AnnotatedTranscript(
        Transcript(
            "session [1]",
            tuple(Turn(i, speaker, "client", text, start=start) for i, (speaker, text, _) in enumerate(turns)),
        ),
        tuple(
            Annotation(i, label, None, tuple(0.7 if each is label else 0.1 for each in LABELS), doubts)
            for i, (*_, label) in enumerate(turns)
        ),
    )


def shown(*sessions: AnnotatedTranscript, width: int = 80, colour: bool = False, with_text: bool = True) -> str:
    stream = io.StringIO()
    console = console_for(stream)
    if colour:
        console = Console(file=stream, force_terminal=True, color_system="standard", markup=False, emoji=False)
    console.width = width
    for session in sessions:
        show_session(console, session, with_text=with_text)
    show_end(console, sessions, checkpoint="tiny (12345678)")
    return stream.getvalue()


ALL_LABELS = annotated(*(("Anna", f"words of {label}", label) for label in Label), start=3725.9)


def test_every_label_is_told_by_a_word_and_a_shape_of_its_own():
    text = shown(ALL_LABELS)
    for label in Label:
        assert f"{SHAPES[label]} {label}" in text
    assert len(set(SHAPES.values())) == len(set(PLAIN_SHAPES.values())) == len(Label)
    assert all(shape.isascii() for shape in PLAIN_SHAPES.values())


def test_a_stream_without_unicode_gets_plain_shapes_and_no_error():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    console = console_for(stream)
    show_session(console, annotated(("Zoë", "ça va", Label.REPAIR)))
    stream.flush()
    text = raw.getvalue().decode("ascii")
    assert "o repair" in text
    assert "?a va" in text


def test_time_column_only_where_there_are_times():
    assert "1:02:05" in shown(ALL_LABELS)
    without = shown(annotated(("Anna", "hello", Label.NEUTRAL)))
    assert "time" not in without
    assert "hello" in without


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0:00:00"), (59.99, "0:00:59"), (60, "0:01:00"), (36000, "10:00:00")]
)
def test_clock(seconds, expected):
    assert clock(seconds) == expected


def test_doubtful_turns_carry_a_question_mark():
    assert "0.70?" in shown(annotated(("Anna", "hello", Label.NEUTRAL), doubts=True))
    assert "0.70?" not in shown(annotated(("Anna", "hello", Label.NEUTRAL)))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(width):
    words = [f"word{number}" for number in range(60)]
    speaker = "Bartholomew-Maximilian the Third"
    text = shown(annotated((speaker, " ".join(words), Label.CONFRONTATION), start=1.0), width=width)
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert all(word in re.sub(r"\s+", " ", text) for word in words) or width == 40
    assert "0.70" in text
    assert "confrontation" in text


def test_text_can_be_left_out():
    assert "words of" not in shown(ALL_LABELS, with_text=False)


def test_markup_in_the_transcript_is_shown_as_it_is():
    text = shown(annotated(("[red]", "[bold]no[/bold] :smile: [link=http://x]", Label.NEUTRAL)), colour=True)
    for part in ("[red]", "[bold]no[/bold]", ":smile:", "[link=http://x]", "session [1]"):
        assert part in text


def test_nothing_in_a_transcript_steers_the_terminal():
    nasty = "a\x1b[2Jb\x1b]0;title\x07c\x9bd\re\u202ef\u2066g\x7fh\ud800i"
    text = shown(annotated((nasty, nasty, Label.NEUTRAL)), colour=False)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
    assert "␛[2Jb" in text


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("plain – text, 雨 🌧 👩‍👩‍👧", "plain – text, 雨 🌧 👩‍👩‍👧"),
        ("two\r\nlines\tand\u2028more", "two lines and more"),
        ("\x1b[31m", "␛[31m"),
        ("\x00\x07", "␀␇"),
        ("\x7f", "␡"),
        ("\x9b2J", "<U+009B>2J"),
        ("\u202eevil\u202c", "<U+202E>evil<U+202C>"),
        ("\ud83d", "\ufffd"),
    ],
)
def test_visible(raw, safe):
    assert visible(raw) == safe


def test_summary_counts_and_shares():
    session = annotated(
        ("Anna", "x", Label.CONFRONTATION),
        ("Ben", "x", Label.WITHDRAWAL),
        ("Anna", "x", Label.REPAIR),
        ("Anna", "x", Label.NEUTRAL),
        doubts=True,
    )
    summary = summarise([session, session])
    assert (summary.sessions, summary.turns, summary.needs_review) == (2, 8, 8)
    assert summary.labels == dict.fromkeys(Label, 2)
    assert summary.share(Label.REPAIR) == 0.25
    assert by_speaker(session) == (SpeakerCount("Anna", 3, 1, 1), SpeakerCount("Ben", 1, 1, 0))


def test_summary_of_nothing():
    summary = summarise([])
    assert (summary.sessions, summary.turns, summary.share(Label.NEUTRAL)) == (0, 0, 0.0)


def test_summary_is_shown_with_what_the_labels_are_worth():
    text = " ".join(shown(ALL_LABELS).split())
    assert "4 turns, 0 marked ? for review: ▽ withdrawal 1 25% ▲ confrontation 1 25%" in text
    assert re.search(r"Anna\s+4\s+2\s+1", text)
    assert "suggestions by the model tiny (12345678), for a person to check" in text
    assert "not a clinical judgement" in text
    assert "All" not in text


def test_several_sessions_are_counted_together_at_the_end():
    text = " ".join(shown(ALL_LABELS, ALL_LABELS).split())
    assert "All 2 sessions 8 turns, 0 marked ? for review: ▽ withdrawal 2 25%" in text
    assert text.count("not a clinical judgement") == 1


def test_labels_have_colours_on_a_terminal():
    text = shown(ALL_LABELS, colour=True)
    assert len(set(re.findall(r"\x1b\[[0-9;]*m(?=[▽▲●·] )", text))) == len(Label)
