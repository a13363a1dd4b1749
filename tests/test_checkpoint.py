"""A checkpoint folder is verified before anything in it is used."""

import json
import shutil

import pytest

from mendline.model.annotator import Annotator
from mendline.model.checkpoint import CONFIG, FILES, NETWORK, SUMS, open_checkpoint, seal, shipped_folder
from mendline.model.transitions import INDEPENDENT
from mendline.transcripts.errors import CheckpointError


@pytest.fixture
def folder(tmp_path):
    target = tmp_path / "checkpoint"
    target.mkdir()
    for name in (*FILES, SUMS):
        shutil.copyfile(shipped_folder() / name, target / name)
    return target


def change(folder, **values):
    path = folder / CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    seal(folder)


def test_copy_has_the_same_identity(folder):
    assert open_checkpoint(folder).label == open_checkpoint(shipped_folder()).label


@pytest.mark.parametrize("name", FILES)
def test_changed_file_is_refused(folder, name):
    with (folder / name).open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(CheckpointError, match="SHA256SUMS"):
        open_checkpoint(folder)


@pytest.mark.parametrize("name", [*FILES, SUMS])
def test_missing_file_is_refused(folder, name):
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=r"missing|cannot be read"):
        open_checkpoint(folder)


def test_no_folder(tmp_path):
    with pytest.raises(CheckpointError, match="no such checkpoint folder"):
        open_checkpoint(tmp_path / "none")


def test_broken_sums_name_the_line(folder):
    (folder / SUMS).write_text("abc\n")
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(folder)
    assert caught.value.line == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"format": 99}, "format 99"),
        ({"labels": ["angry"]}, "other labels"),
        ({"window": {"size": 256}}, "not a checkpoint configuration"),
        ({"thresholds": {"anger": 0.5}}, "not a checkpoint configuration"),
        ({"temperature": "warm"}, "not a checkpoint configuration"),
        ({"temperature": 0}, "above 0"),
        ({"review_threshold": float("nan")}, "finite"),
        ({"transitions": {"table": [[0.5, 0.5]], "weight": 0.4}}, "after two labels"),
        ({"transitions": {"table": [[[0.5] * 4] * 4] * 4, "weight": 0.4}}, "after two labels"),
        ({"transitions": {"table": [[[0.25] * 4] * 4] * 4, "weight": -1}}, "0 or more"),
    ],
)
def test_wrong_configuration_is_refused(folder, values, message):
    change(folder, **values)
    with pytest.raises(CheckpointError, match=message):
        open_checkpoint(folder)


def test_network_that_is_none_is_refused(folder):
    (folder / NETWORK).write_bytes(b"not a network")
    seal(folder)
    with pytest.raises(CheckpointError, match="cannot load"):
        Annotator.load(folder)


def test_configuration_survives_a_round_trip(folder):
    config = open_checkpoint(folder).config
    (folder / CONFIG).write_text(config.to_json())
    seal(folder)
    assert open_checkpoint(folder).config == config


def test_checkpoint_from_before_the_transitions_is_read(folder):
    change(folder, format=1)
    assert open_checkpoint(folder).config.decision.transitions == INDEPENDENT
