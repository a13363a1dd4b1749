"""From a configuration to a finished run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from transformers import set_seed

from mendline.model.labels import LABELS
from mendline.model.tagger import Tagger, load_encoder
from mendline.training.config import Config
from mendline.training.corpus import LabelledSession, read_sessions
from mendline.training.encoders import check_window, encoder_source
from mendline.training.metrics import macro_f1
from mendline.training.runs import SAVES, claim, identity, keep, make_packer
from mendline.training.trainer import TurnTrainer, freeze, last_save, trainer_arguments
from mendline.training.windows import TrainingWindows
from mendline.transcripts.errors import CorpusError, MendlineError


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
    train_sessions, dev_sessions = read_sessions(config.data.train), read_sessions(config.data.dev)
    taught = read_sessions(config.distillation.teacher, by_model=True)
    _keep_apart([*train_sessions, *taught], dev_sessions)
    packer, tokenizer = make_packer(source, config)
    tagger = Tagger(load_encoder(source), dropout=config.model.dropout)
    freeze(tagger, config.model.frozen_layers)
    windows = TrainingWindows(with_teacher(train_sessions, taught), packer, config).dataset()
    trainer = TurnTrainer(
        tagger,
        config=config,
        packer=packer,
        windows=windows,
        coded=np.concatenate([one.label_places() for one in train_sessions]),
        dev=dev_sessions,
        arguments=trainer_arguments(config, folder / SAVES, windows=len(windows)),
    )
    trainer.train(resume_from_checkpoint=last_save(folder / SAVES))
    best = _restored(trainer, dev_sessions)
    leads = trainer.is_world_process_zero()
    if leads:
        keep(folder, tagger, tokenizer)
    return Trained(folder, best, time.monotonic() - started, leads)


def with_teacher(labelled: Sequence[LabelledSession], taught: Sequence[LabelledSession]) -> list[LabelledSession]:
    """Labelled sessions with the teacher's probabilities added, and after them the sessions that only it labelled."""
    said = {one.transcript.session: one for one in taught}
    sessions = []
    for session in labelled:
        teacher = said.pop(session.transcript.session, None)
        probabilities = None if teacher is None else teacher.probabilities
        if probabilities is not None and len(probabilities) != len(session.labels):
            raise CorpusError(f"the teacher's file has other turns of session {session.transcript.session}.")
        sessions.append(replace(session, probabilities=probabilities))
    return [*sessions, *(replace(one, coded=False) for one in said.values())]


def _restored(trainer: TurnTrainer, dev: Sequence[LabelledSession]) -> float:
    """Measure the weights that the trainer restored: they must be the best that it saw."""
    best = trainer.state.best_metric
    given = np.concatenate([logits[:, : len(LABELS)].argmax(axis=-1) for logits in trainer.dev_logits()])
    restored = macro_f1(np.concatenate([one.label_places() for one in dev]), given)
    if best is None or abs(restored - best) > 1e-3:
        raise MendlineError(f"the restored weights reach dev macro-F1 {restored:.4f}, the best reached {best}.")
    return restored


def _keep_apart(train_sessions: Sequence[LabelledSession], dev_sessions: Sequence[LabelledSession]) -> None:
    shared = {one.transcript.session for one in train_sessions} & {one.transcript.session for one in dev_sessions}
    if shared:
        raise CorpusError(
            f"{len(shared)} sessions are in the training and in the development files, {min(shared)} among them. "
            "Take them out of one of the two."
        )
