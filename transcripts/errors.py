"""Every error that Mendline raises on purpose, in one tree.

    MendlineError
    ├── TranscriptError        a file that cannot be read as a transcript
    │   └── UnknownFormatError no reader, or several, would take it
    ├── OutputError            a result that cannot be written
    ├── CheckpointError        a model folder that is missing, changed or of another version
    ├── CorpusError            labelled sessions that break the corpus form
    ├── ReviewError            a review that cannot be opened or served
    │   └── StoreError         a store of codings that cannot be opened, read or written
    └── ConfigError            a training configuration with unknown, missing or wrong keys

A message says what is wrong, where (file and line) and what to do next. It never quotes transcript text.
"""

from __future__ import annotations

from pathlib import Path


class MendlineError(Exception):
    """Base of all expected errors; the command line shows its message without a traceback."""


class LocatedError(MendlineError):
    """An error with a place: `file:line: what. What to do.`."""

    def __init__(self, message: str, *, file: str | Path | None = None, line: int | None = None) -> None:
        self.message = message
        self.file = None if file is None else str(file)
        self.line = line
        super().__init__(message)

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        return f"{place}: {self.message}" if place else self.message


class TranscriptError(LocatedError):
    """A file that cannot be read as a transcript."""


class UnknownFormatError(TranscriptError):
    """No reader takes the file, or several do."""


class OutputError(LocatedError):
    """A result that cannot be written."""


class CheckpointError(LocatedError):
    """A checkpoint folder that is missing, incomplete, changed or made by another version."""


class CorpusError(LocatedError):
    """Labelled sessions that break the corpus form."""


class ConfigError(LocatedError):
    """A training configuration with unknown, missing or wrong keys."""


class ReviewError(LocatedError):
    """A review that cannot be opened or served."""


class StoreError(ReviewError):
    """A store of codings that cannot be opened, read or written."""
