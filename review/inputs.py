"""Which files a command is to read, from the files and folders that it was given. Knows neither formats nor models."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from mendline.transcripts.errors import TranscriptError
from mendline.transcripts.parts import session_path

STDIN = Path("-")


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read, or the first of several that are one session: then `parts` are all of them.

    `place` is where it stood below the folder that was given, without the speaker's name where there are several files:
    its result stands there too.
    """

    path: Path
    place: PurePath
    parts: tuple[Path, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that are read for it."""
        return self.parts or (self.path,)


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


def collect(
    paths: Sequence[Path],
    *,
    extensions: Collection[str],
    sessions_in_parts: Callable[[Sequence[Path]], Sequence[tuple[Path, ...]]] | None = None,
) -> Inputs:
    """Find the files to read: each file given, and below each folder those whose ending is in `extensions`.

    `sessions_in_parts` says which of them are one session, with a file for each speaker; those become one source.
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
    found_parts = sessions_in_parts(tuple(source.path for source in sources.values())) if sessions_in_parts else ()
    return Inputs(
        sources=_joined(sources.values(), found_parts),
        folders=folders,
        other_kinds=skipped.other_kinds,
        hidden=skipped.hidden,
        linked_folders=skipped.linked_folders,
    )


def _joined(sources: Iterable[Source], sessions: Sequence[tuple[Path, ...]]) -> tuple[Source, ...]:
    """One source for each session, at the place of its first file."""
    parts_of = {part: parts for parts in sessions for part in parts}
    joined: list[Source] = []
    for source in sources:
        parts = parts_of.get(source.path, ())
        if not parts:
            joined.append(source)
        elif source.path == parts[0]:
            joined.append(Source(source.path, source.place.with_name(session_path(parts).name), parts))
    return tuple(joined)


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
            # A pipe would wait for a writer.
            if (here / name).suffix.lower() in extensions and (here / name).is_file():
                yield here / name
            else:
                skipped.other_kinds += 1


def _refuse(error: OSError) -> None:
    raise TranscriptError(f"cannot be listed: {error.strerror}.", file=error.filename) from error
