"""A training configuration: one TOML file, every key present, nothing unknown."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from mendline.transcripts.errors import ConfigError

PLURALS = {str: "strings", int: "whole numbers"}


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Labelled sessions, as `corpus:NAME` or paths."""

    train: tuple[str, ...]
    dev: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The encoder and its windows, in tokens."""

    name: str
    base: str
    layers: tuple[int, ...]
    window: int
    left_context: int
    right_context: int
    dropout: float
    frozen_layers: int


@dataclass(frozen=True, slots=True)
class AugmentationConfig:
    """Shares of the training windows that are shown changed."""

    caption_share: float
    anonymous_share: float


@dataclass(frozen=True, slots=True)
class DistillationConfig:
    """What a teacher said of sessions, labelled or not."""

    teacher: tuple[str, ...]
    teacher_share: float


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How the weights are found. The keys are explained in configs/base.toml."""

    epochs: float
    batch_size: int
    accumulation: int
    encoder_learning_rate: float
    head_learning_rate: float
    layer_decay: float
    weight_decay: float
    warmup_share: float
    class_weight_power: float
    marker_weight: float
    unsure_neutral_share: float
    neutral_window_share: float
    source_balance: float
    evaluations_per_epoch: int
    patience: int
    averaged_saves: int
    seed: int


@dataclass(frozen=True, slots=True)
class CalibrationConfig:
    """How doubt is marked."""

    review_share: float


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration. No key has a default."""

    data: DataConfig
    model: ModelConfig
    augmentation: AugmentationConfig
    distillation: DistillationConfig
    training: TrainingConfig
    calibration: CalibrationConfig

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as in the TOML file."""
        return asdict(self)


def load_config(path: Path, overrides: Iterable[str] = ()) -> Config:
    """Read a TOML file and apply overrides of the form `section.key=value`. Raises ConfigError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror}). Give the path of a TOML file.", file=path) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not valid TOML: {error}. Correct the file.", file=path) from error
    for override in overrides:
        _apply(document, override)
    return config_from(document, file=path)


def with_training_data(config: Config, names: Iterable[str]) -> Config:
    """The configuration with further files of labelled sessions to train on."""
    return replace(config, data=replace(config.data, train=(*config.data.train, *names)))


def config_from(document: Mapping[str, Any], *, file: Path | None = None) -> Config:
    """Check plain data against the schema. Raises ConfigError."""
    config: Config = _build(Config, document, "", file)
    _check_ranges(config, file)
    return config


def _apply(document: dict[str, Any], override: str) -> None:
    name, equals, value = override.partition("=")
    *sections, key = name.strip().split(".")
    if not equals or len(sections) != 1:
        raise ConfigError(f"--set {override}: write it as section.key=value, for example training.epochs=2.")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value  # a bare word is a string
    document.setdefault(sections[0], {})[key] = parsed


def _build(kind: Any, document: Any, prefix: str, file: Path | None) -> Any:  # noqa: ANN401
    if not isinstance(document, Mapping):
        raise ConfigError(f"[{prefix.rstrip('.')}] must be a section of keys.", file=file)
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    for unknown in sorted(set(document) - set(names)):
        raise ConfigError(f"unknown key {prefix}{unknown}. Known here: {', '.join(names)}.", file=file)
    for missing in (name for name in names if name not in document):
        raise ConfigError(f"missing key {prefix}{missing}. configs/base.toml explains it.", file=file)
    return kind(**{name: _value(hints[name], document[name], prefix + name, file) for name in names})


def _value(kind: Any, value: Any, name: str, file: Path | None) -> Any:  # noqa: ANN401
    if is_dataclass(kind):
        return _build(kind, value, f"{name}.", file)
    if get_origin(kind) is tuple:
        wanted = get_args(kind)[0]
        if not isinstance(value, list | tuple) or not all(type(one) is wanted for one in value):
            raise ConfigError(f"{name} must be a list of {PLURALS[wanted]}.", file=file)
        return tuple(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ConfigError(f"{name} must be of type {kind.__name__}, not {type(value).__name__}.", file=file)
    return value


def _check_ranges(config: Config, file: Path | None) -> None:
    shares = {
        "model.dropout": config.model.dropout,
        "augmentation.caption_share": config.augmentation.caption_share,
        "augmentation.anonymous_share": config.augmentation.anonymous_share,
        "distillation.teacher_share": config.distillation.teacher_share,
        "training.warmup_share": config.training.warmup_share,
        "training.unsure_neutral_share": config.training.unsure_neutral_share,
        "training.neutral_window_share": config.training.neutral_window_share,
        "training.source_balance": config.training.source_balance,
        "calibration.review_share": config.calibration.review_share,
    }
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ConfigError(f"{name} is a share: it lies between 0 and 1.", file=file)
    positive = {
        "training.epochs": config.training.epochs,
        "training.batch_size": config.training.batch_size,
        "training.accumulation": config.training.accumulation,
        "training.encoder_learning_rate": config.training.encoder_learning_rate,
        "training.head_learning_rate": config.training.head_learning_rate,
        "training.layer_decay": config.training.layer_decay,
        "training.evaluations_per_epoch": config.training.evaluations_per_epoch,
        "training.patience": config.training.patience,
        "training.averaged_saves": config.training.averaged_saves,
    }
    for name, number in positive.items():
        if number <= 0:
            raise ConfigError(f"{name} must be above 0.", file=file)
    if not config.data.train or not config.data.dev:
        raise ConfigError("data.train and data.dev each need at least one file.", file=file)
