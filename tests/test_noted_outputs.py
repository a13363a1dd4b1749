"""Word, Label Studio, doccano, ConvoKit and Parquet as results of `annotate`, from the examples and read back."""

from __future__ import annotations

import io
import json
from pathlib import Path

import docx
import pytest
from pyarrow import parquet as arrow

from mendline.cli import cli
from mendline.review.annotating import output_endings, read_endings
from mendline.review.destination import Destination, Kind, choose, targets
from mendline.review.inputs import Inputs, Source
from mendline.review.tables import PROBABILITY_COLUMNS
from mendline.transcripts.errors import OutputError
from mendline.transcripts.files import write_bytes
from mendline.transcripts.reading import format_of, open_document, read_transcripts

EXAMPLES = Path(__file__).parent.parent / "examples"
NAMES = {"docx": "o.docx", "labelstudio": "o.labelstudio.json", "doccano": "o.doccano.jsonl", "parquet": "o.parquet"}
FILES = sorted(path.name for path in EXAMPLES.iterdir() if path.suffix in read_endings())
TWO = "session,speaker,text\n1,T,Hello.\n1,C,Whatever.\n2,T,Maybe.\n2,C,Sorry.\n"
VALUES = {
    *("mendline_label", "mendline_marker", "mendline_probability", "mendline_needs_review", "mendline_checkpoint"),
    *(f"mendline_{name}" for name in PROBABILITY_COLUMNS),
}


@pytest.fixture
def annotate(runner, stand_in):
    def run(*arguments: str | Path, code: int = 0, stdin: bytes | None = None):
        result = runner.invoke(cli, ["annotate", *map(str, arguments)], input=stdin)
        assert result.exit_code == code, (result.stderr, result.exception)
        return result

    return run


@pytest.fixture
def rows(annotate):
    """What a JSONL table says of the turns of a file."""

    def read(path: Path) -> list[dict]:
        return [json.loads(line) for line in annotate(path, "--format", "jsonl").stdout.splitlines()]

    return read


@pytest.fixture
def two(tmp_path) -> Path:
    (tmp_path / "two.csv").write_text(TWO, encoding="utf-8")
    return tmp_path / "two.csv"


def spoken(path: Path) -> list[list[tuple[str, str]]]:
    return [[(turn.speaker, turn.text) for turn in talk.turns] for talk in read_transcripts(path)]


def values_of(row: dict) -> dict:
    """The values that a note has, from the row of the JSONL table for the same turn."""
    names = ("label", "marker", "probability", *PROBABILITY_COLUMNS, "needs_review")
    return {f"mendline_{name}": row[name] for name in names} | {"mendline_checkpoint": row["source"]}


def noted(rows: list[dict]) -> list[str]:
    """The notes in words that the turns have."""
    return [
        f"{row['label']}{' (' + row['marker'] + ')' if row['marker'] else ''} {row['probability']:.2f}"
        + ("?" if row["needs_review"] else "")
        for row in rows
        if row["label"] != "neutral" or row["needs_review"]
    ]


def convokit(path: Path, source: Path) -> Path:
    """A corpus with the turns of `source`, and what else ConvoKit keeps."""
    lines = [
        {
            "id": f"u{turn.index}",
            "conversation_id": talk.session,
            "speaker": turn.speaker,
            "text": turn.text,
            "reply-to": None,
            "timestamp": turn.index,
            "meta": {"mine": turn.index},
        }
        for talk in read_transcripts(source)
        for turn in talk.turns
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


# Written anew, from every example


# clinic-visit.csv holds two sessions, and a Word file one.
@pytest.mark.parametrize(
    ("kind", "example"),
    [(kind, name) for kind in NAMES for name in FILES if (kind, name) != ("docx", "clinic-visit.csv")],
)
def test_every_example_can_be_written_and_read_again(annotate, tmp_path, kind, example):
    target = tmp_path / NAMES[kind]
    result = annotate(EXAMPLES / example, "-o", target)
    assert result.stderr == f"Annotated 1 of 1 files to {target}.\n"
    assert target.stat().st_mode & 0o777 == 0o600
    found = format_of(open_document(target)).NAME
    assert found == kind
    assert spoken(target) == spoken(EXAMPLES / example)
    assert sorted(path.name for path in tmp_path.iterdir()) == [target.name]


def test_word_has_a_comment_for_each_note(annotate, rows, tmp_path):
    source = EXAMPLES / "couple-session.txt"
    annotate(source, "-o", tmp_path / "o.docx")
    comments = [comment.text for comment in docx.Document(str(tmp_path / "o.docx")).comments]
    assert comments == noted(rows(source))
    assert comments


def test_label_studio_has_a_region_for_each_turn(annotate, rows, tmp_path):
    source = EXAMPLES / "family-call.json"
    annotate(source, "-o", tmp_path / "o.LabelStudio.JSON")
    [task] = json.loads((tmp_path / "o.LabelStudio.JSON").read_text(encoding="utf-8"))
    [prediction] = task["predictions"]
    found = [(each["value"]["start"], each["value"]["paragraphlabels"], each["score"]) for each in prediction["result"]]
    assert found == [(str(row["turn"]), [row["label"]], row["probability"]) for row in rows(source)]
    assert [each["meta"]["text"][0] for each in prediction["result"] if "meta" in each] == noted(rows(source))


def test_doccano_has_the_label_and_the_values(annotate, rows, tmp_path):
    source = EXAMPLES / "voice-notes.jsonl"
    annotate(source, "-o", tmp_path / "o.doccano.jsonl")
    records = [json.loads(line) for line in (tmp_path / "o.doccano.jsonl").read_text(encoding="utf-8").splitlines()]
    for record, row in zip(records, rows(source), strict=True):
        assert record["label"] == [row["label"]]
        assert {name: value for name, value in record.items() if name in VALUES} == values_of(row)


def test_parquet_has_the_values_in_columns(annotate, rows, tmp_path):
    source = EXAMPLES / "clinic-visit.csv"
    annotate(source, "-o", tmp_path / "o.parquet")
    table = arrow.read_table(tmp_path / "o.parquet")
    assert set(table.column_names) >= VALUES
    assert table.select(sorted(VALUES)).to_pylist() == [values_of(row) for row in rows(source)]


@pytest.mark.parametrize("kind", ["labelstudio", "doccano", "parquet"])
def test_several_sessions_of_one_file(annotate, two, tmp_path, kind):
    annotate(two, "-o", tmp_path / NAMES[kind])
    talks = read_transcripts(tmp_path / NAMES[kind])
    assert [(talk.session, [turn.text for turn in talk.turns]) for talk in talks] == [
        ("1", ["Hello.", "Whatever."]),
        ("2", ["Maybe.", "Sorry."]),
    ]


def test_word_holds_one_session(annotate, two, tmp_path):
    message = annotate(two, "-o", tmp_path / "o.docx", code=1).stderr
    assert message.startswith(f"Error: {two}: 2 sessions cannot be written as one Word file")
    assert not (tmp_path / "o.docx").exists()


# Copies


def test_a_copy_in_word_keeps_the_paragraphs(annotate, rows, tmp_path):
    source = tmp_path / "talk.docx"
    file = docx.Document()
    file.add_heading("Third session", 0)
    for [speaker, text] in spoken(EXAMPLES / "couple-session.txt")[0]:
        file.add_paragraph(f"{speaker}: ").add_run(text).italic = True
    file.save(str(source))
    annotate(source, "-o", tmp_path / "o.docx")
    before, after = docx.Document(str(source)), docx.Document(str(tmp_path / "o.docx"))
    # A comment puts an empty run of its own behind the words.
    runs = [
        [[(run.text, run.italic) for run in each.runs if run.text] for each in word.paragraphs]
        for word in (before, after)
    ]
    assert runs[0] == runs[1]
    assert [comment.text for comment in after.comments] == noted(rows(source))
    assert not list(before.comments)


def test_a_copy_for_label_studio_keeps_the_work_of_people(annotate, tmp_path):
    turns = [{"author": "T", "text": "Hello."}, {"author": "C", "text": "Whatever."}]
    human = [{"id": 3, "result": [], "completed_by": 1}]
    other = {"model_version": "other", "result": []}
    task = {"id": 9, "data": {"dialogue": turns}, "annotations": human, "predictions": [other], "extra": 1}
    source = tmp_path / "export.json"
    source.write_text(json.dumps([task]), encoding="utf-8")
    annotate(source, "-o", tmp_path / "o.labelstudio.json")
    [copy] = json.loads((tmp_path / "o.labelstudio.json").read_text(encoding="utf-8"))
    kept, own = copy.pop("predictions")
    assert copy == {name: value for name, value in task.items() if name != "predictions"}
    assert kept == other
    assert [each["value"]["paragraphlabels"] for each in own["result"]] == [["neutral"], ["withdrawal"]]


def test_a_copy_for_doccano_keeps_the_labels_of_people(annotate, rows, tmp_path):
    records = [
        {"id": 1, "text": "Hello.", "label": ["mine"], "speaker": "T", "extra": [1]},
        {"id": 2, "text": "Whatever.", "label": [], "speaker": "C", "extra": [2]},
    ]
    source = tmp_path / "export.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    annotate(source, "-o", tmp_path / "o.doccano.jsonl")
    first, second = map(json.loads, (tmp_path / "o.doccano.jsonl").read_text(encoding="utf-8").splitlines())
    asked = [values_of(row) for row in rows(source)]
    assert first == records[0] | asked[0]
    assert second == records[1] | asked[1] | {"label": ["withdrawal"]}


def test_a_copy_for_convokit_keeps_all_but_adds_to_meta(annotate, rows, tmp_path):
    source = convokit(tmp_path / "utterances.jsonl", EXAMPLES / "voice-notes.jsonl")
    annotate(source, "-o", tmp_path / "o.convokit.jsonl")
    lines = [path.read_text(encoding="utf-8").splitlines() for path in (source, tmp_path / "o.convokit.jsonl")]
    for before, after, row in zip(*(map(json.loads, each) for each in lines), rows(source), strict=True):
        assert after == before | {"meta": before["meta"] | values_of(row)}


def test_a_copy_in_parquet_keeps_its_columns(annotate, rows, tmp_path):
    annotate(EXAMPLES / "clinic-visit.csv", "-o", tmp_path / "first.parquet")
    table = arrow.read_table(tmp_path / "first.parquet")
    source = tmp_path / "talk.parquet"
    kept = [name for name in table.column_names if name not in VALUES]
    arrow.write_table(table.select(kept).append_column("extra", [list(range(table.num_rows))]), source)
    annotate(source, "-o", tmp_path / "o.parquet")
    copy = arrow.read_table(tmp_path / "o.parquet")
    assert copy.select([*kept, "extra"]).equals(arrow.read_table(source))
    assert copy.select(sorted(VALUES)).to_pylist() == [values_of(row) for row in rows(source)]


@pytest.mark.parametrize("kind", ["convokit", "srt", "chat"])
def test_any_format_is_written_from_another_one(annotate, rows, tmp_path, kind):
    source = EXAMPLES / "parent-child.srt" if kind != "srt" else EXAMPLES / "individual-session.vtt"
    annotate(source, "-o", tmp_path / "o.x", "--format", kind)
    [talk] = read_transcripts(tmp_path / "o.x")
    assert [turn.speaker for turn in talk.turns] == [row["speaker"] for row in rows(source)]
    assert [note.text for note in talk.notes if note is not None and note.text is not None] == noted(rows(source))


# The rules for all results


@pytest.mark.parametrize("name", [*NAMES.values(), "o.convokit.jsonl"])
def test_nothing_is_replaced_unless_asked(annotate, tmp_path, name):
    source = convokit(tmp_path / "utterances.jsonl", EXAMPLES / "couple-session.txt")
    target = tmp_path / name
    target.write_bytes(b"mine")
    assert "--overwrite" in annotate(source, "-o", target, code=1).stderr
    assert target.read_bytes() == b"mine"
    annotate(source, "-o", target, "--overwrite")
    assert spoken(target) == spoken(source)
    assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", [*NAMES, "convokit"])
def test_labels_only_is_refused(annotate, stand_in, kind):
    message = annotate(EXAMPLES / "couple-session.txt", "--labels-only", "--format", kind, code=1).stderr
    assert f"a {kind} transcript is its text" in message
    assert stand_in.seen == []


@pytest.mark.parametrize("kind", ["docx", "parquet"])
def test_a_terminal_gets_no_bytes(annotate, stand_in, monkeypatch, kind):
    monkeypatch.setattr("mendline.commands.annotating.is_terminal", lambda stream: True)
    result = annotate(EXAMPLES / "couple-session.txt", "--format", kind, code=1)
    assert f"-o NAME.{kind}" in result.stderr
    assert result.stdout_bytes == b""
    assert stand_in.seen == []


def test_a_terminal_can_show_json(annotate, monkeypatch):
    monkeypatch.setattr("mendline.commands.annotating.is_terminal", lambda stream: True)
    shown = annotate(EXAMPLES / "couple-session.txt", "--format", "labelstudio").stdout
    assert json.loads(shown)[0]["data"]["session"] == "couple-session"


def test_a_pipe_gets_the_bytes(annotate):
    source = (EXAMPLES / "couple-session.txt").read_bytes()
    raw = annotate("-", "--format", "docx", stdin=source).stdout_bytes
    assert [comment.author for comment in docx.Document(io.BytesIO(raw)).comments][:1] == ["Mendline"]
    raw = annotate("-", "--format", "parquet", stdin=source).stdout_bytes
    assert set(arrow.read_table(io.BytesIO(raw)).column_names) >= VALUES


def test_bytes_are_written_whole_or_not_at_all(tmp_path):
    write_bytes(tmp_path / "o", b"\r\n\x00\xff")
    assert (tmp_path / "o").read_bytes() == b"\r\n\x00\xff"
    with pytest.raises(OutputError, match="not an ordinary file"):
        write_bytes(tmp_path, b"x")
    with pytest.raises(TypeError):
        write_bytes(tmp_path / "o", "text")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("o", b"\r\n\x00\xff")]


# Endings of two parts


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        ("o.jsonl", "jsonl"),
        ("o.doccano.jsonl", "doccano"),
        ("o.ConvoKit.JSONL", "convokit"),
        ("o.labelstudio.json", "labelstudio"),
        ("my.doccano.notes.jsonl", "jsonl"),
        ("o.labelstudio.docx", "docx"),
    ],
)
def test_the_longest_ending_decides(output, kind):
    chosen = choose(output, output_format=None, several=False, terminal=False, endings=output_endings())
    assert (chosen.kind, chosen.output_format) == (Kind.FILE, kind)


@pytest.mark.parametrize("output", ["o.json", "o.doccano.json", ".labelstudio.json"])
def test_half_an_ending_is_none(output):
    with pytest.raises(OutputError, match="no format goes by this ending"):
        choose(output, output_format=None, several=False, terminal=False, endings=output_endings())


@pytest.mark.parametrize(
    ("place", "ending", "expected"),
    [
        ("a.LabelStudio.json", ".labelstudio.json", "a.LabelStudio.json"),
        ("sub/a.labelstudio.json", ".doccano.jsonl", "sub/a.doccano.jsonl"),
        ("a.doccano.jsonl", ".csv", "a.csv"),
        ("a.b.txt", ".convokit.jsonl", "a.b.convokit.jsonl"),
        ("a.json", ".labelstudio.json", "a.labelstudio.json"),
        ("a", ".docx", "a.docx"),
    ],
)
def test_a_source_changes_its_whole_ending(tmp_path, place, ending, expected):
    source = Source(Path("in") / place, Path(place))
    destination = Destination(Kind.FOLDER, "any", tmp_path)
    found = targets(destination, Inputs((source,)), ending=ending, endings=output_endings())
    assert found == {source: tmp_path / expected}


@pytest.mark.parametrize(("kind", "ending"), [("docx", ".docx"), ("labelstudio", ".labelstudio.json")])
def test_a_folder_of_results(annotate, tmp_path, kind, ending):
    examples = [EXAMPLES / name for name in ("couple-session.txt", "individual-session.vtt")]
    annotate(*examples, "-o", f"{tmp_path}/out/", "--format", kind)
    for example in examples:
        assert spoken(tmp_path / "out" / f"{example.stem}{ending}") == spoken(example)
    again = annotate(*examples, "-o", f"{tmp_path}/out/", "--format", kind, "--resume")
    assert "2 finished before" in again.stderr
    assert "cannot go into one" in annotate(*examples, "-o", tmp_path / f"all{ending}", code=1).stderr
