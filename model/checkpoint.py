"""The checkpoint folder: what ships, what training writes, what `--model` takes.

    model.onnx      the network, int8
    tokenizer.json  the tokenizer
    config.json     labels, window, decision values, and where it all came from
    README.md       the model card
    SHA256SUMS      the sums of the others, checked before anything is loaded

Plain data only: nothing in the folder is executed or unpickled.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from mendline.model.decision import Decision
from mendline.model.labels import LABELS, MARKERS, Label
from mendline.model.transitions import INDEPENDENT, Transitions
from mendline.model.windows import SpecialTokens, WindowSettings
from mendline.transcripts.errors import CheckpointError
from mendline.transcripts.files import write_text

FORMAT = 2
INDEPENDENT_FORMAT = 1
"""The format before this one, which knew no transitions."""
NETWORK, TOKENIZER, CONFIG, CARD, SUMS = "model.onnx", "tokenizer.json", "config.json", "README.md", "SHA256SUMS"
FILES = (NETWORK, TOKENIZER, CONFIG, CARD)


@dataclass(frozen=True, slots=True)
class CheckpointConfig:
    """What config.json holds. `provenance` is free-form: corpus hashes, configuration, seeds, versions, figures."""

    name: str
    window: WindowSettings
    special: SpecialTokens
    decision: Decision
    provenance: Mapping[str, Any]

    def to_json(self) -> str:
        """The text of config.json."""
        document = {
            "format": FORMAT,
            "name": self.name,
            "labels": list(LABELS),
            "markers": list(MARKERS),
            "window": asdict(self.window),
            "special_tokens": asdict(self.special),
            "temperature": self.decision.temperature,
            "biases": dict(self.decision.biases),
            "thresholds": dict(self.decision.thresholds),
            "review_threshold": self.decision.review_threshold,
            "transitions": asdict(self.decision.transitions),
            "provenance": self.provenance,
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, *, file: Path) -> CheckpointConfig:
        """Read config.json. Raises CheckpointError where a key is missing, wrong or of another version."""
        try:
            document = json.loads(text)
            if document["format"] not in (INDEPENDENT_FORMAT, FORMAT):
                raise CheckpointError(
                    f"checkpoint format {document['format']!r}, this Mendline reads {FORMAT}. Use a checkpoint made "
                    "by this version.",
                    file=file,
                )
            if document["labels"] != list(LABELS) or document["markers"] != list(MARKERS):
                raise CheckpointError("made for other labels or markers. Retrain it with this version.", file=file)
            _check_decision(document)
            return cls(
                name=str(document["name"]),
                window=WindowSettings(**document["window"]),
                special=SpecialTokens(**document["special_tokens"]),
                decision=Decision(
                    temperature=float(document["temperature"]),
                    biases={label: float(document["biases"][label]) for label in LABELS},
                    thresholds={Label(key): float(value) for key, value in document["thresholds"].items()},
                    review_threshold=float(document["review_threshold"]),
                    transitions=_transitions(document),
                ),
                provenance=document["provenance"],
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CheckpointError(
                f"not a checkpoint configuration ({type(error).__name__}: {error}). Get a fresh copy of the folder.",
                file=file,
            ) from error


def _check_decision(document: Mapping[str, Any]) -> None:
    """Raise ValueError where decision values would make labels meaningless."""
    values = [document["temperature"], document["review_threshold"], *document["biases"].values()]
    if not all(math.isfinite(value) for value in (*values, *document["thresholds"].values())):
        raise ValueError("a decision value is not a finite number")
    if document["temperature"] <= 0 or not all(0 < value < 1 for value in document["thresholds"].values()):
        raise ValueError("the temperature must be above 0 and each threshold between 0 and 1")


def _transitions(document: Mapping[str, Any]) -> Transitions:
    """The transitions of a document; raises ValueError where they are no probabilities."""
    if document["format"] == INDEPENDENT_FORMAT:
        return INDEPENDENT
    table, weight = np.array(document["transitions"]["table"], dtype=float), float(document["transitions"]["weight"])
    if table.shape != (len(LABELS),) * 3 or not (table > 0).all() or not np.allclose(table.sum(axis=-1), 1, atol=1e-3):
        raise ValueError("the transitions are not probabilities of a label after two labels")
    if not 0 <= weight < math.inf:
        raise ValueError("the weight of the transitions must be 0 or more")
    return Transitions.of(table, weight)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A folder whose sums were verified. `identity` is a short hash of all that it holds."""

    folder: Path
    config: CheckpointConfig
    identity: str

    @property
    def label(self) -> str:
        """Name and identity, as shown wherever its output is."""
        return f"{self.config.name} ({self.identity})"


def shipped_folder() -> Path:
    """The folder of the checkpoint that ships with the package."""
    return Path(str(files("mendline.model.weights")))


def open_checkpoint(folder: Path) -> Checkpoint:
    """Verify a checkpoint folder and read its configuration. Raises CheckpointError."""
    if not folder.is_dir():
        raise CheckpointError("there is no such checkpoint folder. Give the folder that holds model.onnx.", file=folder)
    sums = _read_sums(folder / SUMS)
    for name in FILES:
        if not (folder / name).is_file():
            raise CheckpointError(f"{name} is missing. Get a fresh copy of the folder.", file=folder)
        if sums.get(name) != _sum(folder / name):
            raise CheckpointError(
                "does not match SHA256SUMS: it was changed or copied badly. Get a fresh copy of the folder.",
                file=folder / name,
            )
    text = (folder / CONFIG).read_bytes().decode("utf-8", "replace")
    config = CheckpointConfig.from_json(text, file=folder / CONFIG)
    return Checkpoint(folder, config, hashlib.sha256(_render_sums(sums).encode()).hexdigest()[:8])


def seal(folder: Path) -> None:
    """Write SHA256SUMS for a folder whose other files are in place."""
    write_text(folder / SUMS, _render_sums({name: _sum(folder / name) for name in FILES}))


def _render_sums(sums: Mapping[str, str]) -> str:
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))


def _read_sums(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(
            "cannot be read, so the folder cannot be trusted. Get a fresh copy of it.", file=path
        ) from error
    sums = {}
    for number, line in enumerate(lines, start=1):
        digest, gap, name = line.partition("  ")
        if not gap or len(digest) != 64:
            raise CheckpointError("not a line of sha256sum. Get a fresh copy of the folder.", file=path, line=number)
        sums[name] = digest
    return sums


def _sum(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise CheckpointError(f"cannot be read: {error.strerror}. Check its permissions.", file=path) from error
