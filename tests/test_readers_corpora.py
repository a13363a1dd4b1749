"""ConvoKit corpora, Label Studio and doccano exports: sessions, order, speakers, and what is missing."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mendline.transcripts.document import Document
from mendline.transcripts.errors import MendlineError, TranscriptError
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import FORMATS, read_transcripts
from mendline.transcripts.transcript import Transcript


def as_lines(records: list[Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def document(content: object, name: str = "talk.json") -> Document:
    text = content if isinstance(content, str) else json.dumps(content)
    return Document.from_bytes(text.encode(), name=name, path=Path(name))


def read(content: object, **options: Any) -> list[Transcript]:
    return read_transcripts(document(content), ReadOptions(**options))


def said(transcripts: list[Transcript]) -> dict[str, list[tuple[str, str]]]:
    return {each.session: [(turn.speaker, turn.text) for turn in each.turns] for each in transcripts}


def utterance(identity: str, speaker: str, text: str, session: str = "c1", **more: Any) -> dict[str, Any]:
    return {
        "id": identity,
        "conversation_id": session,
        "text": text,
        "speaker": speaker,
        "meta": {"label": "kept"},
        "reply-to": None,
        "timestamp": None,
        "vectors": [],
        **more,
    }


CONVOKIT = [
    utterance("u1", "anna", "Hi.", timestamp=1_600_000_000.5),
    utterance("v1", "cleo", "Well?", "c2", timestamp=7),
    utterance("u3", "anna", "Oh.", timestamp=1_600_000_004),
    utterance("u2", "ben", "No.", timestamp="1600000002"),
    utterance("v2", "dan", "Well.", "c2"),
]
DIALOGUE = [{"author": "T", "text": "How was it?"}, {"author": "C", "text": "Fine."}]
TASKS = [
    {"id": 7, "data": {"dialogue": DIALOGUE, "place": "Leeds"}, "annotations": [], "predictions": []},
    {"id": 8, "data": {"dialogue": [{"speaker": "Ben", "text": "So.", "start": 1.5, "end": 2}], "session": "s8"},
     "annotations": []},
]  # fmt: skip
DOCCANO = [
    {"id": 1, "text": "How was it?", "label": [], "speaker": "T", "session": "s1", "Comments": []},
    {"id": 2, "text": "Fine.", "label": ["withdrawal"], "speaker": "C", "session": "s1", "Comments": []},
]
SAMPLES: dict[str, Any] = {
    "convokit": as_lines(CONVOKIT),
    "labelstudio": json.dumps(TASKS, indent=2),
    "doccano": as_lines(DOCCANO),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_exactly_one_reader_takes_each(name: str) -> None:
    assert [known.NAME for known in FORMATS if known.takes(document(SAMPLES[name]))] == [name]


def test_forms_of_json_that_belong_to_one_reader_too() -> None:
    for name, content in (
        ("convokit", CONVOKIT),
        ("convokit", as_lines(CONVOKIT[:1])),
        ("labelstudio", TASKS[0]),
        ("labelstudio", [{"id": 1, "annotator": 1, "annotation_id": 2, "dialogue": DIALOGUE}]),
        ("doccano", DOCCANO),
        ("doccano", as_lines([{"id": 1, "text": "T: One\nC: Two", "entities": []}])),
        ("jsonl", as_lines([{"speaker": "T", "text": "x", "label": "repair", "session": "s"}])),
        ("jsonl", as_lines([{"speaker": "T", "text": "x", "conversation_id": "s"}])),
    ):
        assert [known.NAME for known in FORMATS if known.takes(document(content))] == [name]


@pytest.mark.parametrize("content", [as_lines(CONVOKIT), CONVOKIT])
def test_convokit_conversations_in_order_of_time(content: object) -> None:
    first, second = read(content)
    assert [(turn.speaker, turn.text, turn.start, turn.source_ids) for turn in first.turns] == [
        ("anna", "Hi.", 0, ("u1",)),
        ("ben", "No.", 1.5, ("u2",)),
        ("anna", "Oh.", 3.5, ("u3",)),
    ]
    assert (first.session, second.session) == ("c1", "c2")
    assert [(turn.speaker, turn.start) for turn in second.turns] == [("cleo", 7), ("dan", None)]


def test_an_older_convokit_corpus() -> None:
    old = [{"id": "u1", "root": "u1", "user": "anna", "text": "Hi.", "reply-to": None, "timestamp": "x"}]
    with pytest.raises(TranscriptError, match="'timestamp' holds no time"):
        read(old)
    assert said(read([old[0] | {"timestamp": 3}])) == {"u1": [("anna", "Hi.")]}


def test_label_studio_dialogues() -> None:
    transcripts = read(TASKS)
    assert said(transcripts) == {"talk-7": [("T", "How was it?"), ("C", "Fine.")], "s8": [("Ben", "So.")]}
    assert (transcripts[1].turns[0].start, transcripts[1].turns[0].end) == (1.5, 2)
    assert said(read(TASKS[0])) == {"talk": [("T", "How was it?"), ("C", "Fine.")]}


def test_label_studio_single_turns_and_the_smaller_export() -> None:
    tasks = [
        {"id": n, "data": {"text": turn["text"], "author": turn["author"], "session": "s1"}, "annotations": []}
        for n, turn in enumerate(DIALOGUE)
    ]
    assert said(read(tasks)) == {"s1": [("T", "How was it?"), ("C", "Fine.")]}
    small = [{"id": 1, "annotator": 1, "annotation_id": 2, "dialogue": DIALOGUE, "label": []}]
    assert said(read(small)) == {"talk": [("T", "How was it?"), ("C", "Fine.")]}


def test_doccano_turns() -> None:
    assert said(read(as_lines(DOCCANO))) == {"s1": [("T", "How was it?"), ("C", "Fine.")]}
    older = [{"id": 1, "text": "Hi", "labels": [], "meta": {"speaker": "T", "session": "m"}}]
    assert said(read(older)) == {"m": [("T", "Hi")]}


def test_doccano_conversations() -> None:
    records = [
        {"id": 4, "text": "T: One\nC: Two\nand more", "label": [[0, 1, "X"]]},
        {"id": 5, "text": "T: Three\r\nC: Four", "label": []},
    ]
    assert said(read(as_lines(records))) == {
        "talk-4": [("T", "One"), ("C", "Two and more")],
        "talk-5": [("T", "Three"), ("C", "Four")],
    }


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("convokit", as_lines([utterance("u", "anna", "secretwords"), utterance("v", "ben", "")]), r":2: 1 row has no"),
        ("convokit", as_lines([utterance("u", "", "secretwords")]), r":1: the column 'speaker' is empty"),
        ("convokit", as_lines([utterance("u", "anna", "x"), {"text": ["secretwords"]}]), r":2: 'text' is neither"),
        ("convokit", as_lines([utterance("u", "anna", "x")]) + "{secretwords", r":2: this is not valid JSON"),
        ("convokit", as_lines([utterance("u", "anna", "x")]) + "5\n", r":2: this line is not a JSON object"),
        ("convokit", "{}", 'no utterance has a "text"'),
        ("convokit", "[5]", "something else than objects"),
        ("labelstudio", [TASKS[0], {"id": 2, "data": {"a": 1}}], "task 2: the data hold no turns"),
        ("labelstudio", [{"id": 2, "data": {"a": DIALOGUE, "b": DIALOGUE}}], r"task 1: .*several dialogues \(a, b\)"),
        ("labelstudio", [{"id": 2, "data": {"a": [*DIALOGUE, {"author": "T", "text": ""}]}}],
         "task 1, turn by turn.*1 row has no text"),
        ("labelstudio", [{"id": 2, "data": {"a": [DIALOGUE[0], "secretwords"]}}], "task 1: the data hold no turns"),
        ("labelstudio", [{"id": 2, "data": {"image": "secretwords"}}], "the data hold no turns"),
        ("labelstudio", [{"data": {"session": "x", "a": DIALOGUE}, "id": n} for n in (1, 2)],
         "task 2 has the \"session\""),
        ("doccano", as_lines([{"id": 1, "text": "secretwords and prose", "label": []}]), r":1: record 1: no speakers"),
        ("doccano", as_lines([{"id": 1, "text": "T: x\nC:", "label": []}]), r":1: record 1, line 2 of its text"),
        ("doccano", as_lines([*DOCCANO, {"id": 3, "label": [], "speaker": "T", "session": "s1"}]),
         ":3: 1 row has no text"),
        ("doccano", "{}", "record 1: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_without_the_words(name: str, content: object, message: str) -> None:
    with pytest.raises(TranscriptError, match=message) as caught:
        read(content, format=name)
    assert "secretwords" not in str(caught.value)


PIECES = st.sampled_from(["{", "}", "[", "]", ",", '"', "null", "5", '"text"', '"data"', "\n", "\\ud800", "1e999", ""])


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(SAMPLES)),
    place=st.integers(0, 900),
    cut=st.integers(0, 40),
    put=PIECES,
    named=st.booleans(),
)
def test_changed_files_give_turns_or_one_of_our_errors(name: str, place: int, cut: int, put: str, named: bool) -> None:
    sample = SAMPLES[name]
    with contextlib.suppress(MendlineError):
        transcripts = read(sample[:place] + put + sample[place + cut :], format=name if named else None)
        assert all(transcript.turns for transcript in transcripts)


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.just({}), st.just([1]), st.just([{}]))


@settings(max_examples=150, deadline=None)
@given(data=st.data(), value=VALUES, name=st.sampled_from(["convokit", "labelstudio", "doccano"]))
def test_values_of_any_kind_give_turns_or_one_of_our_errors(data: st.DataObject, value: Any, name: str) -> None:
    records = json.loads(json.dumps({"convokit": CONVOKIT, "labelstudio": TASKS, "doccano": DOCCANO}[name]))
    inner = [task["data"] for task in records if "data" in task]
    turns = [turn for each in inner for turn in each["dialogue"]]
    record = data.draw(st.sampled_from([*records, *inner, *turns]))
    record[data.draw(st.sampled_from(sorted(record)))] = value
    with contextlib.suppress(MendlineError):
        assert read(records, format=name)[0].turns
