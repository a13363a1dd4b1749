"""One loop over many files: read, annotate, keep; carry on past a bad file and say at the end which were bad.

Knows no command line and no output: it is handed what keeps a result. A failure is a path and a message, never text
from a transcript; an error that nobody foresaw is told by its class and place only, since its message may quote text.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mendline.model.annotation import AnnotatedTranscript
from mendline.review.inputs import Source
from mendline.transcripts.document import Document
from mendline.transcripts.errors import MendlineError
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import read_transcripts
from mendline.transcripts.roles import check_roles_used
from mendline.transcripts.transcript import Transcript

PACKAGE = Path(__file__).resolve().parent.parent


class Annotates(Protocol):
    """What the loop needs of an `Annotator`."""

    def annotate(self, transcript: Transcript) -> AnnotatedTranscript:
        """Label every turn of a transcript."""


class Keeps(Protocol):
    """What the loop needs of an outlet. Raises MendlineError where a result cannot be kept."""

    def keep(self, source: Source, document: Document, sessions: Sequence[AnnotatedTranscript]) -> None:
        """Take the annotated sessions of one file."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A file of which nothing could be made, and why."""

    path: Path
    message: str


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of the files, in the order of the input. `skipped` were finished before.

    `unused_role` says which `--role` names a speaker of none of the files, if all of them were read.
    """

    done: tuple[Path, ...]
    failed: tuple[Failure, ...]
    skipped: tuple[Path, ...] = ()
    unused_role: str | None = None

    @property
    def total(self) -> int:
        """The number of files that this run was about."""
        return len(self.done) + len(self.failed)


def annotate_files(
    sources: Sequence[Source],
    *,
    open_document: Callable[[Source], Document],
    options: ReadOptions,
    annotator: Annotates,
    outlet: Keeps,
    complete: bool = True,
    progress: Callable[[int, Source | None], None] | None = None,
) -> BatchResult:
    """Annotate each file and hand it to `outlet`, whole or not at all. The rest is said at `run_files`."""

    def work(source: Source, document: Document, transcripts: list[Transcript]) -> None:
        outlet.keep(source, document, [annotator.annotate(transcript) for transcript in transcripts])

    return run_files(
        sources, open_document=open_document, options=options, work=work, complete=complete, progress=progress
    )


def run_files(
    sources: Sequence[Source],
    *,
    open_document: Callable[[Source], Document],
    options: ReadOptions,
    work: Callable[[Source, Document, list[Transcript]], None],
    complete: bool = True,
    progress: Callable[[int, Source | None], None] | None = None,
) -> BatchResult:
    """Read each file and hand its transcripts to `work`; one that fails does not stop the others.

    `complete` says that no file of this run was left out as finished before. `progress` is called with the number of
    files behind it and the file that comes next, None at the end. Ctrl-C ends the loop between two results, as
    KeyboardInterrupt.
    """
    tell = progress or (lambda number, source: None)
    done: list[Path] = []
    failed: list[Failure] = []
    seen: list[Transcript] = []
    for number, source in enumerate(sources):
        tell(number, source)
        try:
            document = open_document(source)
            transcripts = read_transcripts(document, options)
            if len(sources) == 1 and complete:
                check_roles_used(options.roles, transcripts)
            work(source, document, transcripts)
        except MendlineError as error:
            failed.append(Failure(source.path, _placed(error, source)))
        except BrokenPipeError:  # Nobody reads the results any more.
            raise
        except Exception as error:
            failed.append(Failure(source.path, f"{source.path}: {_unforeseen(error)}"))
        else:
            done.append(source.path)
            # Kept only where there is something to look up in them.
            seen.extend(transcripts if options.roles else ())
    tell(len(sources), None)
    unused = _unused_role(options.roles, seen) if complete and not failed else None
    return BatchResult(done=tuple(done), failed=tuple(failed), unused_role=unused)


def _unused_role(roles: Mapping[str, str], transcripts: Sequence[Transcript]) -> str | None:
    try:
        check_roles_used(roles, transcripts)
    except MendlineError as error:
        return str(error)
    return None


def _placed(error: MendlineError, source: Source) -> str:
    """The message, with the file in front where the error does not name one."""
    return str(error) if getattr(error, "file", None) else f"{source.path}: {error}"


def _unforeseen(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(PACKAGE)]
    frame = (ours or frames)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return (
        f"unexpected {type(error).__name__} at {place}. This is a fault in Mendline or its installation: please report "
        "it, without the transcript."
    )
