"""`mendline convert`: files, folders and pipes, what cannot be kept, and what does not work."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from click.testing import CliRunner, Result

from mendline.cli import cli
from mendline.transcripts.reading import FORMATS, read_transcripts

VTT = (
    "WEBVTT\n\nNOTE by hand\n\n00:01.000 --> 00:02.500\n<v Anna>Where were you?</v>\n\n"
    "00:02.500 --> 00:04.000\n<v Ben>At work.</v>\n\n00:09.000 --> 00:10.000\n<v Ben>All day.</v>\n"
)
TEXT = "T: Hello.\nC: I never said that.\n"
LABELLED = (
    '{"session": "s1", "turn": 0, "speaker": "T", "role": "therapist", "text": "You never listen.", "start": 1, '
    '"end": 2, "label": "confrontation", "marker": "attack", "agreement": "model", "probability": 0.91, '
    '"p_withdrawal": 0.03, "p_confrontation": 0.91, "p_repair": 0.03, "p_neutral": 0.03, "needs_review": false, '
    '"source": "m (1)"}\n'
    '{"session": "s1", "turn": 1, "speaker": "C", "role": "client", "text": "Sorry.", "start": 3, "end": 4, '
    '"label": "repair", "marker": null, "agreement": "single", "source": "me"}\n'
)
TWO = "session,speaker,text,start,mood\n1,T,Hello.,0,calm\n1,C,Hm.,2,sad\n../2/x,T,So.,0,calm\n../2/x,C,No.,1,sad\n"


@pytest.fixture
def convert(runner: CliRunner) -> Callable[..., Result]:
    def run(*arguments: str | Path, code: int = 0, stdin: bytes | None = None) -> Result:
        result = runner.invoke(cli, ["convert", *map(str, arguments)], input=stdin)
        assert result.exit_code == code, (result.stderr, result.exception)
        return result

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three transcripts in a tree, one of them without times."""
    (tmp_path / "in/sub").mkdir(parents=True)
    (tmp_path / "in/a.vtt").write_text(VTT, encoding="utf-8")
    (tmp_path / "in/b.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "in/sub/c.vtt").write_text(VTT, encoding="utf-8")
    return tmp_path / "in"


def written(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def spoken(path: Path) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for talk in read_transcripts(path) for turn in talk.turns]


# Files and pipes


def test_a_file_to_a_file_by_its_ending(convert: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    result = convert(folder / "a.vtt", tmp_path / "a.eaf")
    assert result.stdout == ""
    assert result.stderr == (
        "Not kept in elan: ids in the source (2 turns), times of units (1 turn).\n"
        "Not taken from the source: comments, styles and regions (1 file).\n"
        f"Converted 1 of 1 files to {tmp_path / 'a.eaf'}.\n"
    )
    assert spoken(tmp_path / "a.eaf") == [("Anna", "Where were you?"), ("Ben", "At work. All day.")]
    assert (tmp_path / "a.eaf").stat().st_mode & 0o777 == 0o600


def test_the_option_says_the_format(convert: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    convert(folder / "b.txt", tmp_path / "b.notes", "--to", "jsonl")
    rows = [json.loads(line) for line in (tmp_path / "b.notes").read_text(encoding="utf-8").splitlines()]
    assert [(row["role"], row["text"]) for row in rows] == [("therapist", "Hello."), ("client", "I never said that.")]
    assert "label" not in rows[0]


def test_standard_input_and_output(convert: Callable[..., Result]) -> None:
    result = convert("-", "-", "--to", "srt", stdin=VTT.encode())
    assert result.stdout.startswith("1\n00:00:01,000 --> 00:00:02,500\nAnna: Where were you?\n\n2\n")
    assert "Converted" not in result.stderr
    # The number of the first cue is its id, as before.
    assert "Not kept in srt: ids in the source (1 turn), times of units (1 turn)." in result.stderr


def test_a_terminal_gets_no_bytes(
    convert: Callable[..., Result], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mendline.commands.formats.is_terminal", lambda stream: True)
    assert "cannot be shown on a terminal" in convert(folder / "a.vtt", "-", "--to", "docx", code=1).stderr
    assert convert(folder / "a.vtt", "-", "--to", "text").stdout.startswith("[00:00:01] Anna: Where")


def test_reading_options_count(convert: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    convert(folder / "a.vtt", tmp_path / "units.csv", "--keep-units", "--role", "Anna=therapist")
    assert [text for _, text in spoken(tmp_path / "units.csv")] == ["Where were you?", "At work.", "All day."]
    assert read_transcripts(tmp_path / "units.csv")[0].turns[0].role == "therapist"
    convert(folder / "a.vtt", tmp_path / "gap.csv", "--join-gap", "4")
    assert len(spoken(tmp_path / "gap.csv")) == 3
    assert "choose one" in convert(folder / "a.vtt", "-", "--join-gap", "1", "--keep-units", code=1).stderr


# Labels


def test_labels_go_along(convert: Callable[..., Result], tmp_path: Path) -> None:
    source = tmp_path / "labels.jsonl"
    source.write_text(LABELLED, encoding="utf-8")
    result = convert(source, tmp_path / "labels.txt")
    assert (tmp_path / "labels.txt").read_text(encoding="utf-8") == (
        "[00:00:01] T: [confrontation (attack) 0.91] You never listen.\n[00:00:03] C: [repair (no marker)] Sorry.\n"
    )
    assert "Not kept in text: end (2 turns), ids in the source (2 turns), session's name (2 turns), some values" in (
        result.stderr
    )
    convert(source, tmp_path / "labels.TextGrid")
    notes = read_transcripts(tmp_path / "labels.TextGrid")[0].notes
    assert [note and note.text for note in notes] == ["confrontation (attack) 0.91", "repair (no marker)"]


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "convokit", "doccano"])
def test_all_that_a_table_says_of_labels_survives_the_way_there_and_back(
    convert: Callable[..., Result], tmp_path: Path, kind: str
) -> None:
    source = tmp_path / "labels.jsonl"
    source.write_text(LABELLED, encoding="utf-8")
    convert(source, tmp_path / "there", "--to", kind)
    convert(tmp_path / "there", tmp_path / "back.jsonl")
    before, after = (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for path in (source, tmp_path / "back.jsonl")
    )
    assert [{**row, "session": "s1", "setting": None} for row in after] == [
        {**row, "setting": None, "source_ids": [str(place)]} for place, row in enumerate(before)
    ]


def test_a_file_in_its_own_format_is_written_anew(convert: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    convert(folder / "a.vtt", tmp_path / "new.vtt")
    content = (tmp_path / "new.vtt").read_text(encoding="utf-8")
    assert content.startswith("WEBVTT - one turn per cue\n")
    assert "NOTE" not in content
    assert spoken(tmp_path / "new.vtt") == spoken(folder / "a.vtt")


# Folders


def test_a_folder_to_a_folder_goes_on_past_a_failure(
    convert: Callable[..., Result], folder: Path, tmp_path: Path
) -> None:
    result = convert(folder, f"{tmp_path}/out/", "--to", "srt", code=1)
    assert written(tmp_path / "out") == ["a.srt", "sub/c.srt"]
    assert f"Converted 2 of 3 files to {tmp_path}/out/." in result.stderr
    assert "Not taken from the source: comments, styles and regions (2 files)." in result.stderr
    assert f"{folder / 'b.txt'}: turn 1 of session b has no time, and SRT needs one for each." in result.stderr
    assert "never said" not in result.stderr


def test_results_of_one_name_keep_the_endings_of_their_sources(
    convert: Callable[..., Result], folder: Path, tmp_path: Path
) -> None:
    (folder / "a.txt").write_text(TEXT, encoding="utf-8")
    convert(folder, tmp_path / "out", "--to", "csv")
    assert written(tmp_path / "out") == ["a.txt.csv", "a.vtt.csv", "b.csv", "sub/c.csv"]


def test_many_files_to_one_table(convert: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    (folder / "sub/a.vtt").write_text(VTT, encoding="utf-8")
    convert(folder, tmp_path / "all.parquet")
    assert [talk.session for talk in read_transcripts(tmp_path / "all.parquet")] == ["a.vtt", "b", "sub/a.vtt", "c"]
    assert "several files cannot go into one webvtt" in convert(folder, tmp_path / "all.vtt", code=1).stderr


def test_many_sessions_to_files_of_one_session(convert: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text(TWO, encoding="utf-8")
    message = convert(tmp_path / "two.csv", tmp_path / "two.txt", code=1).stderr
    assert "two.csv: holds 2 sessions, and a text file holds one. Give a folder, NAME/ --to text, or" in message
    result = convert(tmp_path / "two.csv", f"{tmp_path}/out/", "--to", "text")
    assert written(tmp_path / "out") == ["two/1.txt", "two/_._2_x.txt"]
    assert "Not taken from the source: columns mood (1 file)." in result.stderr
    assert "--overwrite" in convert(tmp_path / "two.csv", f"{tmp_path}/out/", "--to", "text", code=1).stderr
    convert(tmp_path / "two.csv", f"{tmp_path}/out/", "--to", "text", "--overwrite")


def test_the_files_of_one_session_become_one(convert: Callable[..., Result], tmp_path: Path) -> None:
    for speaker, start in (("doctor", 0), ("patient", 2)):
        (tmp_path / f"s_{speaker}.TextGrid").write_text(
            'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n9\n<exists>\n1\n"IntervalTier"\n"x"\n0\n9\n1\n'
            f'{start}\n9\n"Hello."\n',
            encoding="utf-8",
        )
    convert(tmp_path / "s_doctor.TextGrid", tmp_path / "s_patient.TextGrid", tmp_path / "s.csv")
    assert spoken(tmp_path / "s.csv") == [("doctor", "Hello."), ("patient", "Hello.")]


# What is never lost in silence


def test_other_names_of_labels_and_their_values_are_not_dropped_in_silence(
    convert: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("speaker,text,label,source\nT,You.,anger,\nC,No.,,Kim\nT,So.,repair,7\n", "utf-8")
    result = convert(tmp_path / "a.csv", tmp_path / "b.jsonl")
    assert "Not taken from the source: labels of other kinds, and values without a label (1 file)." in result.stderr
    (tmp_path / "c.jsonl").write_text('{"speaker": "T", "text": "You.", "label": null, "source": ""}\n', "utf-8")
    assert "Not taken" not in convert(tmp_path / "c.jsonl", tmp_path / "d.csv").stderr


def test_a_coder_whose_name_is_a_number_keeps_it(convert: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("speaker,text,label,source\nT,You.,repair,Kim\nC,No.,repair,07\n", "utf-8")
    convert(tmp_path / "a.csv", tmp_path / "b.parquet")
    convert(tmp_path / "b.parquet", tmp_path / "c.csv")
    content = (tmp_path / "c.csv").read_text(encoding="utf-8").splitlines()
    assert content[0].endswith(",source")
    assert [line.rpartition(",")[2] for line in content[1:]] == ["Kim", "07"]


@pytest.mark.parametrize("ending", ["txt", "vtt", "srt", "docx"])
def test_words_that_look_like_a_label_give_no_turn_one(
    convert: Callable[..., Result], tmp_path: Path, ending: str
) -> None:
    said = "[withdrawal (silence) 0.91] he [she] read."
    rows = [("T", said, 1, 2), ("C", "No.", 3, 4), ("T", "So.", 5, 6)]
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps(dict(zip(("speaker", "text", "start", "end"), row, strict=True))) + "\n" for row in rows),
        encoding="utf-8",
    )
    result = convert(tmp_path / "a.jsonl", tmp_path / f"a.{ending}")
    (talk,) = read_transcripts(tmp_path / f"a.{ending}")
    assert talk.notes == ()
    assert talk.turns[0].text == "(withdrawal (silence) 0.91) he [she] read."
    assert "exact words (1 turn)" in result.stderr


def test_the_name_of_a_session_that_no_file_says_is_not_lost_in_silence(
    convert: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "a.jsonl").write_text(LABELLED, encoding="utf-8")
    assert "session's name (2 turns)" in convert(tmp_path / "a.jsonl", tmp_path / "a.txt").stderr
    assert "session's name (2 turns)" in convert(tmp_path / "a.jsonl", "-", "--to", "text").stderr
    assert "session's name" not in convert(tmp_path / "a.jsonl", tmp_path / "s1.txt").stderr
    assert "session's name" not in convert(tmp_path / "a.jsonl", tmp_path / "a.csv").stderr
    assert "session's name" not in convert(tmp_path / "s1.txt", tmp_path / "other.cha").stderr


def test_sessions_of_a_file_never_replace_what_another_file_became(
    convert: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "in/two").mkdir(parents=True)
    (tmp_path / "in/two.csv").write_text(TWO, encoding="utf-8")
    (tmp_path / "in/two/1.txt").write_text(TEXT, encoding="utf-8")
    for options in ([], ["--overwrite"]):
        result = convert(tmp_path / "in", f"{tmp_path}/out/", "--to", "text", *options, code=1)
        assert "Converted 1 of 2 files" in result.stderr
        assert f"a session of {tmp_path / 'in/two.csv'} and one of {tmp_path / 'in/two/1.txt'} would both" in (
            result.stderr
        )
        assert written(tmp_path / "out") == ["two/1.txt"]
        assert spoken(tmp_path / "out/two/1.txt") == spoken(tmp_path / "in/two/1.txt")


def test_sessions_of_a_file_never_replace_a_source(
    convert: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two").mkdir()
    (tmp_path / "two.csv").write_text(TWO, encoding="utf-8")
    (tmp_path / "two/1.txt").write_text(TEXT, encoding="utf-8")
    result = convert("two/1.txt", "two.csv", "./", "--to", "text", "--overwrite", code=1)
    assert "two/1.txt: is one of the files that are read and is never replaced." in result.stderr
    assert (tmp_path / "two/1.txt").read_text(encoding="utf-8") == TEXT
    assert written(tmp_path) == ["1.txt", "two.csv", "two/1.txt"]


def test_long_names_of_sessions_fit_into_names_of_files(convert: Callable[..., Result], tmp_path: Path) -> None:
    name = "会" * 99
    (tmp_path / "a.csv").write_text(f"session,speaker,text\n{name},T,Hm.\n{name}x,T,So.\n", encoding="utf-8")
    convert(tmp_path / "a.csv", f"{tmp_path}/out/", "--to", "text")
    assert written(tmp_path / "out") == [f"a/{'会' * 33} (2).txt", f"a/{'会' * 33}.txt"]


def test_what_is_not_kept_counts_only_files_that_were_written(convert: Callable[..., Result], tmp_path: Path) -> None:
    rows = "session,speaker,text,start,end,id\n1,T,Hello.,0,1,a\n1,C,Hm.,2,3,b\n2,T,So.,,,c\n2,C,No.,,,d\n"
    (tmp_path / "two.csv").write_text(rows, encoding="utf-8")
    result = convert(tmp_path / "two.csv", f"{tmp_path}/out/", "--to", "srt", code=1)
    assert "Not kept" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_what_a_reader_leaves_aside_is_said(convert: Callable[..., Result], tmp_path: Path) -> None:
    heading, quote = "lines above the first turn", "labels of people"
    utterance: dict[str, object] = {"id": "1", "conversation_id": "1", "speaker": "T", "text": "Hm.", "reply-to": None}
    utterance["meta"] = {"mood": "calm"}
    task = {
        "data": {"dialogue": [{"author": "T", "text": "Hm."}]},
        "annotations": [{"result": []}],
        "predictions": [{"model_version": "theirs", "result": []}],
    }
    word = docx.Document()
    word.add_heading("Second hour", 1)
    for line in ("T: Hello.", "C: No."):
        paragraph = word.add_paragraph(line)
    word.add_comment(paragraph.runs[0], text="look here", author="Kim")
    word.save(str(tmp_path / "c.docx"))
    (tmp_path / "a.txt").write_text(f"Session 3\n\n{TEXT}", encoding="utf-8")
    (tmp_path / "d.jsonl").write_text(json.dumps({"text": TEXT, "label": [[0, 3, "sad"]]}) + "\n", encoding="utf-8")
    (tmp_path / "u.jsonl").write_text(json.dumps(utterance) + "\n", encoding="utf-8")
    (tmp_path / "l.json").write_text(json.dumps([task]), encoding="utf-8")
    expected = {
        "a.txt": f"{heading} (1 file).",
        "c.docx": "comments (1 file), lines that are no turns (1 file).",
        "d.jsonl": f"{quote} (1 file).",
        "u.jsonl": "meta data of other kinds (1 file).",
        "l.json": "annotations of people (1 file), predictions of other models (1 file).",
    }
    teams = docx.Document()
    for line in ("0:0:1.0 --> 0:0:4.0", "Kim", "Hello.", "0:0:5.0 --> 0:0:6.0", "Ann", "No."):
        teams.add_paragraph(line)
    teams.save(str(tmp_path / "t.docx"))
    assert "Not taken" not in convert(tmp_path / "t.docx", tmp_path / "t.csv").stderr
    assert spoken(tmp_path / "t.csv") == [("Kim", "Hello."), ("Ann", "No.")]
    for name, what in expected.items():
        result = convert(tmp_path / name, tmp_path / f"{name}.csv")
        assert f"Not taken from the source: {what}\n" in result.stderr, name
        convert(tmp_path / f"{name}.csv", tmp_path / f"{name}.txt")
        assert "Not taken" not in convert(tmp_path / f"{name}.txt", tmp_path / f"{name}.2.csv").stderr


@pytest.mark.parametrize("kind", ["convokit", "doccano", "labelstudio", "docx", "text"])
def test_of_files_of_our_own_nothing_is_left_aside(convert: Callable[..., Result], tmp_path: Path, kind: str) -> None:
    (tmp_path / "labels.jsonl").write_text(LABELLED, encoding="utf-8")
    convert(tmp_path / "labels.jsonl", tmp_path / "there", "--to", kind)
    assert "Not taken" not in convert(tmp_path / "there", tmp_path / "back.jsonl", "--input-format", kind).stderr


# What does not work


def test_nothing_is_replaced_unless_asked(convert: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text("mine", encoding="utf-8")
    message = convert(folder / "a.vtt", tmp_path / "a.srt", code=1).stderr
    assert "--overwrite" in message
    assert "--resume" not in message
    assert (tmp_path / "a.srt").read_text(encoding="utf-8") == "mine"
    convert(folder / "a.vtt", tmp_path / "a.srt", "--overwrite")
    assert spoken(tmp_path / "a.srt") == spoken(folder / "a.vtt")
    assert "never replaced" in convert(folder / "a.vtt", folder / "a.vtt", "--overwrite", code=1).stderr


@pytest.mark.parametrize(
    ("output", "options", "message"),
    [
        ("-", [], "standard output does not say which format to write. Say it: --to text|"),
        ("out/", [], "a folder does not say which format to write"),
        ("out.json", [], "no format goes by this ending"),
        ("none/out.csv", [], "no such folder to write in"),
        ("out.csv", ["--to", "aws"], "'aws' is not one of text, webvtt"),
    ],
)
def test_unclear_outputs_are_errors(
    convert: Callable[..., Result], folder: Path, tmp_path: Path, output: str, options: list[str], message: str
) -> None:
    target = output if output == "-" else f"{tmp_path}/{output}"
    result = convert(folder / "a.vtt", target, *options, code=2 if options else 1)
    assert message in result.stderr
    assert written(tmp_path) == ["in/a.vtt", "in/b.txt", "in/sub/c.vtt"]


@pytest.mark.parametrize("output", ["-", "out.srt"])
def test_a_file_that_lacks_what_a_format_needs_is_named(
    convert: Callable[..., Result], folder: Path, tmp_path: Path, output: str
) -> None:
    target = output if output == "-" else f"{tmp_path}/{output}"
    message = convert(folder / "b.txt", target, "--to", "srt", code=1).stderr
    assert message.startswith(f"Error: {folder / 'b.txt'}: turn 1 of session b has no time, and SRT needs one")


def test_standard_input_stands_alone(convert: Callable[..., Result], folder: Path) -> None:
    assert "cannot be read together" in convert("-", folder / "a.vtt", "-", "--to", "csv", code=2).stderr


def test_a_role_for_nobody_is_an_error(convert: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    assert (
        "no speaker of this name" in convert(folder / "a.vtt", tmp_path / "o.csv", "--role", "X=client", code=1).stderr
    )


# The list of formats


def test_formats_as_json_says_what_each_keeps(runner: CliRunner) -> None:
    listed = {each["name"]: each for each in json.loads(runner.invoke(cli, ["formats", "--json"]).stdout)}
    assert list(listed) == [each.NAME for each in FORMATS]
    assert listed["pdf"]["writes"] is listed["pdf"]["copies"] is False
    assert listed["srt"]["writes"] is listed["srt"]["copies"] is True
    assert listed["csv"]["keeps"] == [
        *("several sessions", "setting", "roles", "starts", "ends", "ids", "labels", "probabilities")
    ]
    assert listed["elan"]["library"] == "defusedxml"
    for each in listed.values():
        assert each["library"]
        assert each["summary"]
        assert bool(each["copy_keeps"]) == each["copies"]
        assert each["writes"] or not each["copies"]


def test_formats_for_people_names_everything(runner: CliRunner) -> None:
    shown = runner.invoke(cli, ["formats"]).stdout
    lines = shown.splitlines()
    elan = next(place for place, line in enumerate(lines) if line.startswith("elan "))
    assert "read, write, annotate" in lines[elan]
    assert lines[elan + 1].strip() == (
        "keeps speakers, words, starts, ends, labels; in a copy also all other tiers, media, vocabularies, comments"
    )
    assert "gives speakers, words, starts" in shown
