"""From a finished run to a checkpoint folder: ONNX in int8, decision values chosen on development sessions, a card.

Needs torch for the export itself; what it writes does not.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mendline.model.annotator import BATCH_SIZE, Annotator, OnnxNetwork
from mendline.model.checkpoint import (
    CARD,
    CONFIG,
    FILES,
    NETWORK,
    SUMS,
    TOKENIZER,
    CheckpointConfig,
    open_checkpoint,
    seal,
)
from mendline.model.decision import Decision
from mendline.model.labels import LABELS
from mendline.model.tagger import Tagger
from mendline.model.transitions import Array
from mendline.model.windows import Floats, Packer, Piece, SpecialTokens, Window, collate, score
from mendline.training.calibration import calibrate, cross_fitted
from mendline.training.card import render_card
from mendline.training.config import Config
from mendline.training.corpus import LabelledSession, leave_out, read_sessions
from mendline.training.evaluation import Evaluation, evaluate
from mendline.training.metrics import macro_f1
from mendline.training.quantisation import quantise, smooth
from mendline.training.runs import ENCODER, load_tagger, load_transitions, make_packer, read_record
from mendline.transcripts.errors import ConfigError
from mendline.transcripts.files import write_text

MAX_LOSS = 0.01
"""The most macro-F1 that quantisation may cost on the development sessions."""

SMOOTHED_ON = 20
"""Development sessions that show how large activations get; their labels take no part in that."""

OPSET = 20
"""The first in which Gelu is one operator."""


@dataclass(frozen=True, slots=True)
class Exported:
    """The checkpoint folder, its figures, and dev macro-F1 with thresholds before and after quantisation."""

    folder: Path
    provenance: Mapping[str, Any]
    evaluation: Evaluation
    macro_f1_fp32: float
    macro_f1_int8: float

    @property
    def loss(self) -> float:
        """Macro-F1 lost through quantisation; negative where int8 happens to be better."""
        return self.macro_f1_fp32 - self.macro_f1_int8


def export(run: Path, folder: Path) -> Exported:
    """Write the checkpoint folder of a finished run. Raises ConfigError where int8 costs too much macro-F1.

    Each network gets decision values of its own, so that what is compared is what would ship.
    """
    _refuse_other_folder(folder)
    record, config = read_record(run)
    following = load_transitions(run)
    packer, _ = make_packer(run / ENCODER, config)
    dev = leave_out(read_sessions(config.data.dev), config.data.left_out)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as name:
        work = Path(name)
        full = work / "fp32.onnx"
        tagger = load_tagger(run)
        smooth(tagger, packer, [one.transcript for one in dev][:SMOOTHED_ON])
        to_onnx(tagger, full, packer.special)
        quantise(full, work / NETWORK)
        _, before = _decide(_label_logits(full, packer, dev), dev, following, config)
        full.unlink()
        logits = _label_logits(work / NETWORK, packer, dev)
        decision, after = _decide(logits, dev, following, config)
        if before - after >= MAX_LOSS:
            raise ConfigError(
                f"int8 costs {before - after:.4f} of dev macro-F1; at most {MAX_LOSS} is allowed. Nothing was written.",
                file=run,
            )
        true = [one.label_places() for one in dev]
        fair = cross_fitted(logits, true, following, review_share=config.calibration.review_share)
        shutil.copyfile(run / ENCODER / TOKENIZER, work / TOKENIZER)
        provenance = {
            **_without_folders(record),
            "encoder": tagger.encoder.config.to_diff_dict(),
            "dev_macro_f1_fp32": round(before, 4),
            "dev_macro_f1_int8": round(after, 4),
            "dev_macro_f1_cross_fitted": round(fair, 4),
        }
        described = CheckpointConfig(config.model.name, packer.settings, packer.special, decision, provenance)
        evaluation = _describe(work, described, dev)
        _replace(work, folder)
    return Exported(folder, provenance, evaluation, before, after)


def _label_logits(network: Path, packer: Packer, dev: Sequence[LabelledSession]) -> list[Floats]:
    """What a network file says of each development session, [turns, labels]."""
    logits = score([one.transcript for one in dev], packer, OnnxNetwork(network), batch_size=BATCH_SIZE)
    return [one[:, : len(LABELS)] for one in logits]


def _decide(
    logits: Sequence[Floats], dev: Sequence[LabelledSession], following: Array, config: Config
) -> tuple[Decision, float]:
    """The decision values for logits of development sessions, and their macro-F1 there."""
    true = [one.label_places() for one in dev]
    decision = calibrate(logits, true, following, review_share=config.calibration.review_share)
    given = np.concatenate([decision.labels(one) for one in decision.probabilities_of(logits)])
    return decision, macro_f1(np.concatenate(true), given)


def _without_folders(value: Any) -> Any:  # noqa: ANN401  (plain JSON data)
    """A run's record as it may be passed on: of absolute paths only the last part."""
    if isinstance(value, dict):
        return {_without_folders(key): _without_folders(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_folders(one) for one in value]
    return _without_folder(value) if isinstance(value, str) else value


def _without_folder(value: str) -> str:
    kind, _, rest = value.partition(":")
    if Path(value).is_absolute():
        return Path(value).name
    return f"{kind}:{Path(rest).name}" if Path(rest).is_absolute() else value


def _describe(work: Path, described: CheckpointConfig, dev: Sequence[LabelledSession]) -> Evaluation:
    """Write configuration, card and sums; the figures come from the sealed folder itself."""
    write_text(work / CONFIG, described.to_json())
    write_text(work / CARD, "")
    seal(work)
    evaluation = evaluate(Annotator(open_checkpoint(work)), dev)
    measured = replace(described, provenance={**described.provenance, "figures": evaluation.figures()})
    write_text(work / CONFIG, measured.to_json())
    write_text(work / CARD, render_card(measured, evaluation))
    seal(work)
    return evaluation


def _refuse_other_folder(folder: Path) -> None:
    """A folder that holds something else, such as a project with a README of its own, is not for a checkpoint."""
    if folder.exists() and any(folder.iterdir()) and not (folder / SUMS).is_file() and not _only_package(folder):
        raise ConfigError("holds other files and no checkpoint. Choose an empty or a new folder with -o.", file=folder)


def _only_package(folder: Path) -> bool:
    return {path.name for path in folder.iterdir()} <= {"__init__.py", "__pycache__"}


def _replace(work: Path, folder: Path) -> None:
    """Put the finished files in place. What else lies in the folder stays."""
    folder.mkdir(exist_ok=True)
    for name in (*FILES, SUMS):
        (work / name).replace(folder / name)
        # Nothing of a transcript is in them, and a checkpoint is made to be passed on.
        (folder / name).chmod(0o644)


class _OneWindow(nn.Module):
    """The network for one window without padding, as it ships."""

    def __init__(self, tagger: Tagger) -> None:
        super().__init__()
        self.tagger = tagger

    def forward(self, input_ids: Tensor, pooling: Tensor) -> tuple[Tensor, Tensor]:
        """Label logits [1, P, labels] and marker logits [1, P, markers]."""
        labels, markers = self.tagger(input_ids, None, pooling)
        return labels, markers


def to_onnx(tagger: Tagger, path: Path, special: SpecialTokens) -> None:
    """Write the network in fp32 for one window at a time; its length and number of pieces stay free."""
    # Plain attention exports to half as many operators as the fused one, which guards against rows without any key.
    tagger.encoder.set_attn_implementation("eager")
    window = Window(tuple(Piece(place, (5, 6, special.separator)) for place in range(3)), 0, 3)
    batch = collate([window], special)
    length, pieces = (torch.export.Dim(name, min=1) for name in ("length", "pieces"))
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        # The exporter warns about its own internals.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _OneWindow(tagger.eval()),
            (torch.from_numpy(batch.input_ids), torch.from_numpy(batch.pooling)),
            str(path),
            input_names=["input_ids", "pooling"],
            output_names=["label_logits", "marker_logits"],
            dynamic_shapes=({1: length}, {1: pieces, 2: length}),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
