"""CSV, TSV and JSON Lines: columns, sessions, times, roles, broken rows; AnnoMI itself where it is at hand."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from mendline.transcripts.document import Document
from mendline.transcripts.errors import TranscriptError
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import format_of, read_transcripts
from mendline.transcripts.transcript import Transcript

ANNOMI = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "AnnoMI-simple.csv"
ANNOMI_LIKE = """transcript_id,mi_quality,topic,utterance_id,interlocutor,timestamp,utterance_text,client_talk_type
7,high,x,0,therapist,00:00:13,"Well, how
are you?",n/a
7,high,x,1,client,00:09:025,"Fine, ""fine"".",neutral
4,low,y,0,client,,Hello.,neutral
"""


def document(content: str, name: str = "talk.csv") -> Document:
    return Document.from_bytes(content.encode(), name=name, path=Path(name))


def read(content: str, name: str = "talk.csv", **options) -> list[Transcript]:
    return read_transcripts(document(content, name), ReadOptions(**options))


def said(transcript: Transcript) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in transcript.turns]


def test_columns_of_annomi() -> None:
    first, second = read(ANNOMI_LIKE)
    assert (first.session, second.session) == ("7", "4")
    assert [(turn.text, turn.start, turn.role, turn.source_ids) for turn in first.turns] == [
        ("Well, how are you?", 13.0, "therapist", ("0",)),
        ('Fine, "fine".', 565.0, "client", ("1",)),
    ]
    assert second.turns[0].start is None


@pytest.mark.skipif(not ANNOMI.exists(), reason=f"AnnoMI's text is not part of the project; it is not at {ANNOMI}")
def test_annomi_itself() -> None:
    transcripts = read_transcripts(ANNOMI)
    turns = [turn for transcript in transcripts for turn in transcript.turns]
    assert (len(transcripts), len(turns)) == (133, 9699)
    with ANNOMI.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [transcript.session for transcript in transcripts] == list(
        dict.fromkeys(row["transcript_id"] for row in rows)
    )
    assert [turn.source_ids for turn in turns] == [(row["utterance_id"],) for row in rows]
    assert Counter(turn.role for turn in turns) == {"therapist": 4882, "client": 4817}
    assert all(turn.start is not None for turn in turns)


def test_the_form_of_the_corpus() -> None:
    row = {"session": "ct1", "turn": 0, "setting": "couple therapy", "speaker": "A", "role": "partner", "text": "One"}
    rows = [row | {"label": "neutral", "marker": None}, row | {"turn": 1, "speaker": "B", "text": "Two", "sure": True}]
    (transcript,) = read("\n\n".join(map(json.dumps, rows)), "x.jsonl")
    assert (transcript.session, transcript.setting) == ("ct1", "couple therapy")
    assert [(turn.speaker, turn.role, turn.source_ids) for turn in transcript.turns] == [
        ("A", "partner one", ("0",)),
        ("B", "partner two", ("1",)),
    ]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("x", "Who;Utterance\nMum;Hi; there\n".replace("Hi; there", '"Hi; there"'), "csv"),
        ("x", "speaker\tTEXT\nMum\tHi; there\n", "tsv"),
        ("x", '{"name": "Mum", "content": "Hi; there"}\n', "jsonl"),
    ],
)
def test_usual_names_of_columns_in_any_case(name: str, content: str, kind: str) -> None:
    assert kind == format_of(document(content, name)).NAME
    (transcript,) = read(content, name)
    assert said(transcript) == [("Mum", "Hi; there")]
    assert transcript.turns[0].role == "parent"


def test_named_columns_win() -> None:
    content = (
        "text,speaker,What was said,code,wave,line,from_ms,till\nx,y,One,T,w1,a,1500,0:03\nx,y,Two,C,w2,b,2000,4.5\n"
    )
    first, second = read(
        content,
        text_column="what was said",
        speaker_column="code",
        session_column="wave",
        id_column="line",
        start_column="from_ms",
        end_column="till",
    )
    assert (first.session, second.session) == ("w1", "w2")
    assert said(first) == [("T", "One")]
    assert (first.turns[0].start, first.turns[0].end, first.turns[0].source_ids) == (1.5, 3.0, ("a",))
    assert second.turns[0].end == 4.5


def test_rows_of_one_session_are_gathered() -> None:
    first, second = read("session,speaker,text\na,T,1\nb,T,2\na,C,3\nb,C,4\n")
    assert [turn.text for turn in first.turns] == ["1", "3"]
    assert [turn.text for turn in second.turns] == ["2", "4"]


def test_rows_stay_one_turn_each_and_empty_ones_are_spacing() -> None:
    (transcript,) = read("speaker,text\r\nT,One\r\n,\r\n\r\nT,Two\r\n")
    assert said(transcript) == [("T", "One"), ("T", "Two")]


def test_dates_become_seconds_from_the_first() -> None:
    (transcript,) = read(
        "speaker,text,timestamp\n"
        "A,x,2024-05-01T10:00:05Z\nB,y,2024-05-01 10:00:00+00:00\nA,z,2024-05-01T10:01:00.500Z\n"
    )
    assert [turn.start for turn in transcript.turns] == [5.0, 0.0, 60.5]


def test_roles_of_the_file_win_over_names_and_options_over_both() -> None:
    content = "speaker,role,text\nMum,Client,One\nDad,,Two\nX,case manager,Three\n"
    assert [turn.role for turn in read(content)[0].turns] == ["client", "parent", "case manager"]
    assert read(content, roles={"mum": "friend"})[0].turns[0].role == "friend"


def test_a_role_alone_is_the_speaker() -> None:
    assert [turn.role for turn in read("role,content\ntherapist,One\nassistant,Two\n")[0].turns] == [
        "therapist",
        "speaker one",
    ]


def test_a_setting_counts_only_if_it_is_the_same_in_all_rows() -> None:
    assert read("setting,speaker,text\nhome,A,1\nhome,B,2\n")[0].setting == "home"
    assert read("setting,speaker,text\nhome,A,1\ncar,B,2\n")[0].setting is None


def test_tsv_written_without_quoting() -> None:
    (transcript,) = read('speaker\ttext\nA\t"Hello," she said\nB\t"\n', "x.tsv")
    assert said(transcript) == [("A", '"Hello," she said'), ("B", '"')]


def test_utf16_as_excel_writes_it() -> None:
    raw = "speaker\ttext\r\nT\tdéjà vu\r\n".encode("utf-16")
    (transcript,) = read_transcripts(Document.from_bytes(raw, name="x.txt", path=Path("x.txt")))
    assert said(transcript) == [("T", "déjà vu")]


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        ("speaker,text\nT,One\nC,secretwords,three\n", 3, "cells in this row: 3, in the header: 2"),
        ("speaker,text\nT,One\nC\n", 3, "cells in this row: 1"),
        ('speaker,text\nT,"One\ntwo"\nC,"secretwords\n', 4, "quotation marks"),
        ("speaker,text\nT,One\nC,\nT, \n", 3, r"2 rows have no text \(line 3, 4\).*\[silence\].*--text-column"),
        ("speaker,text\nT,One\n,secretwords\n", 3, "'speaker' is empty"),
        ("session,speaker,text\n1,T,One\n,T,secretwords\n", 3, "'session' is empty"),
        ("speaker,text,start\nT,One,0:01\nC,secretwords,soon\n", 3, "'start' holds no time.*--start-column"),
        ("speaker,text,start\nT,One,0:01\nC,secretwords,1:75\n", 3, "'start' holds no time"),
        ("speaker,text,start,end\nT,secretwords,2024-01-01T10:00,5\n", 2, "one of start and end is a date"),
        ("speaker,role,text\nX,client,One\nX,friend,Two\n", 3, "another role further up.*--role-column"),
        ("speaker,role,text\nX,client,One\nY,T2-x9,Two\n", 3, "role is not one to three words.*--role-column"),
        ("a,b\nsecretwords,x\n", 1, "no column has a usual name for the text.*--text-column NAME"),
        ("a,text\nx,secretwords\n", 1, "no column has a usual name for the speaker.*--speaker-column NAME"),
        ("speaker,text,text\nT,secretwords,x\n", 1, "two columns are called 'text'"),
    ],
)
def test_broken_tables(content: str, line: int, what: str) -> None:
    with pytest.raises(TranscriptError, match=what) as caught:
        read(content)
    assert str(caught.value).startswith(f"talk.csv:{line}: ")
    assert "secretwords" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        ('{"speaker": "T", "text": "One"}\n\n{"speaker": "C", "text": "secretwords"\n', 3, "not valid JSON"),
        ('{"speaker": "T", "text": "One"}\n["secretwords"]\n', 2, "not a JSON object"),
        ('{"speaker": "T", "text": "One"}\n{"speaker": "C", "text": ["secretwords"]}\n', 2, "'text' is neither"),
        ('{"speaker": "T", "text": "One"}\n{"speaker": "C", "text": null}\n', 2, "1 row has no text"),
        ('{"speaker": "T", "text": "One"}\n{"speaker": "C"}\n', 2, "1 row has no text"),
        ('{\n  "speaker": "T",\n  "text": "secretwords"\n}\n', 1, "not valid JSON"),
        ('{"speaker": "T", "text": "secretwords \\udc00"}\n', 1, "half of a character"),
    ],
)
def test_broken_json_lines(content: str, line: int, what: str) -> None:
    with pytest.raises(TranscriptError, match=what) as caught:
        read(content, "talk.jsonl")
    assert str(caught.value).startswith(f"talk.jsonl:{line}: ")
    assert "secretwords" not in str(caught.value)


def test_a_named_column_that_is_missing() -> None:
    with pytest.raises(TranscriptError, match=r"no column 'words'\. Give --text-column"):
        read("speaker,text\nT,One\n", text_column="words")


def test_no_rows() -> None:
    with pytest.raises(TranscriptError, match="no rows below its header"):
        read("speaker,text\n")
