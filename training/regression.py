"""Whether a checkpoint still does what its card says: measured again on the sessions that the card was measured on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mendline.model.checkpoint import CONFIG, Checkpoint
from mendline.training.corpus import file_hash, locate
from mendline.training.evaluation import Evaluation
from mendline.transcripts.errors import CheckpointError, CorpusError

TOLERANCE = 0.01
"""How far a figure may be off: processors without the same int8 instructions round a few turns otherwise."""


def check(checkpoint: Checkpoint, names: Sequence[str], evaluation: Evaluation) -> float:
    """The largest difference between the figures of a checkpoint's card and those of `evaluation` on the same files.

    Raises CorpusError where `names` are not the card's development files, CheckpointError where a figure is further
    off than `TOLERANCE`.
    """
    _check_files(checkpoint, names)
    file = checkpoint.folder / CONFIG
    recorded: Mapping[str, Mapping[str, Sequence[float | None]]] = checkpoint.config.provenance.get("figures", {})
    if not recorded:
        raise CheckpointError("holds no figures to compare with. Export the checkpoint again.", file=file)
    found = evaluation.figures()
    differences = {
        f"{figure} of {source}": (values[0], found[source][figure][0])
        for source, figures in recorded.items()
        for figure, values in figures.items()
    }
    off = {name: pair for name, pair in differences.items() if _distance(*pair) > TOLERANCE}
    if off:
        name, (was, now) = max(off.items(), key=lambda item: _distance(*item[1]))
        raise CheckpointError(
            f"{len(off)} figures differ from the card by more than {TOLERANCE}, most of all {name}: {was} on the card, "
            f"{now} now. Do not rely on this checkpoint here; get a fresh copy, or report the processor.",
            file=file,
        )
    return max(_distance(*pair) for pair in differences.values())


def _distance(one: float | None, other: float | None) -> float:
    if one is None or other is None:
        return 0.0 if one is other else 1.0
    return abs(one - other)


def _check_files(checkpoint: Checkpoint, names: Sequence[str]) -> None:
    """Raise CorpusError unless the files are the development files that the checkpoint names, word for word."""
    provenance = checkpoint.config.provenance
    dev = provenance.get("config", {}).get("data", {}).get("dev", [])
    wanted = {provenance["data"][name]: name for name in dev}
    given = {file_hash(locate(name)): name for name in names}
    for digest, name in given.items():
        if digest not in wanted:
            raise CorpusError(
                "is not one of the development files that the card was measured on. Leave out the comparison to "
                "measure other sessions.",
                file=Path(name),
            )
    if missing := sorted(name for digest, name in wanted.items() if digest not in given):
        raise CorpusError(f"the card was also measured on {', '.join(missing)}. Give all of these files.")
