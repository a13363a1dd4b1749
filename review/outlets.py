"""What is done with the annotated sessions of each file: collected in one table, copied, put below a folder, shown.

An outlet is handed one file's sessions at a time and finishes once. Files are written whole or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Protocol

from mendline.model.annotation import AnnotatedTranscript
from mendline.review.copies import render_copy
from mendline.review.inputs import Source
from mendline.review.record import FolderRecord
from mendline.review.tables import TABLES, render_table
from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.files import write_bytes
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

if TYPE_CHECKING:
    from rich.console import Console


class Outlet(Protocol):
    """Takes the sessions of each file, and finishes."""

    def keep(self, source: Source, document: Document, sessions: Sequence[AnnotatedTranscript]) -> None:
        """Take the annotated sessions of one file. Raises MendlineError where they cannot be kept."""

    def finish(self) -> None:
        """Do what can only be done once all files are in. Raises OutputError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """How results are rendered. `checkpoint` names what made the labels."""

    output_format: str
    checkpoint: str
    with_text: bool
    options: ReadOptions

    def render(self, document: Document, sessions: Sequence[AnnotatedTranscript]) -> bytes:
        """Render the sessions of one file."""
        if self.output_format in TABLES:
            return self.render_table(sessions).encode("utf-8")
        return render_copy(
            document,
            sessions,
            output_format=self.output_format,
            checkpoint=self.checkpoint,
            options=self.options,
        )

    def render_table(self, sessions: Sequence[AnnotatedTranscript]) -> str:
        """Render sessions, from whatever files, as one table."""
        return render_table(sessions, table=self.output_format, with_text=self.with_text, source=self.checkpoint)


@dataclass(slots=True)
class TableOutlet:
    """One table of all sessions, written at the end if any file was good."""

    rendering: Rendering
    write: Callable[[str], None]
    _kept: list[tuple[Source, AnnotatedTranscript]] = field(default_factory=list)
    _files: int = 0

    def keep(self, source: Source, document: Document, sessions: Sequence[AnnotatedTranscript]) -> None:
        """Hold the sessions until the end."""
        self._kept.extend((source, session) for session in sessions)
        self._files += 1

    def finish(self) -> None:
        """Write the table."""
        if self._files:
            self.write(self.rendering.render_table(_with_unique_names(self._kept)))


@dataclass(slots=True)
class CopyOutlet:
    """One annotated copy of one file."""

    rendering: Rendering
    write: Callable[[bytes], None]

    def keep(self, source: Source, document: Document, sessions: Sequence[AnnotatedTranscript]) -> None:
        """Write the copy."""
        self.write(self.rendering.render(document, sessions))

    def finish(self) -> None:
        """Nothing is left to do."""


@dataclass(slots=True)
class FolderOutlet:
    """One result for each file, each written as soon as it is there."""

    rendering: Rendering
    targets: Mapping[Source, Path]
    record: FolderRecord

    def keep(self, source: Source, document: Document, sessions: Sequence[AnnotatedTranscript]) -> None:
        """Write the result of one file."""
        target = self.targets[source]
        data = self.rendering.render(document, sessions)
        make_folder(target.parent)
        write_bytes(target, data)
        self.record.add(target, source)

    def finish(self) -> None:
        """Nothing is left to do."""


@dataclass(slots=True)
class ScreenOutlet:
    """Tables for people, each as soon as it is there, then a summary of all."""

    console: Console
    checkpoint: str
    with_text: bool
    _shown: list[AnnotatedTranscript] = field(default_factory=list)

    def keep(self, source: Source, document: Document, sessions: Sequence[AnnotatedTranscript]) -> None:
        """Show the sessions of one file."""
        from mendline.review.terminal import show_session

        for session in sessions:
            show_session(self.console, session, with_text=self.with_text)
        self._shown.extend(sessions)

    def finish(self) -> None:
        """Show the summary of all sessions."""
        from mendline.review.terminal import show_end

        if self._shown:
            show_end(self.console, self._shown, checkpoint=self.checkpoint)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, unless they are there. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot be made: {error.strerror}. Choose another place.", file=folder) from error


def names_apart(kept: Sequence[tuple[Source, Transcript]]) -> list[Transcript]:
    """Give those sessions whose name occurs in several files the name of their file in front."""
    count = Counter(name for name, _ in {(transcript.session, source) for source, transcript in kept})
    places = Counter(source.place for source in {source for source, _ in kept})
    return [
        transcript
        if count[transcript.session] == 1
        else _renamed(transcript, source, place=source.place if places[source.place] == 1 else source.path)
        for source, transcript in kept
    ]


def _with_unique_names(kept: Sequence[tuple[Source, AnnotatedTranscript]]) -> list[AnnotatedTranscript]:
    named = names_apart([(source, session.transcript) for source, session in kept])
    return [
        AnnotatedTranscript(transcript, session.annotations)
        for transcript, (_, session) in zip(named, kept, strict=True)
    ]


def _renamed(transcript: Transcript, source: Source, *, place: PurePath) -> Transcript:
    own = transcript.session
    name = place.as_posix() if own == source.place.stem else f"{place.as_posix()}:{own}"
    return replace(transcript, session=name)
