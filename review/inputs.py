"""Which files a command is to read, from the files and folders that it was given. Knows neither formats nor models."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from mendline.transcripts.errors import TranscriptError

STDIN = Path("-")


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read. `place` is where it stood below the folder that was given: its result stands there too."""

    path: Path
    place: PurePath


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files to read, in order, and what was left aside in the folders."""

    sources: tuple[Source, ...]
    folders: tuple[Path, ...] = ()
    other_kinds: int = 0
    hidden: int = 0
    linked_folders: int = 0

    @property
    def several(self) -> bool:
        """Whether a folder or more than one file was given."""
        return bool(self.folders) or len(self.sources) > 1

    def left_aside(self) -> str | None:
        """One line about what was not read, or None where all was."""
        counts = [
            (self.other_kinds, "of other kinds (see `mendline formats`)"),
            (self.hidden, "hidden"),
            (self.linked_folders, "in linked folders"),
        ]
        parts = [f"{count} {what}" for count, what in counts if count]
        return f"Not read: {', '.join(parts)}." if parts else None


def collect(paths: Sequence[Path], *, extensions: Collection[str]) -> Inputs:
    """Find the files to read: each file given, and below each folder those whose ending is in `extensions`.

    Hidden files are not read and links to folders are not followed; both are counted. A file that is given twice is
    read once. Raises TranscriptError where a folder holds nothing to read or cannot be listed.
    """
    folders = tuple(path for path in paths if path != STDIN and path.is_dir())
    sources: dict[Path, Source] = {}
    skipped = _Skipped()
    for path in paths:
        if path not in folders:
            sources.setdefault(path.resolve(), Source(path, PurePath("stdin" if path == STDIN else path.name)))
            continue
        prefix = PurePath(path.resolve().name) if len(paths) > 1 else PurePath()
        found = 0
        for file in _below(path, extensions, skipped):
            found += 1
            sources.setdefault(file.resolve(), Source(file, prefix / file.relative_to(path)))
        if not found:
            raise TranscriptError(
                "no transcript in this folder. `mendline formats` lists the endings of the files that are read; a file "
                "with another ending can be given by its name with --input-format.",
                file=path,
            )
    return Inputs(
        sources=tuple(sources.values()),
        folders=folders,
        other_kinds=skipped.other_kinds,
        hidden=skipped.hidden,
        linked_folders=skipped.linked_folders,
    )


@dataclass(slots=True)
class _Skipped:
    other_kinds: int = 0
    hidden: int = 0
    linked_folders: int = 0


def _below(folder: Path, extensions: Collection[str], skipped: _Skipped) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, onerror=_refuse):
        here = Path(place)
        skipped.hidden += sum(name.startswith(".") for name in (*folders, *files))
        linked = {name for name in folders if not name.startswith(".") and (here / name).is_symlink()}
        skipped.linked_folders += len(linked)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in linked)
        for name in sorted(name for name in files if not name.startswith(".")):
            if (here / name).suffix.lower() in extensions:
                yield here / name
            else:
                skipped.other_kinds += 1


def _refuse(error: OSError) -> None:
    raise TranscriptError(f"cannot be listed: {error.strerror}.", file=error.filename) from error
