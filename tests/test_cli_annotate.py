from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from mendline.cli import cli

TEXT = """\
T: How are you two?
A: You never listen to me.
B: Whatever.
T: I am sorry, I pushed too fast.
A: Maybe.
"""
VTT = """\
WEBVTT

1
00:00:01.000 --> 00:00:02.500
<v T>How are you?

2
00:00:03.000 --> 00:00:04.000
<v C>Whatever.
"""
LABELS = ["neutral", "confrontation", "withdrawal", "repair", "neutral"]


@pytest.fixture
def annotate(runner, stand_in):
    def run(*arguments: str | Path, code: int = 0, stdin: str | None = None):
        result = runner.invoke(cli, ["annotate", *map(str, arguments)], input=stdin)
        assert result.exit_code == code, (result.stderr, result.exception)
        return result

    return run


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three good transcripts in a tree."""
    (tmp_path / "in/sub").mkdir(parents=True)
    (tmp_path / "in/a.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "in/b.vtt").write_text(VTT, encoding="utf-8")
    (tmp_path / "in/sub/c.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path / "in"


def rows(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# One file


def test_a_pipe_gets_tsv(annotate, folder):
    found = rows(annotate(folder / "a.txt").stdout, "\t")
    assert [row["label"] for row in found] == LABELS
    assert [row["needs_review"] for row in found] == ["false"] * 4 + ["true"]
    assert {row["session"] for row in found} == {"a"}


def test_format_chooses_what_goes_to_standard_output(annotate, folder):
    assert [row["label"] for row in rows(annotate(folder / "a.txt", "--format", "csv").stdout)] == LABELS
    lines = annotate(folder / "a.txt", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["label"] for line in lines] == LABELS
    assert json.loads(lines[0])["source"] == "stand-in (00000000)"
    table = annotate(folder / "a.txt", "--format", "table").stdout
    assert "▲ confrontation" in table
    assert "not a clinical judgement" in table


def test_a_terminal_gets_a_table(annotate, folder, monkeypatch):
    monkeypatch.setattr("mendline.commands.annotating.is_terminal", lambda stream: True)
    assert "▲ confrontation" in annotate(folder / "a.txt").stdout


def test_standard_input(annotate):
    result = annotate("-", "--format", "csv", stdin=TEXT)
    assert [row["label"] for row in rows(result.stdout)] == LABELS


def test_standard_input_in_another_encoding(annotate, runner):
    text = "T: Ça va?\nC: Ça va.\n".encode("utf-16")
    found = rows(annotate("-", "--encoding", "utf-16", stdin=text).stdout, "\t")
    assert found[0]["text"] == "Ça va?"


@pytest.mark.parametrize(("name", "delimiter"), [("o.csv", ","), ("o.tsv", "\t")])
def test_the_ending_chooses_the_form(annotate, folder, tmp_path, name, delimiter):
    result = annotate(folder / "a.txt", "-o", tmp_path / name)
    assert result.stdout == ""
    assert result.stderr == f"Annotated 1 of 1 files to {tmp_path / name}.\n"
    assert [row["label"] for row in rows((tmp_path / name).read_text(), delimiter)] == LABELS
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_an_annotated_copy_of_webvtt_keeps_the_source_and_adds_notes(annotate, folder, tmp_path):
    annotate(folder / "b.vtt", "-o", tmp_path / "o.vtt")
    copy = (tmp_path / "o.vtt").read_text(encoding="utf-8")
    assert copy.startswith("WEBVTT")
    assert "00:00:03.000 --> 00:00:04.000" in copy
    assert "withdrawal (minimal) 0.65" in copy
    assert "neutral" not in copy
    assert annotate(tmp_path / "o.vtt", "-o", tmp_path / "again.csv").exit_code == 0


def test_an_annotated_copy_of_text(annotate, folder, tmp_path):
    annotate(folder / "a.txt", "-o", tmp_path / "o.txt")
    copy = (tmp_path / "o.txt").read_text(encoding="utf-8").splitlines()
    assert len(copy) == 5
    assert "confrontation (attack) 0.91" in copy[1]
    assert copy[0] == "T: How are you two?"
    assert "neutral 0.40?" in copy[4]


def test_a_copy_in_another_format_is_written_anew(annotate, folder):
    copy = annotate(folder / "b.vtt", "--format", "text").stdout
    assert not copy.startswith("WEBVTT")
    assert "withdrawal (minimal) 0.65" in copy


def test_labels_only(annotate, folder):
    result = annotate(folder / "a.txt", "--labels-only")
    assert "listen" not in result.stdout
    assert [row["label"] for row in rows(result.stdout, "\t")] == LABELS
    assert "listen" not in annotate(folder / "a.txt", "--labels-only", "--format", "table").stdout


def test_labels_only_cannot_be_a_copy(annotate, folder):
    assert "Choose csv, tsv or jsonl" in annotate(folder / "a.txt", "--labels-only", "--format", "text", code=1).stderr


def test_the_same_input_gives_the_same_bytes(annotate, folder, tmp_path):
    annotate(folder, "-o", tmp_path / "one.jsonl")
    annotate(folder, "-o", tmp_path / "two.jsonl")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_model_and_threads_reach_the_annotator(annotate, folder, stand_in, tmp_path):
    annotate(folder / "a.txt")
    assert stand_in.loaded_with == {"folder": None, "threads": None}
    annotate(folder / "a.txt", "--model", tmp_path, "--threads", "2")
    assert stand_in.loaded_with == {"folder": tmp_path, "threads": 2}


def test_an_unknown_format_names_the_choices(annotate, folder):
    message = annotate(folder / "a.txt", "--format", "xlsx", code=2).stderr
    assert "'xlsx' is not one of csv, tsv, jsonl" in message
    assert "is not one of" in annotate(folder / "a.txt", "--input-format", "klingon", code=2).stderr


def test_reading_options_reach_the_reader(annotate, tmp_path):
    table = "who,words,when\nX,You never listen.,1.5\nY,Whatever.,3\n"
    (tmp_path / "t.csv").write_text(table, encoding="utf-8")
    options = ("--text-column", "words", "--speaker-column", "who", "--start-column", "when")
    found = rows(annotate(tmp_path / "t.csv", *options, "--role", "X=client", "--role", "y=therapist").stdout, "\t")
    assert [(row["role"], row["start"], row["label"]) for row in found] == [
        ("client", "1.5", "confrontation"),
        ("therapist", "3", "withdrawal"),
    ]


@pytest.mark.parametrize("role", ["X", "=client", "X="])
def test_a_role_that_is_no_pair_is_an_error(annotate, folder, role):
    assert "NAME=ROLE" in annotate(folder / "a.txt", "--role", role, code=1).stderr


def test_a_role_for_nobody_is_an_error(annotate, folder, stand_in):
    assert "Nobody" in annotate(folder / "a.txt", "--role", "Nobody=client", code=1).stderr
    assert stand_in.seen == []


def test_an_unreadable_file_is_an_error_without_its_text(annotate, tmp_path):
    (tmp_path / "s.vtt").write_text("WEBVTT\n\n00:01 --> nonsense\nterrible secret\n", encoding="utf-8")
    result = annotate(tmp_path / "s.vtt", "-o", tmp_path / "o.csv", code=1)
    assert result.stderr.startswith(f"Error: {tmp_path / 's.vtt'}:")
    assert "secret" not in result.stderr
    assert not (tmp_path / "o.csv").exists()


def test_a_fault_of_ours_does_not_show_text(annotate, folder, stand_in):
    stand_in.fails_on = "listen"
    result = annotate(folder / "a.txt", code=1)
    assert "unexpected ValueError" in result.stderr
    assert "How are" not in result.stderr


# What exists


def test_a_result_that_exists_is_not_replaced_unless_asked(annotate, folder, tmp_path, stand_in):
    (tmp_path / "o.csv").write_text("mine")
    assert "--overwrite" in annotate(folder / "a.txt", "-o", tmp_path / "o.csv", code=1).stderr
    assert (tmp_path / "o.csv").read_text() == "mine"
    assert stand_in.loaded_with == {}
    annotate(folder / "a.txt", "-o", tmp_path / "o.csv", "--overwrite")
    assert len(rows((tmp_path / "o.csv").read_text())) == 5


def test_the_source_is_never_replaced(annotate, folder):
    for options in ((), ("--overwrite",)):
        message = annotate(folder / "a.txt", "-o", folder / "a.txt", *options, code=1).stderr
        assert "never replaced" in message
    assert (folder / "a.txt").read_text(encoding="utf-8") == TEXT


# Several files


def test_a_folder_is_mirrored(annotate, folder, tmp_path):
    result = annotate(folder, "-o", tmp_path / "out")
    assert tree(tmp_path / "out") == [".mendline.json", "a.csv", "b.csv", "sub/c.csv"]
    assert result.stderr == f"Annotated 3 of 3 files to {tmp_path / 'out'}.\n"


def test_files_of_other_kinds_are_named_in_number(annotate, folder, tmp_path):
    (folder / "film.mp4").write_bytes(b"x")
    result = annotate(folder, "-o", tmp_path / "out")
    assert "Not read: 1 of other kinds (see `mendline formats`).\n" in result.stderr
    assert "film" not in " ".join(tree(tmp_path / "out"))


def test_an_empty_folder_is_an_error(annotate, tmp_path):
    (tmp_path / "in").mkdir()
    assert "no transcript in this folder" in annotate(tmp_path / "in", code=1).stderr


def test_copies_of_a_folder(annotate, folder, tmp_path):
    annotate(folder, "-o", tmp_path / "out", "--format", "text")
    assert tree(tmp_path / "out") == [".mendline.json", "a.txt", "b.txt", "sub/c.txt"]


def test_one_table_of_several_files(annotate, folder, tmp_path):
    annotate(folder / "b.vtt", folder / "a.txt", "-o", tmp_path / "all.csv")
    assert [row["session"] for row in rows((tmp_path / "all.csv").read_text())] == ["b"] * 2 + ["a"] * 5
    found = rows(annotate(folder).stdout, "\t")
    assert [row["session"] for row in found] == ["a"] * 5 + ["b"] * 2 + ["c"] * 5


def test_several_files_on_the_screen(annotate, folder):
    shown = annotate(folder, "--format", "table").stdout
    assert "All 3 sessions" in shown
    assert "12 turns" in shown


@pytest.mark.parametrize("output", ["out/", "all.csv"])
def test_a_bad_file_does_not_stop_the_others(annotate, folder, tmp_path, output):
    (folder / "bad1.vtt").write_text("WEBVTT\n\n00:01 --> nonsense\nterrible secret\n", encoding="utf-8")
    (folder / "bad2.txt").write_text("", encoding="utf-8")
    result = annotate(folder, "-o", f"{tmp_path}/{output}", code=1)
    assert f"Annotated 3 of 5 files to {tmp_path}/{output}." in result.stderr
    summary, first, second = result.stderr.splitlines()[-3:]
    assert summary == "Error: 2 of 5 files failed:"
    assert first.startswith(f"  {folder / 'bad1.vtt'}:")
    assert second.startswith(f"  {folder / 'bad2.txt'}:")
    assert "secret" not in result.stderr
    if output == "all.csv":
        assert {row["session"] for row in rows((tmp_path / "all.csv").read_text())} == {"a", "b", "c"}
    else:
        assert tree(tmp_path / "out") == [".mendline.json", "a.csv", "b.csv", "sub/c.csv"]


def test_where_every_file_is_bad_nothing_is_written(annotate, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("")
    result = annotate(tmp_path / "a.txt", tmp_path / "b.txt", "-o", tmp_path / "all.csv", code=1)
    assert "Error: 2 of 2 files failed" in result.stderr
    assert "Annotated" not in result.stderr
    assert not (tmp_path / "all.csv").exists()


def test_several_sessions_in_one_file(annotate, tmp_path):
    table = "session,speaker,text\n1,T,Hello.\n1,C,Whatever.\n2,T,Hello.\n2,C,Sorry.\n"
    (tmp_path / "t.csv").write_text(table, encoding="utf-8")
    found = rows(annotate(tmp_path / "t.csv", "--session-column", "session").stdout, "\t")
    assert [(row["session"], row["turn"], row["label"]) for row in found] == [
        *(("1", "0", "neutral"), ("1", "1", "withdrawal")),
        *(("2", "0", "neutral"), ("2", "1", "repair")),
    ]
    result = annotate(tmp_path / "t.csv", "--session-column", "session", "-o", tmp_path / "o.vtt", code=1)
    assert f"{tmp_path / 't.csv'}: holds 2 sessions" in result.stderr
    assert not (tmp_path / "o.vtt").exists()


def test_results_that_would_collide_are_known_before_the_model_is_loaded(annotate, folder, tmp_path, stand_in):
    for name in ("a.vtt", "a.txt.vtt"):
        (folder / name).write_text(VTT, encoding="utf-8")
    result = annotate(folder, "-o", tmp_path / "out", code=1)
    assert "both" in result.stderr
    assert "would be written here" in result.stderr
    assert stand_in.loaded_with == {}
    assert not (tmp_path / "out").exists()


def test_standard_input_stands_alone(annotate, folder):
    assert "cannot be read together" in annotate("-", folder, code=2).stderr


# Resuming


def test_resume_skips_what_is_finished_and_redoes_what_changed(annotate, folder, tmp_path, stand_in):
    (folder / "bad.txt").write_text("")
    annotate(folder, "-o", tmp_path / "out", code=1)
    (folder / "bad.txt").write_text(TEXT)
    (folder / "b.vtt").write_text((folder / "b.vtt").read_text() + "\nNOTE changed\n")
    before = (tmp_path / "out/a.csv").stat().st_mtime_ns
    stand_in.seen.clear()
    result = annotate(folder, "-o", tmp_path / "out", "--resume")
    assert stand_in.seen == ["b", "bad"]
    assert result.stderr == f"Annotated 2 of 2 files to {tmp_path / 'out'}. 2 finished before.\n"
    assert (tmp_path / "out/a.csv").stat().st_mtime_ns == before
    assert tree(tmp_path / "out") == [".mendline.json", "a.csv", "b.csv", "bad.csv", "sub/c.csv"]


def test_resume_starts_where_nothing_is(annotate, folder, tmp_path):
    annotate(folder, "-o", tmp_path / "out", "--resume")
    assert len(tree(tmp_path / "out")) == 4


def test_resume_with_nothing_to_do(annotate, folder, tmp_path):
    annotate(folder, "-o", tmp_path / "out")
    assert "3 finished before" in annotate(folder, "-o", tmp_path / "out", "--resume").stderr


def test_resume_does_not_mix_checkpoints(annotate, folder, tmp_path, stand_in):
    annotate(folder / "a.txt", "-o", f"{tmp_path}/out/")
    stand_in.name = "other (11111111)"
    message = annotate(folder, "-o", tmp_path / "out", "--resume", code=1).stderr
    assert "results of another checkpoint" in message
    annotate(folder, "-o", tmp_path / "out", "--overwrite")
    assert len(tree(tmp_path / "out")) == 4


def test_resume_does_not_trust_results_of_unknown_origin(annotate, folder, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.csv").write_text("")
    assert "no note in the folder" in annotate(folder, "-o", tmp_path / "out", "--resume", code=1).stderr


@pytest.mark.parametrize("options", [(), ("-o", "all.csv")])
def test_resume_needs_a_folder(annotate, folder, options):
    assert "--resume needs one result for each file" in annotate(folder, *options, "--resume", code=1).stderr


def test_resume_and_overwrite_exclude_each_other(annotate, folder, tmp_path):
    assert "choose one" in annotate(folder, "-o", tmp_path / "o/", "--resume", "--overwrite", code=2).stderr


def test_progress_is_shown_on_a_terminal(annotate, folder, tmp_path, monkeypatch):
    monkeypatch.setattr("mendline.commands.annotating.is_terminal", lambda stream: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    result = annotate(folder, "-o", tmp_path / "out")
    assert "3/3" in result.stderr
    assert result.stdout == ""
