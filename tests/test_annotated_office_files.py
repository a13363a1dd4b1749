"""Notes in Word, Label Studio, doccano, ConvoKit and Parquet files: where they belong, and all else as it was."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import docx
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet as arrow

from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.formats.noted_files import FILE_COPIERS, FILE_WRITERS, annotated_file, write_file
from mendline.transcripts.notes import TurnNote
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import format_of, read_transcripts
from mendline.transcripts.transcript import Transcript, Turn

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
ENDINGS = {"docx": ".docx", "parquet": ".parquet", "convokit": ".jsonl", "labelstudio": ".json", "doccano": ".jsonl"}
ENDINGS |= {"csv": ".csv", "tsv": ".tsv", "jsonl": ".jsonl"}
NOTE = TurnNote("repair (own) 0.83", "repair", 0.83, {"label": "repair", "probability": 0.83, "needs_review": False})
SURE = TurnNote(None, "neutral", 0.99, {"label": "neutral", "probability": 0.99, "needs_review": False})
NOTHING = TurnNote()
VALUES = {"mendline_label": "repair", "mendline_probability": 0.83, "mendline_needs_review": False}


def document(raw: bytes, kind: str) -> Document:
    return Document.from_bytes(raw, name=f"talk{ENDINGS[kind]}", path=Path(f"talk{ENDINGS[kind]}"))


def annotated(raw: bytes, kind: str, notes: list[list[TurnNote]], **options: Any) -> bytes:
    source, reading = document(raw, kind), ReadOptions(**options)
    transcripts = read_transcripts(source, reading)
    result = annotated_file(source, transcripts, notes, format_name=kind, options=reading)
    again = read_transcripts(document(result, kind), reading)
    assert again == transcripts  # the same turns, whatever was noted
    return result


def parts(raw: bytes) -> dict[str, str]:
    """The parts of a Word file, XML in its canonical form."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {
            part.filename: ElementTree.canonicalize(archive.read(part).decode())
            if part.filename.endswith((".xml", ".rels"))
            else archive.read(part).hex()
            for part in archive.infolist()
        }


def without_comments(xml: str) -> str:
    """The body of a Word file without the marks of comments."""
    root = ElementTree.fromstring(xml)
    marks = {f"{W}commentRangeStart", f"{W}commentRangeEnd"}
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in marks or (child.tag == f"{W}r" and child.find(f"{W}commentReference") is not None):
                parent.remove(child)
    return ElementTree.canonicalize(ElementTree.tostring(root, encoding="unicode"))


def commented(raw: bytes) -> list[tuple[str, str]]:
    """Each comment with the words that it is put on, read with the standard library alone."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        body = ElementTree.fromstring(archive.read("word/document.xml"))
        comments = ElementTree.fromstring(archive.read("word/comments.xml"))
    words: dict[str, str] = {}
    open_now: list[str] = []
    for element in body.iter():
        if element.tag == f"{W}commentRangeStart":
            open_now.append(element.attrib[f"{W}id"])
        elif element.tag == f"{W}commentRangeEnd":
            open_now.remove(element.attrib[f"{W}id"])
        elif element.tag == f"{W}t":
            for identity in open_now:
                words[identity] = words.get(identity, "") + (element.text or "")
    return [("".join(each.itertext()), words[each.attrib[f"{W}id"]]) for each in comments]


def word_file() -> bytes:
    file = docx.Document()
    file.add_heading("Third session", 0)
    file.sections[0].header.paragraphs[0].text = "confidential"
    first = file.add_paragraph()
    first.add_run("Anna: ").bold = True
    first.add_run("One ")
    first.add_run("two").italic = True
    file.add_paragraph("goes on").style = "Quote"
    both = file.add_paragraph("Ben: three")
    both.add_run().add_break()
    both.add_run("Anna: ")
    both.add_run("four \u05e9 \U0001f600")
    file.add_comment(both.runs[0], "a comment of mine", author="Me")
    file.add_paragraph("Ben: five")
    stream = io.BytesIO()
    file.save(stream)
    return stream.getvalue()


def test_comments_stand_at_the_words_of_their_turns_and_all_else_stays() -> None:
    source = word_file()
    notes = [NOTE, SURE, TurnNote("x <&>"), NOTHING]
    result = annotated(source, "docx", [notes])
    assert sorted(commented(result)) == [
        ("a comment of mine", "Ben: three"),
        ("repair (own) 0.83", "One two"),
        ("x <&>", "four \u05e9 \U0001f600"),
    ]
    opened = docx.Document(io.BytesIO(result))
    assert {(each.author, each.text) for each in opened.comments} == {
        ("Me", "a comment of mine"),
        ("Mendline", "repair (own) 0.83"),
        ("Mendline", "x <&>"),
    }
    before, after = parts(source), parts(result)
    body, comments = "word/document.xml", "word/comments.xml"
    assert without_comments(after.pop(body)) == without_comments(before.pop(body))
    (mine,) = ElementTree.fromstring(before.pop(comments))
    kept = [ElementTree.tostring(each) for each in ElementTree.fromstring(after.pop(comments))]
    assert len(kept) == 3
    assert ElementTree.tostring(mine) in kept
    assert after == before


def test_only_the_parts_for_comments_are_new_in_a_file_that_had_none() -> None:
    file = docx.Document()
    file.add_paragraph("T: One")
    stream = io.BytesIO()
    file.save(stream)
    before, after = parts(stream.getvalue()), parts(annotated(stream.getvalue(), "docx", [[NOTE]]))
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {
        "word/document.xml",
        "word/comments.xml",
        "word/_rels/document.xml.rels",
        "[Content_Types].xml",
    }
    assert set(before) == set(after) - {"word/comments.xml"}


def test_comments_in_a_table() -> None:
    file = docx.Document()
    table = file.add_table(3, 2)
    for row, cells in zip(table.rows, (("Speaker", "Text"), ("T", "One"), ("C", "Two")), strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    stream = io.BytesIO()
    file.save(stream)
    result = annotated(stream.getvalue(), "docx", [[NOTHING, NOTE]])
    assert commented(result) == [("repair (own) 0.83", "Two")]


def test_a_turn_without_runs_of_its_own() -> None:
    file = docx.Document()
    paragraph = file.add_paragraph("T: One")
    inserted = docx.oxml.parse_xml(
        f"<w:p {docx.oxml.ns.nsdecls('w')}><w:ins w:id='5' w:author='a'><w:r><w:t>C: Two</w:t></w:r></w:ins></w:p>"
    )
    paragraph._p.addnext(inserted)
    stream = io.BytesIO()
    file.save(stream)
    assert commented(annotated(stream.getvalue(), "docx", [[NOTHING, NOTE]])) == [("repair (own) 0.83", "C: Two")]


DIALOGUE = [{"author": "T", "text": "How \U0001f600?", "extra": 1}, {"author": "C", "text": " Fine. "}]
REGION = {"id": "a", "from_name": "mood", "to_name": "chat", "type": "paragraphlabels", "value": {"start": "0"}}
TASKS = [
    {
        "id": 7,
        "data": {"dialogue": DIALOGUE, "session": "s7", "place": "Leeds"},
        "annotations": [{"id": 1, "completed_by": 2, "result": [REGION], "was_cancelled": False}],
        "predictions": [{"model_version": "other", "result": []}, {"model_version": "mendline", "result": [1]}],
        "meta": {"kept": None},
    },
    {"id": 8, "data": {"dialogue": DIALOGUE[:1], "session": "s8"}, "annotations": []},
]


def test_label_studio_predictions() -> None:
    result = json.loads(annotated(json.dumps(TASKS).encode(), "labelstudio", [[NOTE, NOTHING], [SURE]]))
    own = [task["predictions"].pop() for task in result]
    expected = copy.deepcopy(TASKS)
    expected[0]["predictions"] = [{"model_version": "other", "result": []}]
    expected[1]["predictions"] = []
    assert result == expected
    assert own[0] == {
        "model_version": "mendline",
        "score": 0.83,
        "result": [
            {
                "id": "mendline-0",
                "from_name": "mood",
                "to_name": "chat",
                "type": "paragraphlabels",
                "value": {"start": "0", "end": "0", "startOffset": 0, "endOffset": 7, "paragraphlabels": ["repair"]},
                "score": 0.83,
                "meta": {"text": ["repair (own) 0.83"]},
            }
        ],
    }
    assert [region["value"]["paragraphlabels"] for region in own[1]["result"]] == [["neutral"]]


def test_label_studio_choices_for_single_turns() -> None:
    tasks = [
        {"id": n, "data": {"text": text, "speaker": who, "session": "s"}, "annotations": []}
        for n, (who, text) in enumerate((("T", "One"), ("C", "Two")))
    ]
    result = json.loads(annotated(json.dumps(tasks).encode(), "labelstudio", [[NOTHING, NOTE]]))
    assert result[0]["predictions"] == [{"model_version": "mendline", "result": []}]
    (region,) = result[1]["predictions"][0]["result"]
    assert (region["type"], region["value"], region["to_name"]) == ("choices", {"choices": ["repair"]}, "text")


def test_the_smaller_export_of_label_studio_has_no_place() -> None:
    small = [{"id": 1, "annotator": 1, "annotation_id": 2, "dialogue": DIALOGUE}]
    with pytest.raises(OutputError, match=r"talk\.json: .*JSON_MIN.*Export the project as JSON"):
        annotated(json.dumps(small).encode(), "labelstudio", [[NOTE, NOTE]])


DOCCANO = [
    {"id": 1, "text": "One", "label": [], "speaker": "T", "session": "s", "Comments": ["é"]},
    {"id": 2, "text": "Two", "label": ["withdrawal"], "speaker": "C", "session": "s"},
    {"id": 3, "text": "Three", "label": [], "speaker": "T", "session": "s"},
]


def test_doccano_labels_only_what_nobody_labelled() -> None:
    lines = "\n".join(map(json.dumps, DOCCANO)).encode()
    result = [json.loads(line) for line in annotated(lines, "doccano", [[NOTE, NOTE, NOTHING]]).splitlines()]
    assert result == [DOCCANO[0] | {"label": ["repair"]} | VALUES, DOCCANO[1] | VALUES, DOCCANO[2]]


def test_doccano_spans() -> None:
    records = [
        {"id": 1, "text": "T: One\r\nC: Two \U0001f600\r\nand more\r\nT: Three", "label": []},
        {"id": 2, "text": "T: One", "label": [[0, 1, "X"]]},
    ]
    lines = "".join(json.dumps(record) + "\n" for record in records).encode()
    first, second = map(json.loads, annotated(lines, "doccano", [[NOTHING, NOTE, SURE], [NOTE]]).splitlines())
    text = records[0]["text"]
    assert [(text[start:end], label) for start, end, label in first["label"]] == [
        ("Two \U0001f600", "repair"),
        ("Three", "neutral"),
    ]
    assert first | {"label": []} == records[0]
    assert second == records[1]


@pytest.mark.parametrize("listed", [False, True])
def test_convokit_meta(listed: bool) -> None:
    rows = [("a", "T", "One", 2), ("b", "C", "Two", 1), ("c", "T", "Three", 3)]
    records = [
        {"id": key, "conversation_id": "a", "text": text, "speaker": who, "meta": {"label": "kept", "n": [1.50]},
         "reply-to": None, "timestamp": time, "vectors": ["\u2028"]}
        for key, who, text, time in rows
    ]  # fmt: skip
    raw = json.dumps(records) if listed else "".join(json.dumps(record) + "\n" for record in records)
    # In order of time: b, a, c.
    written = annotated(raw.encode(), "convokit", [[NOTHING, NOTE, SURE]])
    result = json.loads(written) if listed else [json.loads(line) for line in written.decode().splitlines()]
    assert result[0] == records[0] | {"meta": {"label": "kept", "n": [1.5], **VALUES}}
    assert result[1] == records[1]
    assert result[2]["meta"]["mendline_label"] == "neutral"


def test_parquet_columns() -> None:
    table = pyarrow.table(
        {
            "session": ["s1", "s2", "s1"],
            "speaker": ["T", "A", "C"],
            "text": ["One", "x", "Two"],
            "vectors": [[1.0], [], None],
            "mendline_label": ["old", "old", "old"],
        }
    ).replace_schema_metadata({"kept": "yes"})
    stream = io.BytesIO()
    arrow.write_table(table, stream)
    written = arrow.read_table(io.BytesIO(annotated(stream.getvalue(), "parquet", [[NOTE, NOTHING], [SURE]])))
    assert written.select(["session", "speaker", "text", "vectors"]).equals(table.drop_columns(["mendline_label"]))
    assert written.schema.metadata[b"kept"] == b"yes"
    assert written.column("mendline_label").to_pylist() == ["repair", "neutral", None]
    assert written.column("mendline_probability").to_pylist() == [0.83, 0.99, None]
    assert written.column_names[4:] == ["mendline_label", "mendline_probability", "mendline_needs_review"]


def test_columns_that_a_person_named_are_found_again() -> None:
    stream = io.BytesIO()
    arrow.write_table(pyarrow.table({"wer": ["Anna", "Ben"], "was": ["Eins", "Zwei"]}), stream)
    written = annotated(stream.getvalue(), "parquet", [[NOTE, SURE]], speaker_column="wer", text_column="was")
    assert arrow.read_table(io.BytesIO(written)).column("mendline_label").to_pylist() == ["repair", "neutral"]


TALKS = [
    Transcript(
        "talk one",
        (
            Turn(0, "Anna", "client", "One & <two>: 3", 1.0, 2.25, ("7",)),
            Turn(1, "Anna", "client", "again \U0001f600", 3.5),
            Turn(2, "Receptionist", "speaker one", "I said: no \u05e9", 3700.5),
        ),
        "couple therapy",
    ),
    Transcript("talk two", (Turn(0, "T", "therapist", "So?"), Turn(1, "C", "client", "Hm."))),
]


@pytest.mark.parametrize("kind", FILE_WRITERS)
def test_fresh_files_read_back_as_the_same_turns(kind: str) -> None:
    talks = TALKS[:1] if kind == "docx" else TALKS
    notes = [[NOTE if turn.index == 1 else SURE for turn in talk.turns] for talk in talks]
    written = document(write_file(talks, notes, format_name=kind), kind)
    assert kind == format_of(written).NAME
    again = read_transcripts(written)
    for talk, other in zip(talks, again, strict=True):
        assert [(turn.speaker, turn.text, turn.start) for turn in other.turns] == [
            (turn.speaker, turn.text, turn.start) for turn in talk.turns
        ]
        assert kind == "docx" or other.session == talk.session
        assert kind == "docx" or [turn.role for turn in other.turns][:2] == [turn.role for turn in talk.turns][:2]


def test_fresh_word_file_has_its_comments() -> None:
    raw = write_file(TALKS[:1], [[NOTHING, NOTE, SURE]], format_name="docx")
    assert commented(raw) == [("repair (own) 0.83", "again \U0001f600")]
    assert docx.Document(io.BytesIO(raw)).core_properties.author == "Mendline"
    with pytest.raises(OutputError, match=r"^2 sessions cannot be written as one Word file"):
        write_file(TALKS, [[], []], format_name="docx")
    bad = Transcript("s", (Turn(0, "T", "therapist", "secretwords \ufffe"),))
    with pytest.raises(OutputError, match=r"turn 1 of session s holds a character") as caught:
        write_file([bad], [[NOTHING]], format_name="docx")
    assert "secretwords" not in str(caught.value)


def test_fresh_files_for_annotation_tools_are_labelled() -> None:
    notes = [[NOTE, SURE, NOTHING], [NOTHING, NOTE]]
    first, second = json.loads(write_file(TALKS, notes, format_name="labelstudio"))
    assert [region["value"]["start"] for region in first["predictions"][0]["result"]] == ["0", "1"]
    assert second["data"]["dialogue"][1] == {"author": "C", "text": "Hm.", "role": "client"}
    lines = [json.loads(line) for line in write_file(TALKS, notes, format_name="doccano").splitlines()]
    assert [line["label"] for line in lines] == [["repair"], ["neutral"], [], [], ["repair"]]
    table = arrow.read_table(io.BytesIO(write_file(TALKS, notes, format_name="parquet")))
    assert table.column("mendline_label").to_pylist() == ["repair", "neutral", None, None, "repair"]
    assert table.column("source_ids").to_pylist()[0] == ["7"]


SOURCES = {
    "docx": word_file(),
    "labelstudio": json.dumps(TASKS).encode(),
    "doccano": "\n".join(map(json.dumps, DOCCANO)).encode(),
    "convokit": b'{"id": "a", "conversation_id": "a", "text": "One", "speaker": "T", "meta": {}, "reply-to": null}\n',
    "parquet": write_file(TALKS, [[NOTHING] * 3, [NOTHING] * 2], format_name="parquet"),
}


@pytest.mark.parametrize("kind", FILE_COPIERS)
def test_transcripts_of_another_file(kind: str) -> None:
    other = [Transcript("s", (Turn(0, "T", "therapist", "quite another"),))]
    source = document(SOURCES[kind], kind)
    for transcripts in (other, read_transcripts(source)[:1] + other):
        notes = [[NOTE] * len(each.turns) for each in transcripts]
        with pytest.raises(
            OutputError, match=r"these are not the turns of this file|sessions cannot be written as one"
        ):
            annotated_file(source, transcripts, notes, format_name=kind, options=ReadOptions())


def test_formats_without_a_place_for_notes() -> None:
    with pytest.raises(OutputError, match=r"cannot be written as aws\. Give one of: docx, labelstudio"):
        write_file(TALKS, [], format_name="aws")
    with pytest.raises(OutputError, match=r"cannot be put into a pdf file; only into: docx, labelstudio"):
        annotated_file(document(SOURCES["docx"], "docx"), TALKS, [], format_name="pdf", options=ReadOptions())


WORDS = st.text(min_size=1, max_size=30).map(lambda text: "w" + " ".join(text.split())).filter(str.isprintable)


@settings(max_examples=40, deadline=None)
@given(spoken=st.lists(WORDS, min_size=1, max_size=5), kind=st.sampled_from(sorted(FILE_WRITERS)))
def test_whatever_is_said_is_written_and_noted(spoken: list[str], kind: str) -> None:
    turns = tuple(Turn(index, "T", "therapist", words) for index, words in enumerate(spoken))
    notes = [[NOTE] * len(turns)]
    fresh = document(write_file([Transcript("s", turns)], notes, format_name=kind), kind)
    transcripts = read_transcripts(fresh)
    assert [turn.text for turn in transcripts[0].turns] == spoken
    if kind in FILE_COPIERS:
        again = annotated_file(fresh, transcripts, notes, format_name=kind, options=ReadOptions())
        assert read_transcripts(document(again, kind)) == transcripts
