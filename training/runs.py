"""The folder of a training run.

RUN/
├── run.json            configuration, data hashes, versions: what makes two runs the same
├── trainer/            the trainer's saves while it runs; gone when it ends
├── encoder/            the encoder's configuration and tokenizer
├── model.safetensors   the best weights; their presence says that the run is finished
└── checkpoint/         what `--model` takes
"""

from __future__ import annotations

import json
import platform
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, AutoTokenizer

from mendline.model.tagger import Tagger
from mendline.model.windows import Packer, SpecialTokens, WindowSettings
from mendline.training.config import Config, config_from
from mendline.training.corpus import file_hash, locate
from mendline.transcripts.errors import ConfigError
from mendline.transcripts.files import write_text

RUN, SAVES, WEIGHTS, ENCODER, CHECKPOINT = "run.json", "trainer", "model.safetensors", "encoder", "checkpoint"


def identity(config: Config) -> dict[str, Any]:
    """What a run depends on: configuration with seeds, SHA-256 of each data file, versions of the libraries."""
    libraries = ("torch", "transformers", "datasets", "tokenizers")
    return {
        "config": json.loads(json.dumps(config.to_dict())),
        "data": {name: file_hash(locate(name)) for name in data_files(config)},
        "versions": {
            "mendline": version("mendline"),
            "python": platform.python_version(),
            **{name: version(name) for name in libraries},
        },
    }


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


def keep(folder: Path, tagger: Tagger, tokenizer: Any) -> None:  # noqa: ANN401  (any Hugging Face tokenizer)
    """Write what a finished run keeps, the weights last, and drop the trainer's saves."""
    tagger.encoder.config.save_pretrained(folder / ENCODER)
    tokenizer.save_pretrained(folder / ENCODER)
    part = folder / f"{WEIGHTS}.part"
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tagger.state_dict().items()}, part)
    part.replace(folder / WEIGHTS)
    shutil.rmtree(folder / SAVES, ignore_errors=True)


def load_tagger(folder: Path) -> Tagger:
    """The trained network of a finished run, without dropout."""
    encoder = AutoModel.from_config(AutoConfig.from_pretrained(folder / ENCODER))  # type: ignore[no-untyped-call]
    tagger = Tagger(encoder, dropout=0.0)
    tagger.load_state_dict(load_file(folder / WEIGHTS))
    return tagger.eval()


def make_packer(source: str | Path, config: Config) -> tuple[Packer, Any]:
    """The packer of an encoder folder under a configuration, and its Hugging Face tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(source)
    special = SpecialTokens(tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id)
    settings = WindowSettings(config.model.window, config.model.left_context, config.model.right_context)
    # A copy of its own, since the packer switches truncation and padding off.
    return Packer(Tokenizer.from_str(tokenizer.backend_tokenizer.to_str()), special, settings), tokenizer
