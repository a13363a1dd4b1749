from __future__ import annotations

import csv
import io
import json

import pytest

from mendline.model.annotation import AnnotatedTranscript, Annotation
from mendline.model.labels import Label, Marker
from mendline.review.tables import COLUMNS, render_table
from mendline.training.corpus import read_sessions
from mendline.transcripts.errors import CorpusError
from mendline.transcripts.transcript import Transcript, Turn


def annotated(*texts: str, session: str = "s1", setting: str | None = None) -> AnnotatedTranscript:
    """A session whose first turn is a confrontation in doubt, all others neutral."""
    turns = tuple(
        Turn(index, "Anna", "client", text, start=index * 1.5, end=index * 1.5 + 1 / 3, source_ids=("u1", "u2"))
        for index, text in enumerate(texts)
    )
    first = Annotation(0, Label.CONFRONTATION, Marker.COMPLAIN, (0.05, 0.61236, 0.1, 0.23764), needs_review=True)
    rest = (Annotation(index, Label.NEUTRAL, None, (0.0, 0.0, 0.0, 1.0), False) for index in range(1, len(texts)))
    return AnnotatedTranscript(Transcript(session, turns, setting), (first, *rest))


def table(session: AnnotatedTranscript, kind: str, *, with_text: bool = True) -> str:
    return render_table([session], table=kind, with_text=with_text, source="m (1)")


def test_csv_has_every_column_and_the_promised_decimals():
    assert table(annotated("You, again", "Right"), "csv") == (
        "session,turn,start,end,speaker,role,text,label,marker,probability,"
        "p_withdrawal,p_confrontation,p_repair,p_neutral,needs_review,source_ids\n"
        's1,0,0,0.333,Anna,client,"You, again",confrontation,complain,0.6124,0.0500,0.6124,0.1000,0.2376,true,u1;u2\n'
        "s1,1,1.5,1.833,Anna,client,Right,neutral,,1.0000,0.0000,0.0000,0.0000,1.0000,false,u1;u2\n"
    )


def test_unknown_times_are_empty():
    session = AnnotatedTranscript(
        Transcript("s", (Turn(0, "A", "client", "x"),)), (Annotation(0, Label.NEUTRAL, None, (0, 0, 0, 1.0), False),)
    )
    [row] = csv.DictReader(io.StringIO(table(session, "csv")))
    assert (row["start"], row["end"], row["source_ids"]) == ("", "", "")
    [line] = map(json.loads, table(session, "jsonl").splitlines())
    assert (line["start"], line["end"], line["source_ids"]) == (None, None, [])


@pytest.mark.parametrize("seconds", [0.0, 10.0, 100.0, 3600.0, 1234.5678])
def test_whole_seconds_keep_their_zeros(seconds):
    turn = Turn(0, "A", "client", "x", start=seconds)
    session = AnnotatedTranscript(Transcript("s", (turn,)), (Annotation(0, Label.NEUTRAL, None, (0, 0, 0, 1), False),))
    [row] = csv.DictReader(io.StringIO(table(session, "csv")))
    assert float(row["start"]) == pytest.approx(seconds, abs=0.0005)


@pytest.mark.parametrize(("kind", "delimiter"), [("csv", ","), ("tsv", "\t")])
@pytest.mark.parametrize(
    "text", ['she said "no", twice', "two\nlines", "a\rreturn", "both\r\nof them", "a\ttab", "=1+1", "été 雨 🌧", "'"]
)
def test_delimited_text_comes_back_as_it_was(kind, delimiter, text):
    written = table(annotated(text, "next"), kind)
    rows = list(csv.DictReader(io.StringIO(written, newline=""), delimiter=delimiter))
    assert [row["text"] for row in rows] == [text, "next"]
    assert [row["turn"] for row in rows] == ["0", "1"]


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
def test_labels_only_leaves_the_text_out(kind):
    written = table(annotated("secret words"), kind, with_text=False)
    assert "secret" not in written
    assert "text" not in written
    assert "confrontation" in written
    assert "Anna" in written


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
def test_the_same_input_gives_the_same_bytes(kind):
    assert table(annotated("a", "b"), kind) == table(annotated("a", "b"), kind)


def test_jsonl_is_one_object_a_line_whatever_the_text_holds():
    text = "one\nline\u2028and\u2029another\x85end"
    [line] = table(annotated(text), "jsonl").splitlines()
    assert json.loads(line)["text"] == text


def test_jsonl_row():
    [line] = table(annotated("Hé", setting="couple therapy"), "jsonl").splitlines()
    assert "Hé" in line
    assert json.loads(line) == {
        "session": "s1",
        "turn": 0,
        "setting": "couple therapy",
        "speaker": "Anna",
        "role": "client",
        "text": "Hé",
        "label": "confrontation",
        "marker": "complain",
        "agreement": "model",
        "start": 0.0,
        "end": 0.333,
        "probability": 0.6124,
        "p_withdrawal": 0.05,
        "p_confrontation": 0.6124,
        "p_repair": 0.1,
        "p_neutral": 0.2376,
        "needs_review": True,
        "source_ids": ["u1", "u2"],
        "source": "m (1)",
    }
    assert set(COLUMNS) <= set(json.loads(line))


def test_jsonl_is_read_again_as_labelled_sessions(tmp_path):
    session = annotated("You never listen", "Right.", setting="couple therapy")
    file = tmp_path / "labels.jsonl"
    file.write_text(table(session, "jsonl"), encoding="utf-8")
    with pytest.raises(CorpusError, match="given by a model"):
        read_sessions([file])
    file.write_text(file.read_text(encoding="utf-8").replace('"agreement": "model"', '"agreement": "single"'), "utf-8")
    [again] = read_sessions([file])
    assert again.transcript.session == "s1"
    assert again.transcript.setting == "couple therapy"
    assert [turn.text for turn in again.transcript.turns] == ["You never listen", "Right."]
    assert again.labels == (Label.CONFRONTATION, Label.NEUTRAL)
    assert again.markers == (Marker.COMPLAIN, None)
    assert again.sure == (True, True)
    assert again.source == "m (1)"
