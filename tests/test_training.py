"""The whole way from labelled sessions to a checkpoint, on a real network that is tiny."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from safetensors.torch import load_file

from mendline.cli import cli
from mendline.model.annotator import Annotator
from mendline.model.checkpoint import open_checkpoint
from mendline.model.labels import LABELS, MARKERS
from mendline.training import runs
from mendline.training.augmentation import as_captions, without_roles
from mendline.training.config import Config, load_config
from mendline.training.corpus import read_sessions
from mendline.training.evaluation import evaluate
from mendline.training.experiments import read, record
from mendline.training.export import export
from mendline.training.metrics import macro_f1
from mendline.training.quantisation import Smoothed, smooth
from mendline.training.regression import check
from mendline.training.restore import restore
from mendline.training.train import train, with_teacher
from mendline.training.trainer import class_weights, torch_logits
from mendline.training.windows import IGNORED, Collator, TrainingWindows, anchors, pools, targets
from mendline.transcripts.errors import CheckpointError, ConfigError, CorpusError

BASE = Path(__file__).parents[1] / "configs" / "base.toml"


def overrides(folder: Path, **values: object) -> list[str]:
    """A configuration of the tiny encoder in `folder` that does not stop early, as the command line would take it."""
    return tiny.overrides(folder, **{"training.patience": 20, **values})


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("tiny")
    tiny.tiny_encoder(made / "encoder")
    tiny.write_sessions(made / "train.jsonl", count=12)
    tiny.write_sessions(made / "dev.jsonl", count=6, prefix="d")
    return made


@pytest.fixture(scope="module")
def config(folder) -> Config:
    return load_config(BASE, overrides(folder))


@pytest.fixture(scope="module")
def run(folder, config) -> Path:
    train(config, folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def checkpoint(folder, run):
    exported = export(run, folder / "checkpoint")
    assert exported.loss < 0.01
    return open_checkpoint(folder / "checkpoint")


def test_it_learns_and_keeps_what_it_should(run, config):
    assert sorted(path.name for path in run.iterdir() if path.name != "checkpoint") == [
        "encoder", "model.safetensors", "run.json", "transitions.json"
    ]  # fmt: skip
    record = json.loads((run / "run.json").read_text())
    assert record["config"]["training"]["seed"] == config.training.seed
    assert all(len(value) == 64 for value in record["data"].values())
    dev = read_sessions(config.data.dev)
    packer, _ = runs.make_packer(run / "encoder", config)
    logits = torch_logits(runs.load_tagger(run), [one.transcript for one in dev], packer)
    true = np.concatenate([one.label_places() for one in dev])
    assert macro_f1(true, np.concatenate(logits)[:, :4].argmax(axis=1)) > 0.9


def test_restored_weights_are_the_best_not_the_last(folder):
    """With a learning rate that ruins the network in the end, what is kept is still the best evaluation."""
    values = {"training.head_learning_rate": 0.5, "training.encoder_learning_rate": 0.3, "training.epochs": 4}
    config = load_config(BASE, overrides(folder, **values))
    trained = train(config, folder / "ruined")
    dev = read_sessions(config.data.dev)
    packer, _ = runs.make_packer(folder / "ruined" / "encoder", config)
    logits = np.concatenate(torch_logits(runs.load_tagger(folder / "ruined"), [one.transcript for one in dev], packer))
    true = np.concatenate([one.label_places() for one in dev])
    # Training may measure in bf16.
    assert macro_f1(true, logits[:, :4].argmax(axis=1)) == pytest.approx(trained.dev_macro_f1, abs=0.01)


def test_killed_run_goes_on_and_ends_like_one_that_was_not(folder):
    arguments = overrides(folder, **{"training.epochs": 4})
    train(load_config(BASE, arguments), folder / "whole")
    command = [sys.executable, "-m", "mendline", "train", str(BASE), "-o", str(folder / "killed")]
    command += [part for one in arguments for part in ("--set", one)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    saves = folder / "killed" / "trainer"
    deadline = time.monotonic() + 120
    while not list(saves.glob("checkpoint-*/trainer_state.json")):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (folder / "killed" / "model.safetensors").exists()
    train(load_config(BASE, arguments), folder / "killed")
    whole, resumed = (load_file(folder / name / "model.safetensors") for name in ("whole", "killed"))
    for name, weights in whole.items():
        torch.testing.assert_close(resumed[name], weights)


def test_finished_run_is_not_overwritten(run, config):
    with pytest.raises(ConfigError, match="finished run"):
        train(config, run)


def test_unfinished_run_of_another_configuration_is_not_continued(folder, config):
    other = folder / "other"
    runs.claim(other, runs.identity(config))
    changed = replace(config, training=replace(config.training, seed=9))
    with pytest.raises(ConfigError, match="another configuration"):
        train(changed, other)


def test_session_in_both_files_is_refused(folder, config):
    both = replace(config, data=replace(config.data, dev=config.data.train))
    with pytest.raises(CorpusError, match="in the training and in the development files"):
        train(both, folder / "both")


def test_torch_and_int8_agree(run, checkpoint, config):
    """The network in torch and the one that ships give the same labels, and near probabilities."""
    dev = read_sessions(config.data.dev)
    packer, _ = runs.make_packer(run / "encoder", config)
    decision = checkpoint.config.decision
    logits = torch_logits(runs.load_tagger(run), [one.transcript for one in dev], packer)
    full = np.concatenate(decision.probabilities_of([one[:, :4] for one in logits]))
    annotated = Annotator(checkpoint).annotate_all([one.transcript for one in dev])
    small = np.array([one.probabilities for each in annotated for one in each.annotations], dtype=np.float32)
    np.testing.assert_allclose(full, small, atol=0.08)
    assert (decision.labels(full) == decision.labels(small)).all()


def test_restored_network_is_the_one_that_was_exported(run, checkpoint):
    """What int8 rounds away is little, and at most half a step of each output channel where nothing was smoothed."""
    original = dict(runs.load_tagger(run).named_parameters())
    for name, parameter in restore(checkpoint).named_parameters():
        lost = parameter - original[name]
        assert lost.norm() <= 0.05 * original[name].norm(), name
        if not name.endswith("output.dense.weight") or "attention" in name:
            assert lost.abs().max() <= original[name].abs().max() / 63, name


def test_smoothing_moves_outliers_and_changes_nothing_else(run, config):
    dev = [one.transcript for one in read_sessions(config.data.dev)]
    packer, _ = runs.make_packer(run / "encoder", config)
    tagger = runs.load_tagger(run)
    with torch.no_grad():  # one loud channel, as large encoders have them
        tagger.encoder.encoder.layer[0].intermediate.dense.bias[3] = 50.0
    before = np.concatenate(torch_logits(tagger, dev, packer))
    smooth(tagger, packer, dev)
    np.testing.assert_allclose(np.concatenate(torch_logits(tagger, dev, packer)), before, atol=1e-4, rtol=1e-4)
    layer = tagger.encoder.encoder.layer[0].output.dense
    assert isinstance(layer, Smoothed)
    assert layer.inverse.argmin() == 3
    assert 50 * layer.inverse[3] < 5


def test_card_and_configuration_name_no_folder(checkpoint, folder):
    for name in ("README.md", "config.json"):
        text = (checkpoint.folder / name).read_text()
        assert str(folder) not in text
        assert "train.jsonl" in text


def test_figures_of_the_card_are_those_of_an_evaluation(checkpoint, config):
    found = evaluate(Annotator(checkpoint), read_sessions(config.data.dev))
    figure = found.overall.figures["macro_f1"]
    assert f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}]" in (checkpoint.folder / "README.md").read_text()


def test_checkpoint_is_compared_with_its_card(checkpoint, config, folder, runner):
    arguments = ["evaluate", str(folder / "dev.jsonl"), "--model", str(checkpoint.folder), "--card"]
    done = runner.invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    assert "As on the card" in done.output
    other = runner.invoke(cli, ["evaluate", str(folder / "train.jsonl"), *arguments[2:]])
    assert other.exit_code == 1
    assert "not one of the development files" in other.output
    figures = json.loads(json.dumps(checkpoint.config.provenance["figures"]))
    figures["all"]["f1/repair"][0] -= 0.02
    worse = replace(checkpoint.config, provenance={**checkpoint.config.provenance, "figures": figures})
    found = evaluate(Annotator(checkpoint), read_sessions(config.data.dev))
    with pytest.raises(CheckpointError, match="f1/repair of all"):
        check(replace(checkpoint, config=worse), config.data.dev, found)


def test_frozen_layers_do_not_move(folder):
    config = load_config(BASE, overrides(folder, **{"model.frozen_layers": 1, "training.epochs": 1}))
    train(config, folder / "frozen")
    before, after = (
        load_file(path / "model.safetensors") for path in (folder / "encoder", folder / "frozen")
    )  # fmt: skip
    for name, weights in before.items():
        if name.startswith(("embeddings.", "encoder.layer.0.")):
            torch.testing.assert_close(after[f"encoder.{name}"], weights)
    moved = "encoder.layer.1.output.dense.weight"
    assert not torch.equal(after[f"encoder.{moved}"], before[moved])


def test_kept_layers_of_another_run_and_averaged_saves(folder, run):
    values = {
        "model.base": f"run:{run}",
        "model.layers": [1],
        "training.epochs": 2,
        "training.averaged_saves": 2,
        "training.encoder_learning_rate": 1e-7,
        "training.head_learning_rate": 1e-7,
    }
    train(load_config(BASE, overrides(folder, **values)), folder / "upper")
    before, after = (load_file(path / "model.safetensors") for path in (run, folder / "upper"))
    assert not [name for name in after if ".layer.1." in name]
    for name, weights in after.items():
        torch.testing.assert_close(weights, before[name.replace(".layer.0.", ".layer.1.")], atol=1e-4, rtol=1e-3)
    assert export(folder / "upper", folder / "upper-checkpoint").folder.is_dir()


def test_mean_of_saves_is_kept_where_it_is_better(folder):
    """Rates that swing from one save to the next: what is kept is at least as good as the best single save."""
    values = {"training.averaged_saves": 3, "training.encoder_learning_rate": 0.02, "training.head_learning_rate": 0.05}
    config = load_config(BASE, overrides(folder, **values))
    trained = train(config, folder / "averaged")
    dev = read_sessions(config.data.dev)
    packer, _ = runs.make_packer(folder / "averaged" / "encoder", config)
    tagger = runs.load_tagger(folder / "averaged")
    logits = np.concatenate(torch_logits(tagger, [one.transcript for one in dev], packer))
    true = np.concatenate([one.label_places() for one in dev])
    assert macro_f1(true, logits[:, :4].argmax(axis=1)) == pytest.approx(trained.dev_macro_f1, abs=0.01)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("model.layers", [2], "layers 0 to 1"),
        ("model.base", "run:nowhere", "finished run"),
        ("model.layers", ["1"], "whole numbers"),
    ],
)
def test_wrong_layers_and_runs_are_refused(folder, tmp_path, key, value, said):
    with pytest.raises(ConfigError, match=said):
        train(load_config(BASE, overrides(folder, **{key: value})), tmp_path / "run")


def test_torchrun_trains_on_two_processes(folder):
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--master-port=29517"]
    command += ["-m", "mendline", "train", str(BASE), "-o", str(folder / "pair")]
    command += [part for one in overrides(folder, **{"training.epochs": 2}) for part in ("--set", one)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    assert open_checkpoint(folder / "pair" / "checkpoint")


def test_targets_share_doubt_with_neutral(folder):
    (session, *_) = read_sessions([folder / "train.jsonl"])
    doubtful = replace(session, sure=(False,) * len(session.labels))
    labels, markers = targets(doubtful, 0.3, 0.5)
    place = [str(label) for label in session.labels].index("repair")
    np.testing.assert_allclose(labels[place], [0, 0, 0.7, 0.3])
    np.testing.assert_allclose(labels.sum(axis=1), 1)
    assert markers[place] == MARKERS.index("own")
    assert (markers == IGNORED).sum() == sum(label == "neutral" for label in session.labels)


def test_anchors_cover_every_turn_once(folder, config):
    packer, _ = runs.make_packer(folder / "encoder", config)
    sessions = read_sessions(config.data.train)
    covered = [
        (one.session, turn) for one in anchors(sessions, packer) for turn in range(one.turn, one.turn + one.turns)
    ]
    assert covered == [(place, turn) for place, one in enumerate(sessions) for turn in range(len(one.labels))]


def test_windows_of_an_epoch_carry_their_turns_targets(folder, config):
    packer, _ = runs.make_packer(folder / "encoder", config)
    sessions = read_sessions(config.data.train)
    torch.manual_seed(0)
    rows = TrainingWindows(sessions, packer, config).dataset()
    batch = Collator(packer)([rows[place] for place in range(8)])
    assert batch["pooling"].shape[:2] == batch["label_targets"].shape[:2]
    filled = batch["pooling"].sum(dim=2) > 0
    torch.testing.assert_close(batch["label_targets"].sum(dim=2), filled.float())
    assert batch["input_ids"].shape[1] <= config.model.window
    window, labels, _ = rows[0]["window"]
    expected = targets(sessions[0], 0.0, 0.0)[0][[piece.turn for piece in window.pieces]]
    np.testing.assert_array_equal(labels, expected)


def test_neutral_windows_are_thinned(tmp_path, folder, config):
    lines = (folder / "train.jsonl").read_text().splitlines()
    calm = [{**json.loads(line), "label": "neutral", "marker": None} for line in lines]
    (tmp_path / "calm.jsonl").write_text("\n".join(json.dumps(row) for row in calm))
    packer, _ = runs.make_packer(folder / "encoder", config)
    sessions = read_sessions([tmp_path / "calm.jsonl"])
    thinned = replace(config, training=replace(config.training, neutral_window_share=0.25))
    assert len(TrainingWindows(sessions, packer, thinned).dataset()) == round(0.25 * len(anchors(sessions, packer)))


def test_sources_can_be_balanced(tmp_path, folder, config):
    tiny.write_sessions(tmp_path / "rare.jsonl", count=3, prefix="r")
    rare = [{**json.loads(line), "source": "rare"} for line in (tmp_path / "rare.jsonl").read_text().splitlines()]
    (tmp_path / "rare.jsonl").write_text("\n".join(json.dumps(row) for row in rare))
    packer, _ = runs.make_packer(folder / "encoder", config)
    sessions = read_sessions([folder / "train.jsonl", tmp_path / "rare.jsonl"])

    def shown(balance: float) -> dict[str, int]:
        changed = replace(config, training=replace(config.training, source_balance=balance))
        sources = [one.source for one in sessions]
        drawn = pools(anchors(sessions, packer), sources, changed)
        return {name: sum(sources[pool[0].session] == name for pool in drawn) for name in ("authored", "rare")}

    assert shown(0.0)["authored"] == 4 * shown(0.0)["rare"]
    assert shown(1.0)["authored"] == shown(1.0)["rare"]
    assert shown(0.5)["authored"] == pytest.approx(2 * shown(0.5)["rare"], abs=1)
    assert sum(shown(1.0).values()) == pytest.approx(sum(shown(0.0).values()), abs=2)


def test_augmentation_changes_form_not_words(folder):
    (session, *_) = read_sessions([folder / "train.jsonl"])
    captions = as_captions(session.transcript)
    assert captions.turns[0].text == "what happened today"
    assert captions.turns[3].text == "fine leave me alone"
    roles = [turn.role for turn in without_roles(session.transcript).turns[:3]]
    assert roles == ["speaker one", "speaker two", "speaker three"]


def test_class_weights_average_one_over_turns():
    coded = np.array([3] * 90 + [0] * 10)
    weights = class_weights(coded, 0.5)
    assert float(weights[torch.from_numpy(coded)].mean()) == pytest.approx(1)
    assert float(weights[0] / weights[3]) == pytest.approx(3)
    assert len(weights) == len(LABELS)


def test_teacher_shares_the_targets_and_brings_sessions_of_its_own(folder):
    sessions = read_sessions([folder / "train.jsonl"])
    said = np.full((len(sessions[0].labels), 4), 0.25, dtype=np.float32)
    other = replace(sessions[1].transcript, session="unlabelled")
    taught = [replace(sessions[0], probabilities=said), replace(sessions[1], transcript=other, probabilities=said)]
    mixed = with_teacher(sessions, taught)
    assert [one.transcript.session for one in mixed] == [*(one.transcript.session for one in sessions), "unlabelled"]
    labels, _ = targets(mixed[0], 0.0, 0.5)
    np.testing.assert_allclose(labels[2], [0.125, 0.625, 0.125, 0.125])
    assert mixed[1].probabilities is None


def test_unlabelled_sessions_are_the_teachers_alone(folder):
    (session, *_) = read_sessions([folder / "train.jsonl"])
    said = np.full((len(session.labels), 4), 0.25, dtype=np.float32)
    taught = with_teacher([], [replace(session, probabilities=said)])
    np.testing.assert_allclose(targets(taught[0], 0.0, 0.5)[0], said)


def test_annotations_of_a_teacher_train_a_student(folder, checkpoint):
    """`annotate` writes what `distillation.teacher` reads."""
    written = folder / "teacher.jsonl"
    command = [sys.executable, "-m", "mendline", "annotate", str(folder / "train.jsonl"), "-o", str(written)]
    subprocess.run([*command, "--model", str(checkpoint.folder)], check=True, capture_output=True)
    config = load_config(BASE, overrides(folder, **{"distillation.teacher": [str(written)], "training.epochs": 1}))
    train(config, folder / "student")
    assert str(written) in json.loads((folder / "student" / "run.json").read_text())["data"]


def test_experiments_are_recorded_and_shown(folder, run, runner):
    table = folder / "table.jsonl"
    exported = export(run, folder / "again")
    record(table, run="first", exported=exported, seconds=90)
    provenance = json.loads(json.dumps(exported.provenance))
    provenance["config"]["training"]["seed"] = 2
    record(table, run="second", exported=replace(exported, provenance=provenance), seconds=30)
    first, second = read(table)
    assert first["data"] == exported.provenance["data"]
    assert first["figures"]["all"]["macro_f1"][0] == pytest.approx(
        exported.evaluation.overall.figures["macro_f1"].value, abs=1e-4
    )
    assert second["config"]["training"]["seed"] == 2
    done = runner.invoke(cli, ["experiments", str(table)], env={"COLUMNS": "250"})
    assert done.exit_code == 0, done.output
    assert "training.seed=2" in done.stdout
    assert "authored" in done.stdout


def test_no_experiments_yet(tmp_path, runner):
    done = runner.invoke(cli, ["experiments", str(tmp_path / "none.jsonl")])
    assert done.exit_code == 1
    assert "no run was recorded" in done.output


def test_run_folder_is_named_after_the_configuration(folder, tmp_path, runner, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = [part for one in overrides(folder, **{"training.epochs": 1}) for part in ("--set", one)]
    done = runner.invoke(cli, ["train", str(BASE), *arguments])
    assert done.exit_code == 0, done.output
    assert open_checkpoint(tmp_path / "runs" / "base" / "checkpoint")
    assert len(read(tmp_path / "runs" / "experiments.jsonl")) == 1
