"""The folder of a training run.

RUN/
├── run.json            configuration, data hashes, versions: what makes two runs the same
├── trainer/            the trainer's saves while it runs; gone when it ends
├── encoder/            the encoder's configuration and tokenizer
├── transitions.json    which labels followed which in the training sessions
├── model.safetensors   the best weights; their presence says that the run is finished
└── checkpoint/         what `--model` takes
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, AutoTokenizer

from mendline.model.tagger import Tagger
from mendline.model.transitions import Array
from mendline.model.windows import Packer, SpecialTokens, WindowSettings
from mendline.training.config import Config, config_from
from mendline.training.corpus import file_hash, locate
from mendline.training.restore import base_checkpoint, checkpoint_at, restore_tokenizer
from mendline.transcripts.errors import ConfigError
from mendline.transcripts.files import write_text

RUN, SAVES, WEIGHTS, ENCODER, CHECKPOINT = "run.json", "trainer", "model.safetensors", "encoder", "checkpoint"
TRANSITIONS = "transitions.json"


RUN_BASE = "run:"
"""Another run's folder: its network is where training starts."""


def identity(config: Config) -> dict[str, Any]:
    """What a run depends on: configuration with seeds, SHA-256 of each data file, versions of the libraries.

    A run that goes on from a checkpoint or another run also says from which, and what that one had learned from.
    """
    base = _base(config.model.base)
    libraries = ("torch", "transformers", "datasets", "tokenizers")
    return {
        "config": json.loads(json.dumps(config.to_dict())),
        "data": {name: file_hash(locate(name)) for name in data_files(config)},
        "versions": {
            "mendline": version("mendline"),
            "python": platform.python_version(),
            **{name: version(name) for name in libraries},
        },
        "precision": precision(),
        **({} if base is None else {"base": base}),
    }


def precision() -> str:
    """`bf16` where this machine multiplies faster in it than in fp32 (CPUs: with AMX), else `fp32`."""
    if torch.cuda.is_available():
        fast = torch.cuda.is_bf16_supported()
    else:
        fast = torch.cpu.get_capabilities().get("amx_bf16", False)
    return "bf16" if fast else "fp32"


def _base(base: str) -> dict[str, Any] | None:
    """The trained network that a configuration starts from, None where it starts from an encoder alone."""
    if (checkpoint := base_checkpoint(base)) is not None:
        return {"checkpoint": checkpoint.label, "data": _learned_from(checkpoint.config.provenance)}
    if not base.startswith(RUN_BASE):
        return None
    folder = Path(base.removeprefix(RUN_BASE)).expanduser()
    record, config = read_record(folder)
    name = f"{config.model.name} ({file_hash(folder / WEIGHTS)[:8]})"
    return {"checkpoint": name, "data": _learned_from(record)}


def _learned_from(provenance: Mapping[str, Any]) -> dict[str, str]:
    """The files that a checkpoint learned from and their hashes, with those of the checkpoints that it went on from."""
    config = provenance.get("config", {})
    names = {*config.get("data", {}).get("train", ()), *config.get("distillation", {}).get("teacher", ())}
    own = {name: digest for name, digest in provenance.get("data", {}).items() if name in names}
    return {**provenance.get("base", {}).get("data", {}), **own}


def data_files(config: Config) -> tuple[str, ...]:
    """Every file of sessions that a configuration reads."""
    return (*config.data.train, *config.data.dev, *config.distillation.teacher)


def claim(folder: Path, run_identity: dict[str, Any]) -> None:
    """Take the folder for a run, or go on with an unfinished run of the same identity. Raises ConfigError."""
    record = folder / RUN
    if (folder / WEIGHTS).exists():
        raise ConfigError(
            "holds a finished run. `mendline export` writes its checkpoint again; to train anew, choose another folder "
            "with -o.",
            file=folder,
        )
    if record.exists() and json.loads(record.read_text(encoding="utf-8")) != run_identity:
        raise ConfigError(
            "holds an unfinished run of another configuration, data or version. Choose another folder with -o.",
            file=folder,
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_text(record, json.dumps(run_identity, indent=2) + "\n")


def read_record(folder: Path) -> tuple[dict[str, Any], Config]:
    """What a finished run depended on, and its configuration. Raises ConfigError where it is no finished run."""
    if not (folder / WEIGHTS).is_file() or not (folder / RUN).is_file():
        raise ConfigError("holds no finished run. `mendline train` makes one.", file=folder)
    record: dict[str, Any] = json.loads((folder / RUN).read_text(encoding="utf-8"))
    return record, config_from(record["config"], file=folder / RUN)


def keep(
    folder: Path,
    tagger: Tagger,
    tokenizer: Any,  # noqa: ANN401  (any Hugging Face tokenizer)
    transitions: Array,
) -> None:
    """Write what a finished run keeps, the weights last, and drop the trainer's saves."""
    write_text(folder / TRANSITIONS, json.dumps(transitions.tolist()) + "\n")
    tagger.encoder.config.save_pretrained(folder / ENCODER)
    tokenizer.save_pretrained(folder / ENCODER)
    part = folder / f"{WEIGHTS}.part"
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tagger.state_dict().items()}, part)
    part.replace(folder / WEIGHTS)
    shutil.rmtree(folder / SAVES, ignore_errors=True)


def load_transitions(folder: Path) -> Array:
    """The transitions [labels, labels, labels] of a finished run. Raises ConfigError where it holds none."""
    try:
        return np.array(json.loads((folder / TRANSITIONS).read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ConfigError(
            f"holds no {TRANSITIONS}: a version before 0.2 trained it. Train it again, or export it with that version.",
            file=folder,
        ) from error


def load_tagger(folder: Path) -> Tagger:
    """The trained network of a finished run, without dropout."""
    encoder = AutoModel.from_config(AutoConfig.from_pretrained(folder / ENCODER))  # type: ignore[no-untyped-call]
    tagger = Tagger(encoder, dropout=0.0)
    tagger.load_state_dict(load_file(folder / WEIGHTS))
    return tagger.eval()


def make_packer(source: str | Path, config: Config) -> tuple[Packer, Any]:
    """The packer of an encoder's or a checkpoint's folder under a configuration, and its Hugging Face tokenizer."""
    checkpoint = checkpoint_at(source)
    tokenizer = AutoTokenizer.from_pretrained(source) if checkpoint is None else restore_tokenizer(checkpoint)
    special = SpecialTokens(tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id)
    settings = WindowSettings(config.model.window, config.model.left_context, config.model.right_context)
    # A copy of its own, since the packer switches truncation and padding off.
    return Packer(Tokenizer.from_str(tokenizer.backend_tokenizer.to_str()), special, settings), tokenizer
