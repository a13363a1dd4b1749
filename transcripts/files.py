"""Writing files so that nothing is ever half there, and nobody else can read them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, AnyStr

from mendline.transcripts.errors import OutputError


def atomic_write(path: Path) -> AbstractContextManager[IO[str]]:
    """Open a temporary UTF-8 file beside `path` that takes its place only if the block ends well.

    The file is readable by its owner only (mode 600), also where it replaces a more open one. A link is followed; what
    is no ordinary file (a pipe, a device) is refused. Raises OutputError.
    """
    return _atomic(path, lambda descriptor: os.fdopen(descriptor, "w", encoding="utf-8", newline=""))


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, atomically and readable by the owner only."""
    with atomic_write(path) as stream:
        stream.write(text)


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, atomically and readable by the owner only, as `atomic_write` does."""
    with _atomic(path, lambda descriptor: os.fdopen(descriptor, "wb")) as stream:
        stream.write(data)


def refuse_to_replace(target: Path, sources: Iterable[Path], *, overwrite: bool) -> None:
    """Raise OutputError where `target` is one of the files that are read, or is there and may not be replaced."""
    if any(source.resolve() == target.resolve() for source in sources):
        raise OutputError("is read and cannot be written as well. Choose another name with -o.", file=target)
    if target.exists() and not overwrite:
        raise OutputError("exists. Replace it with --overwrite, or choose another name with -o.", file=target)


@contextmanager
def _atomic(path: Path, opened: Callable[[int], IO[AnyStr]]) -> Iterator[IO[AnyStr]]:
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise OutputError("is not an ordinary file and is not replaced. Choose another name.", file=path)
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise OutputError(
            f"cannot write here: {error.strerror}. Choose a folder that you can write to.", file=path
        ) from error
    temporary = Path(name)
    try:
        with opened(descriptor) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write: {error.strerror}. Nothing was changed.", file=path) from error
    finally:
        temporary.unlink(missing_ok=True)
