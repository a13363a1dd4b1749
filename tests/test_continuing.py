"""Going on from a checkpoint, and learning from sessions of which people coded a part."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from safetensors.torch import load_file

from mendline.cli import cli
from mendline.model.annotator import Annotator
from mendline.model.checkpoint import CONFIG, Checkpoint, open_checkpoint, seal
from mendline.model.labels import LABELS, MARKERS
from mendline.training import runs
from mendline.training.baselines import baselines
from mendline.training.config import Config, load_config
from mendline.training.corpus import LabelledSession, read_sessions
from mendline.training.encoders import encoder_source
from mendline.training.export import export
from mendline.training.restore import restore
from mendline.training.train import starting_tagger, train, with_teacher
from mendline.training.trainer import TurnTrainer, torch_logits, trainer_arguments
from mendline.training.windows import IGNORED, TrainingWindows, anchors, targets
from mendline.transcripts.errors import CheckpointError, ConfigError, CorpusError

CONFIGS = Path(__file__).parents[1] / "configs"
CODED = (2, 7)
"""The turns of a partly coded session that a person coded: a confrontation, and a corrected false alarm."""


def configured(folder: Path, base: Path = CONFIGS / "base.toml", **values: object) -> Config:
    """A configuration for the tiny encoder in `folder`."""
    return load_config(base, tiny.overrides(folder, **values))


def partly(path: Path, *, sessions: int = 1, coded: tuple[int, ...] = CODED, repeats: int = 6) -> Path:
    """Sessions of which only `coded` turns have a person's label. A model said "repair" of everything else."""
    tiny.write_sessions(path, count=sessions, prefix="p", repeats=repeats)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        if row["turn"] not in coded:
            row |= {"label": "repair", "marker": "own", "agreement": "model"}
        elif row["turn"] == 7:
            row |= {"label": "neutral", "marker": None, "agreement": "single", "coder": ["Ana"], "note": "Only news."}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("tiny")
    tiny.tiny_encoder(made / "encoder")
    tiny.write_sessions(made / "train.jsonl", count=12)
    tiny.write_sessions(made / "dev.jsonl", count=6, prefix="d")
    partly(made / "partly.jsonl")
    return made


@pytest.fixture(scope="module")
def config(folder) -> Config:
    return configured(folder)


@pytest.fixture(scope="module")
def checkpoint(folder, config) -> Checkpoint:
    train(config, folder / "run")
    export(folder / "run", folder / "checkpoint")
    return open_checkpoint(folder / "checkpoint")


def session_of(path: Path) -> LabelledSession:
    (session,) = read_sessions([path], partly=True)
    return session


def trainer_of(folder: Path, config: Config, session: LabelledSession) -> TurnTrainer:
    packer, _ = runs.make_packer(folder / "encoder", config)
    windows = TrainingWindows([session], packer, config).dataset()
    return TurnTrainer(
        starting_tagger(config, str(folder / "encoder")),
        config=config,
        packer=packer,
        windows=windows,
        coded=session.coded_places(),
        dev=read_sessions(config.data.dev),
        arguments=trainer_arguments(config, folder / "unused", windows=len(windows)),
    )


def test_only_what_a_person_coded_is_a_target(folder):
    session = session_of(folder / "partly.jsonl")
    assert [turn for turn, coded in enumerate(session.coded) if coded] == [*CODED]
    assert [LABELS[place] for place in session.coded_places()] == ["confrontation", "neutral"]
    labels, markers = targets(session, 0.3, 0.5)
    assert labels.sum(axis=1).nonzero()[0].tolist() == [*CODED]
    assert {turn for turn, marker in enumerate(markers) if marker != IGNORED} == {2}
    assert MARKERS[markers[2]] == "attack"


def test_a_teacher_speaks_of_the_turns_that_nobody_coded(folder):
    session = session_of(folder / "partly.jsonl")
    said = np.full((len(session.labels), 4), 0.25, dtype=np.float32)
    (mixed,) = with_teacher([session], [replace(session, probabilities=said)])
    labels, _ = targets(mixed, 0.0, 0.5)
    np.testing.assert_allclose(labels[0], said[0])
    np.testing.assert_allclose(labels[2], [0.125, 0.625, 0.125, 0.125])


def test_a_teacher_without_probabilities_is_refused(folder):
    session = session_of(folder / "partly.jsonl")
    with pytest.raises(CorpusError, match=r"no probabilities for all turns of session p0.*mendline annotate"):
        with_teacher([], [session])


def test_every_window_shows_a_coded_turn_and_stretches_without_one_are_left_out(folder, config):
    session = session_of(folder / "partly.jsonl")
    packer, _ = runs.make_packer(folder / "encoder", config)
    everywhere = anchors([replace(session, coded=(True,) * len(session.labels))], packer)
    found = anchors([session], packer)
    assert 0 < len(found) < len(everywhere)
    assert all(any(turn in range(one.turn, one.turn + one.turns) for turn in CODED) for one in found)
    whole = replace(config, training=replace(config.training, neutral_window_share=1.0))
    rows = TrainingWindows([session], packer, whole).dataset()
    assert len(rows) == len(found)
    for _ in range(50):
        for place in range(len(rows)):
            window, labels, _ = rows[place]["window"]
            shown = {piece.turn for piece in window.pieces} & {*CODED}
            assert shown
            assert labels.any(axis=1).sum() == len(shown)


def test_a_false_alarm_that_was_corrected_is_a_neutral_stretch(folder, config):
    """Although the model's own labels around it are not neutral."""
    session = session_of(partly(folder / "alarm.jsonl", coded=(7,)))
    packer, _ = runs.make_packer(folder / "encoder", config)
    assert [one.neutral for one in anchors([session], packer)] == [True]


def test_what_a_model_labelled_leaves_no_trace_in_the_loss(folder, config):
    """Other labels of the model in the turns that nobody coded: the same loss and the same gradients."""
    session = session_of(folder / "partly.jsonl")
    other = replace(
        session,
        labels=tuple(one if coded else LABELS[0] for one, coded in zip(session.labels, session.coded, strict=True)),
        markers=tuple(one if coded else None for one, coded in zip(session.markers, session.coded, strict=True)),
    )
    found = []
    for one in (session, other):
        torch.manual_seed(0)
        trainer = trainer_of(folder, config, one)
        torch.manual_seed(0)
        batch = trainer.data_collator([trainer.train_dataset[place] for place in range(len(trainer.train_dataset))])
        tagger = trainer.model.eval()
        loss = trainer.compute_loss(tagger, batch)
        loss.backward()
        found.append((loss.item(), tagger.label_head.weight.grad.clone()))
    assert found[0][0] == found[1][0] > 0
    torch.testing.assert_close(found[0][1], found[1][1], rtol=0, atol=0)


def test_class_weights_count_coded_turns_only(folder, config):
    """Of the two coded turns one is a confrontation and one neutral; the many repairs are the model's."""
    weights = trainer_of(folder, config, session_of(folder / "partly.jsonl"))._class_weights
    assert float(weights[LABELS.index("confrontation")]) == pytest.approx(float(weights[LABELS.index("neutral")]))


@pytest.mark.parametrize("use", ["dev", "evaluate"])
def test_nothing_is_measured_on_a_part_of_a_session(folder, config, runner, use):
    if use == "dev":
        tuned = replace(config, data=replace(config.data, dev=(str(folder / "partly.jsonl"),)))
        with pytest.raises(CorpusError) as caught:
            train(tuned, folder / "never")
        message = str(caught.value)
    else:
        done = runner.invoke(cli, ["evaluate", str(folder / "partly.jsonl")])
        assert done.exit_code == 1
        message = done.stderr
    assert "partly.jsonl:1: of the 36 turns of session p0 a person coded 2" in message
    assert "no fair sample" in message


def test_a_session_that_nobody_coded_is_refused_for_training_too(folder, config):
    path = partly(folder / "model.jsonl", coded=())
    with pytest.raises(CorpusError, match=r"model\.jsonl:1: this label was given by a model"):
        read_sessions([path], partly=True)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"coder": 7}, "coder must be a name or a list of names"),
        ({"coder": ["Ana", None]}, "coder must be a name or a list of names"),
        ({"note": ["x"]}, "note must be a string"),
    ],
)
def test_coder_and_note_are_checked(tmp_path, fields, message):
    tiny.write_sessions(tmp_path / "a.jsonl", count=1)
    rows = [{**json.loads(line), **fields} for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(CorpusError, match=message):
        read_sessions([tmp_path / "a.jsonl"])


def test_baselines_are_fitted_on_coded_turns(folder, config):
    """The model's "repair" on every other turn would teach them to say so."""
    sessions = read_sessions([partly(folder / "many.jsonl", sessions=8, coded=(0, 1, 2, 5, 7))], partly=True)
    judged = baselines(config, sessions, read_sessions(config.data.dev))
    assert not any((one.given == LABELS.index("repair")).any() for one in judged["tf-idf"])


def test_training_goes_on_from_a_checkpoints_heads_and_encoder(folder, checkpoint):
    """The network before the first step is the checkpoint's: its logits but for the rounding of activations."""
    config = configured(folder, **{"model.base": f"checkpoint:{checkpoint.folder}"})
    source = encoder_source(config.model.base)
    packer, _ = runs.make_packer(source, config)
    transcripts = [one.transcript for one in read_sessions(config.data.dev)]
    annotator = Annotator(checkpoint)
    tagger = starting_tagger(config, source)
    assert tagger.dropout.p == config.model.dropout
    ours = np.concatenate(torch_logits(tagger, transcripts, packer))
    theirs = np.concatenate(annotator.logits(transcripts))
    assert np.abs(ours - theirs).mean() < 0.03 * theirs.std()
    assert (ours[:, :4].argmax(axis=1) == theirs[:, :4].argmax(axis=1)).all()
    assert packer.windows(transcripts[0]) == annotator.packer.windows(transcripts[0])


def test_a_run_goes_on_and_says_from_where(folder, checkpoint):
    """One gentle epoch moves the weights a little, keeps the heads, and the new checkpoint names its origin."""
    config = configured(
        folder,
        CONFIGS / "continue.toml",
        **{
            "model.base": f"checkpoint:{checkpoint.folder}",
            "data.train": [str(partly(folder / "corrections.jsonl", sessions=4))],
            "training.epochs": 1,
            "training.encoder_learning_rate": 1e-4,
            "training.head_learning_rate": 1e-4,
        },
    )
    train(config, folder / "continued")
    before, after = dict(restore(checkpoint).named_parameters()), load_file(folder / "continued" / "model.safetensors")
    moved = [(after[name] - weights).abs().max().item() for name, weights in before.items()]
    assert 0 < max(moved) < 0.01
    exported = export(folder / "continued", folder / "continued" / "checkpoint")
    base = exported.provenance["base"]
    assert base["checkpoint"] == checkpoint.label
    assert base["data"] == {"train.jsonl": checkpoint.config.provenance["data"]["train.jsonl"]}
    for name in ("README.md", "config.json"):
        assert str(folder) not in (folder / "continued" / "checkpoint" / name).read_text()
    card = (folder / "continued" / "checkpoint" / "README.md").read_text()
    assert f"Trained on from the checkpoint {checkpoint.label}" in card
    assert card.count("| `train.jsonl` |") == 1
    again = configured(folder, **{"model.base": f"checkpoint:{folder / 'continued' / 'checkpoint'}"})
    assert {*runs.identity(again)["base"]["data"]} == {"train.jsonl", "corrections.jsonl"}


def test_export_needs_the_checkpoint_that_it_started_from_no_more(folder, checkpoint, tmp_path):
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in checkpoint.folder.iterdir():
        (moved / path.name).write_bytes(path.read_bytes())
    train(configured(folder, **{"model.base": f"checkpoint:{moved}", "training.epochs": 1}), tmp_path / "run")
    for path in moved.iterdir():
        path.unlink()
    moved.rmdir()
    assert export(tmp_path / "run", tmp_path / "again").folder.is_dir()


def test_shipped_checkpoint_is_a_base():
    config = load_config(CONFIGS / "continue.toml")
    assert config.model.base == "checkpoint:shipped"
    source = encoder_source(config.model.base)
    packer, tokenizer = runs.make_packer(source, config)
    special = Annotator.load().checkpoint.config.special
    assert packer.special == special
    assert tokenizer.cls_token_id == special.start
    assert packer.settings == Annotator.load().checkpoint.config.window


@pytest.mark.parametrize(
    ("base", "error", "message"),
    [
        ("checkpoint:./nowhere", CheckpointError, "there is no such checkpoint folder"),
        ("./checkpoint", ConfigError, r"write checkpoint:\./checkpoint"),
    ],
)
def test_a_base_that_is_not_there_or_is_said_otherwise(folder, checkpoint, tmp_path, monkeypatch, base, error, message):
    monkeypatch.chdir(folder)
    with pytest.raises(error, match=message):
        train(configured(folder, **{"model.base": base}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_window_longer_than_the_checkpoint_reads(folder, checkpoint):
    config = configured(folder, **{"model.base": f"checkpoint:{checkpoint.folder}", "model.window": 100})
    with pytest.raises(ConfigError, match="the encoder reads 62 at most"):
        train(config, folder / "never")


def test_a_checkpoint_that_does_not_name_its_encoder(checkpoint, tmp_path):
    for path in checkpoint.folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    document = json.loads((tmp_path / CONFIG).read_text())
    del document["provenance"]["encoder"]
    (tmp_path / CONFIG).write_text(json.dumps(document))
    seal(tmp_path)
    with pytest.raises(CheckpointError, match="does not say what encoder"):
        restore(open_checkpoint(tmp_path))


def test_a_changed_checkpoint_is_no_base(folder, checkpoint, tmp_path):
    for path in checkpoint.folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "model.onnx").write_bytes(b"other")
    with pytest.raises(CheckpointError, match="does not match SHA256SUMS"):
        train(configured(folder, **{"model.base": f"checkpoint:{tmp_path}"}), folder / "never")
