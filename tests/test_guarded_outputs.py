"""Outputs that cannot be looked at, and files that only look like parts of one session."""

import json
from pathlib import Path

import docx
import pytest

from mendline.cli import cli
from mendline.transcripts.parts import _names_speaker

TALK = "T: How was the week for you?\nC: It was fine, thanks.\n"


@pytest.mark.parametrize("name", ["pre", "post", "week1", "Session 2", "v2", "12", "take3", "follow"])
def test_occasions_are_not_speakers(name):
    assert not _names_speaker(name)


@pytest.mark.parametrize("name", ["doctor", "patient", "anna", "Visitor"])
def test_names_are(name):
    assert _names_speaker(name)


def test_link_to_itself_is_a_clear_error(tmp_path, runner, stand_in):
    (tmp_path / "a.txt").write_text(TALK)
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    done = runner.invoke(cli, ["annotate", str(tmp_path / "a.txt"), "-o", str(tmp_path / "loop.csv"), "--overwrite"])
    assert done.exit_code == 1
    assert "link" in done.stderr


def test_name_that_is_too_long_is_a_clear_error(tmp_path, runner, stand_in):
    (tmp_path / "a.txt").write_text(TALK)
    done = runner.invoke(cli, ["annotate", str(tmp_path / "a.txt"), "-o", str(tmp_path / ("x" * 300 + ".csv"))])
    assert done.exit_code == 1
    assert "Error: " in done.stderr


def test_one_record_on_one_line_stays_json_lines(tmp_path, runner, stand_in):
    record = {"id": 1, "text": "How was the week?", "speaker": "T", "label": []}
    source, output = tmp_path / "one.jsonl", tmp_path / "out.doccano.jsonl"
    source.write_text(json.dumps(record) + "\n")
    done = runner.invoke(
        cli, ["annotate", str(source), "-o", str(output), "--input-format", "doccano", "--speaker-column", "speaker"]
    )
    assert done.exit_code == 0, done.stderr
    assert len(Path(output).read_text().splitlines()) == 1


def test_annotating_an_annotated_word_file_replaces_the_comments(tmp_path, runner, stand_in):
    (tmp_path / "a.txt").write_text(
        "T: How was it?\nC: Whatever, you never listen to me.\nT: Sorry, that was my fault.\n"
    )
    first, second = tmp_path / "first.docx", tmp_path / "second.docx"
    for source, output in ((tmp_path / "a.txt", first), (first, second)):
        done = runner.invoke(cli, ["annotate", str(source), "-o", str(output)])
        assert done.exit_code == 0, done.stderr
    texts = [[comment.text for comment in docx.Document(str(path)).comments] for path in (first, second)]
    assert texts[0]
    assert texts[0] == texts[1]
