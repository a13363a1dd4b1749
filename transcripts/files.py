"""Writing files so that nothing is ever half there, and nobody else can read them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mendline.transcripts.errors import OutputError


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[str]]:
    """Open a temporary UTF-8 file beside `path` that takes its place only if the block ends well.

    The file is readable by its owner only (mode 600), also where it replaces a more open one. A link is followed; what
    is no ordinary file (a pipe, a device) is refused. Raises OutputError.
    """
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
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write: {error.strerror}. Nothing was changed.", file=path) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, atomically and readable by the owner only."""
    with atomic_write(path) as stream:
        stream.write(text)
