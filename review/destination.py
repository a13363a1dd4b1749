"""Where results go and in which form, decided and checked before anything is read. Knows no model."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePath

from mendline.review.inputs import Inputs, Source
from mendline.review.tables import TABLES
from mendline.transcripts.errors import OutputError

SCREEN = "table"


class Kind(Enum):
    """What one run writes."""

    SCREEN = "tables for people to read, on standard output"
    STREAM = "one result, on standard output"
    FILE = "one result, to a file"
    FOLDER = "one result for each file read, below a folder"


@dataclass(frozen=True, slots=True)
class Destination:
    """`path` is None on standard output. `output_format` is a table, a transcript format's name or "table"."""

    kind: Kind
    output_format: str
    path: Path | None = None


def choose(
    output: str | None,
    *,
    output_format: str | None,
    several: bool,
    terminal: bool,
    endings: Mapping[str, str],
) -> Destination:
    """Decide from the option's text where the results go and in which form.

    `endings` maps the ending of a file to the format that it asks for. Raises OutputError where the choice is not
    clear or several files would have to go into one transcript.
    """
    if output is None or output == "-":
        chosen = output_format or (SCREEN if terminal else "tsv")
        _one_transcript_each(chosen, several=several)
        return Destination(Kind.SCREEN if chosen == SCREEN else Kind.STREAM, chosen)
    if output_format == SCREEN:
        raise OutputError(
            f"--format {SCREEN} is for reading, not for files. Leave out -o, or choose csv, tsv or jsonl."
        )
    path = Path(output)
    if means_folder(output, several=several):
        return Destination(Kind.FOLDER, output_format or "csv", path)
    chosen = output_format or format_by_ending(output, endings, option="--format")
    _one_transcript_each(chosen, several=several)
    return Destination(Kind.FILE, chosen, path)


def format_by_ending(output: str, endings: Mapping[str, str], *, option: str) -> str:
    """The format that the ending of a file's name asks for. Raises OutputError that says to choose with `option`."""
    chosen = endings.get(_ending(Path(output), endings).lower())
    if chosen is None:
        raise OutputError(
            f"no format goes by this ending. End the name with {', '.join(endings)}, choose with {option}, or end it "
            "with / for a folder.",
            file=output,
        )
    return chosen


def targets(
    destination: Destination, inputs: Inputs, *, ending: str, endings: Collection[str] = ()
) -> dict[Source, Path]:
    """The file that each source's result goes to, for a destination with a path; below a folder, mirrored.

    `ending` takes the place of a source's own: one of `endings` if it has one, else what follows its last dot. Sources
    that would then share one file keep their own and get it behind that (`a.vtt.csv`, `a.srt.csv`). Raises OutputError
    where two still do, where a source would be replaced, or where the results would stand among what is read.
    """
    path = destination.path
    assert path is not None
    _outside(path, inputs.folders)
    if destination.kind is Kind.FOLDER:
        if path.exists() and not path.is_dir():
            raise OutputError("is a file, not a folder. Choose another name.", file=path)
        result = _apart(
            {source: path / _with_ending(source.place, ending, endings) for source in inputs.sources}, ending
        )
        _no_collision(result)
    else:
        if not path.parent.is_dir():
            raise OutputError("there is no such folder to write in. Make it first.", file=path.parent)
        result = dict.fromkeys(inputs.sources, path)
    _no_source_replaced(result)
    return result


def _with_ending(place: PurePath, ending: str, endings: Collection[str]) -> PurePath:
    """`place` with another ending; its own stays as it is spelled (.TextGrid) where it is the same."""
    own = _ending(place, endings)
    return place if own.lower() == ending else place.with_name(place.name.removesuffix(own) + ending)


def _ending(path: PurePath, endings: Iterable[str]) -> str:
    """The longest of `endings` that a name has (.labelstudio.json), else what follows its last dot, as it is spelled.

    `endings` are in lower case.
    """
    name = path.name.lower()
    known = [ending for ending in endings if name.endswith(ending) and name != ending]
    return path.name[-len(max(known, key=len)) :] if known else path.suffix


def refuse_existing(paths: Iterable[Path], *, resumable: bool = True) -> None:
    """Raise OutputError if any of `paths` exists. `resumable` says that the command can go on in a folder."""
    existing = sorted({path for path in paths if path.exists()})
    if not existing:
        return
    more = "" if len(existing) == 1 else f" and {len(existing) - 1} more"
    raise OutputError(
        f"exists{more}. Replace it with --overwrite, "
        + ("go on where an earlier run into a folder stopped with --resume, " if resumable else "")
        + "or choose another name.",
        file=existing[0],
    )


def means_folder(output: str, *, several: bool) -> bool:
    """Whether a path that a person typed is meant as a folder for results."""
    path = Path(output)
    return output.endswith(("/", os.sep)) or path.is_dir() or (several and not path.suffix and not path.exists())


def _one_transcript_each(output_format: str, *, several: bool) -> None:
    if several and output_format not in (*TABLES, SCREEN):
        raise OutputError(
            f"several files cannot go into one {output_format} transcript. Give a folder, -o NAME/ --format "
            f"{output_format}, or make one table, -o NAME.csv."
        )


def _outside(path: Path, folders: Sequence[Path]) -> None:
    for folder in folders:
        if path.resolve().is_relative_to(folder.resolve()):
            raise OutputError(
                f"results in the folder that is read ({folder}) would be read as transcripts next time. Choose a place "
                "outside of it.",
                file=path,
            )


def _apart(result: Mapping[Source, Path], ending: str) -> dict[Source, Path]:
    """The same targets, but those that several sources share with the whole name of each source in front."""
    shared = Counter(os.path.normcase(target) for target in result.values())
    return {
        source: target if shared[os.path.normcase(target)] == 1 else target.with_name(source.place.name + ending)
        for source, target in result.items()
    }


def _no_collision(result: Mapping[Source, Path]) -> None:
    taken: dict[str, Source] = {}
    for source, target in result.items():
        other = taken.setdefault(os.path.normcase(target), source)
        if other is not source:
            raise OutputError(
                f"both {other.path} and {source.path} would be written here. Rename one of them, or make one table of "
                "all, NAME.csv.",
                file=target,
            )


def _no_source_replaced(result: Mapping[Source, Path]) -> None:
    read = {file.resolve() for source in result for file in source.files}
    for target in result.values():
        if target.resolve() in read:
            raise OutputError(
                "is one of the files that are read and is never replaced. Choose another name.", file=target
            )
