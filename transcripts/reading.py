"""From a file to its transcripts: which format it is, and the one call that reads it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Protocol

from mendline.transcripts.document import Document
from mendline.transcripts.errors import UnknownFormatError
from mendline.transcripts.formats import (
    assemblyai,
    aws,
    azure,
    chat,
    convokit,
    csv,
    deepgram,
    doccano,
    docx,
    elan,
    google,
    jsonl,
    labelstudio,
    otter,
    parquet,
    pdf,
    revai,
    srt,
    text,
    textgrid,
    trn,
    tsv,
    webvtt,
    whisper,
)
from mendline.transcripts.formats.kept import Kept
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

__all__ = ["FORMATS", "Format", "ReadOptions", "format_named", "format_of", "open_document", "read_transcripts"]


class Format(Protocol):
    """What every module in `formats` that stands for a format has."""

    @property
    def NAME(self) -> str:  # noqa: N802  (constants of a module)
        """The name that `--input-format` takes."""
        ...

    @property
    def EXTENSIONS(self) -> tuple[str, ...]:  # noqa: N802
        """The usual endings of such files, with the dot."""
        ...

    @property
    def SUMMARY(self) -> str:  # noqa: N802
        """What the format is, in one line."""
        ...

    @property
    def KEEPS(self) -> tuple[Kept, ...]:  # noqa: N802
        """What a fresh file of it holds besides speakers and words, or what is read, where none is written."""
        ...

    @property
    def COPY_KEEPS(self) -> str:  # noqa: N802
        """What else stays in an annotated copy, in a few words; empty where there are no copies."""
        ...

    @property
    def LIBRARY(self) -> str:  # noqa: N802
        """What reads it."""
        ...

    def takes(self, document: Document) -> bool:
        """Whether the content looks like this format."""
        ...

    def read(self, document: Document, options: ReadOptions) -> list[Transcript]:
        """Return the conversations in the file. Raises TranscriptError."""
        ...


FORMATS: tuple[Format, ...] = (
    *(text, webvtt, srt, csv, tsv, jsonl, whisper),
    *(docx, pdf, parquet),
    *(aws, deepgram, assemblyai, azure, google, revai, otter),
    *(convokit, labelstudio, doccano),
    *(chat, elan, textgrid, trn),
)


def read_transcripts(source: Path | str | Document, options: ReadOptions | None = None) -> list[Transcript]:
    """Return the conversations in a file, in its order; `-` reads standard input.

    A single conversation is called after the file (its name without the ending, or "stdin"), those of a table by its
    session column. Rows of one session are gathered, in their order, where others stand between them. Raises
    TranscriptError, UnknownFormatError.
    """
    options = options or ReadOptions()
    document = source if isinstance(source, Document) else open_document(source, encoding=options.encoding)
    return format_of(document, options).read(document, options)


def open_document(source: Path | str, *, encoding: str | None = None) -> Document:
    """Return the file at a path, or what standard input holds for `-`. Raises TranscriptError."""
    if str(source) == "-":
        return Document.from_stream(sys.stdin.buffer, encoding=encoding)
    return Document.from_path(Path(source), encoding=encoding)


def format_of(document: Document, options: ReadOptions | None = None) -> Format:
    """Return the format that the options name, or the only one that takes the file.

    The content decides. Where several formats would take it, or none, the ending of the file's name does. Raises
    UnknownFormatError where that does not settle it either.
    """
    if options is not None and options.format is not None:
        return format_named(options.format)
    takers = [known for known in FORMATS if known.takes(document)]
    if len(takers) == 1:
        return takers[0]
    by_ending = [known for known in takers or FORMATS if document.suffix in known.EXTENSIONS]
    if len(by_ending) == 1:
        return by_ending[0]
    if takers:
        names = " and ".join(known.NAME for known in takers)
        message = f"this could be {names}. Say which: --input-format {takers[0].NAME}."
    else:
        names = "; ".join(f"{known.NAME} ({known.SUMMARY})" for known in FORMATS)
        message = f"no format takes this file. If it is one of these, say which with --input-format NAME: {names}."
    raise UnknownFormatError(message, file=document.name)


def format_named(name: str) -> Format:
    """Return the format of this name, in any case. Raises UnknownFormatError."""
    found = next((known for known in FORMATS if name.strip().casefold() == known.NAME), None)
    if found is None:
        names = ", ".join(known.NAME for known in FORMATS)
        raise UnknownFormatError(f"there is no format {name!r}. Give one of: --input-format {names}.")
    return found
