"""From a configuration to a finished run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from transformers import set_seed

from mendline.model.labels import LABELS
from mendline.model.tagger import Tagger, load_encoder
from mendline.training.config import Config
from mendline.training.corpus import LabelledSession, leave_out, read_sessions
from mendline.training.encoders import check_window, encoder_source
from mendline.training.metrics import macro_f1
from mendline.training.restore import base_checkpoint, restore
from mendline.training.runs import RUN_BASE, SAVES, WEIGHTS, claim, identity, keep, load_tagger, make_packer
from mendline.training.trainer import TurnTrainer, freeze, keep_layers, saves, tagger_of, trainer_arguments
from mendline.training.transitions import count_transitions
from mendline.training.windows import TrainingWindows
from mendline.transcripts.errors import ConfigError, CorpusError, MendlineError


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run found: its folder, the best dev macro-F1 (before thresholds), and the seconds it took.

    Of the processes of one run, only the one that `leads` wrote the folder.
    """

    folder: Path
    dev_macro_f1: float
    seconds: float
    leads: bool


def train(config: Config, folder: Path) -> Trained:
    """Train and keep the best weights in `folder`; goes on where an unfinished run of the same configuration stopped.

    Raises ConfigError where the folder holds another run, CorpusError where training and development share a session.
    """
    started = time.monotonic()
    source = encoder_source(config.model.base)
    check_window(source, config)
    claim(folder, identity(config))
    set_seed(config.training.seed)
    train_sessions = leave_out(read_sessions(config.data.train, partly=True), config.data.left_out)
    dev_sessions = leave_out(read_sessions(config.data.dev), config.data.left_out)
    _check_left(train_sessions, dev_sessions)
    taught = read_sessions(config.distillation.teacher, by_model=True)
    _keep_apart([*train_sessions, *taught], dev_sessions)
    packer, tokenizer = make_packer(source, config)
    tagger = starting_tagger(config, source)
    keep_layers(tagger, config.model.layers)
    freeze(tagger, config.model.frozen_layers)
    windows = TrainingWindows(with_teacher(train_sessions, taught), packer, config).dataset()
    trainer = TurnTrainer(
        tagger,
        config=config,
        packer=packer,
        windows=windows,
        coded=np.concatenate([one.coded_places() for one in train_sessions]),
        dev=dev_sessions,
        arguments=trainer_arguments(config, folder / SAVES, windows=len(windows)),
    )
    written = saves(folder / SAVES)
    trainer.train(resume_from_checkpoint=str(written[-1]) if written else None)
    best = _restored(trainer, dev_sessions)
    written = saves(folder / SAVES)
    best = _averaged(trainer, dev_sessions, written[-config.training.averaged_saves :], best=best)
    leads = trainer.is_world_process_zero()
    if leads:
        keep(folder, tagger, tokenizer, count_transitions(train_sessions))
    return Trained(folder, best, time.monotonic() - started, leads)


def starting_tagger(config: Config, source: str) -> Tagger:
    """The network before training: an encoder with new heads, or all of another run's or a checkpoint's network."""
    if (checkpoint := base_checkpoint(config.model.base)) is not None:
        return restore(checkpoint, dropout=config.model.dropout)
    if config.model.base.startswith(RUN_BASE):
        tagger = load_tagger(Path(source).parent)
        tagger.dropout.p = config.model.dropout
        return tagger
    return Tagger(load_encoder(source), dropout=config.model.dropout)


def with_teacher(labelled: Sequence[LabelledSession], taught: Sequence[LabelledSession]) -> list[LabelledSession]:
    """Labelled sessions with the teacher's probabilities added, and after them the sessions that only it labelled.

    Raises CorpusError where the teacher gave none, or spoke of other turns.
    """
    for one in taught:
        if one.probabilities is None:
            raise CorpusError(
                f"the teacher's file holds no probabilities for all turns of session {one.transcript.session}. "
                "`mendline annotate --model TEACHER -o NAME.jsonl` writes them."
            )
    said = {one.transcript.session: one for one in taught}
    sessions = []
    for session in labelled:
        teacher = said.pop(session.transcript.session, None)
        probabilities = None if teacher is None else teacher.probabilities
        if probabilities is not None and len(probabilities) != len(session.labels):
            raise CorpusError(f"the teacher's file has other turns of session {session.transcript.session}.")
        sessions.append(replace(session, probabilities=probabilities))
    return [*sessions, *(replace(one, coded=(False,) * len(one.labels)) for one in said.values())]


def _restored(trainer: TurnTrainer, dev: Sequence[LabelledSession]) -> float:
    """Measure the weights that the trainer restored: they must be the best that it saw."""
    best = trainer.state.best_metric
    restored = _dev_macro_f1(trainer, dev)
    if best is None or abs(restored - best) > 1e-3:
        raise MendlineError(f"the restored weights reach dev macro-F1 {restored:.4f}, the best reached {best}.")
    return restored


def _averaged(trainer: TurnTrainer, dev: Sequence[LabelledSession], written: Sequence[Path], *, best: float) -> float:
    """Put the mean of several saves' weights into the network if it beats the `best` there. Dev macro-F1 of what stays.

    Weight averaging along one run: Izmailov et al. 2018, "Averaging weights leads to wider optima and better
    generalization". The network has no batch statistics that would have to be found anew.
    """
    if len(written) < 2:
        return best
    tagger = tagger_of(trainer.model)
    before = {name: tensor.clone() for name, tensor in tagger.state_dict().items()}
    loaded = [load_file(save / WEIGHTS) for save in written]
    tagger.load_state_dict({name: torch.stack([one[name] for one in loaded]).mean(dim=0) for name in before})
    averaged = _dev_macro_f1(trainer, dev)
    trainer.log({"averaged_macro_f1": averaged})
    if averaged <= best:
        tagger.load_state_dict(before)
    return max(best, averaged)


def _dev_macro_f1(trainer: TurnTrainer, dev: Sequence[LabelledSession]) -> float:
    """Macro-F1 over all development turns, by the most probable label."""
    given = np.concatenate([logits[:, : len(LABELS)].argmax(axis=-1) for logits in trainer.dev_logits()])
    return macro_f1(np.concatenate([one.label_places() for one in dev]), given)


def _check_left(train_sessions: Sequence[LabelledSession], dev_sessions: Sequence[LabelledSession]) -> None:
    if not train_sessions or not dev_sessions:
        raise ConfigError("data.left_out leaves no session to train on or none to develop on. Name fewer settings.")


def _keep_apart(train_sessions: Sequence[LabelledSession], dev_sessions: Sequence[LabelledSession]) -> None:
    shared = {one.transcript.session for one in train_sessions} & {one.transcript.session for one in dev_sessions}
    if shared:
        raise CorpusError(
            f"{len(shared)} sessions are in the training and in the development files, {min(shared)} among them. "
            "Take them out of one of the two."
        )
