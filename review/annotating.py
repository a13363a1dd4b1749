"""The whole of `annotate`, from what was asked to what was done. Knows no Click; streams and messages are handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from mendline.review import destination as destinations
from mendline.review.batch import BatchResult, annotate_files
from mendline.review.copies import BINARY, copy_endings
from mendline.review.destination import Destination, Kind
from mendline.review.inputs import STDIN, Inputs, Source, collect
from mendline.review.outlets import CopyOutlet, FolderOutlet, Outlet, Rendering, ScreenOutlet, TableOutlet, make_folder
from mendline.review.record import FolderRecord, finished, made_by
from mendline.review.tables import TABLES
from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.files import write_bytes
from mendline.transcripts.formats import textgrid
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.parts import open_parts, sessions_in_parts
from mendline.transcripts.reading import FORMATS

if TYPE_CHECKING:
    from mendline.model.annotator import Annotator


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be annotated, how it is read, and where the results go."""

    paths: tuple[Path, ...]
    options: ReadOptions
    output: str | None = None
    output_format: str | None = None
    labels_only: bool = False
    resume: bool = False
    overwrite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Where text comes from and goes to: results to `stdout`, and if so a progress bar to `stderr`."""

    stdin: BinaryIO
    stdout: TextIO
    stdout_bytes: BinaryIO
    stderr: TextIO
    progress: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A checked request: `todo` is to be annotated, `skipped` was finished before; `targets` are the files to write."""

    request: Request
    inputs: Inputs
    destination: Destination
    targets: dict[Source, Path]
    todo: tuple[Source, ...]
    skipped: tuple[Path, ...]


def output_endings() -> dict[str, str]:
    """The endings of files that can be written, each with its format's name."""
    return {f".{table}": table for table in TABLES} | copy_endings()


def output_formats() -> tuple[str, ...]:
    """The names that `--format` takes."""
    return (*dict.fromkeys(output_endings().values()), destinations.SCREEN)


def read_endings() -> frozenset[str]:
    """The endings of the files that are read below a folder."""
    return frozenset(ending.lower() for reader in FORMATS for ending in reader.EXTENSIONS)


def plan_run(request: Request, *, terminal: bool) -> Plan:
    """Check a request and decide what to do, before any model is loaded. Raises TranscriptError and OutputError."""
    try:
        return _planned(request, terminal=terminal)
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads back to itself.
        reason = getattr(error, "strerror", None) or "a link leads back to itself"
        place = getattr(error, "filename", None) or request.output
        raise OutputError(f"cannot be looked at: {reason}. Check the path and its permissions.", file=place) from error


def _planned(request: Request, *, terminal: bool) -> Plan:
    inputs = collect(request.paths, extensions=read_endings(), sessions_in_parts=parts_finder(request.options))
    endings = output_endings()
    destination = destinations.choose(
        request.output,
        output_format=request.output_format,
        several=inputs.several,
        terminal=terminal,
        endings=endings,
    )
    _check_modes(request, destination, terminal=terminal)
    if destination.path is None:
        return _plan(request, inputs, destination, {}, finished=set())
    ending = next(ending for ending, name in endings.items() if name == destination.output_format)
    targets = destinations.targets(destination, inputs, ending=ending, endings=endings)
    if request.resume:
        assert destination.path is not None
        done = finished(FolderRecord.read(destination.path), targets)
        return _plan(request, inputs, destination, targets, finished=done)
    if not request.overwrite:
        destinations.refuse_existing(targets.values())
    return _plan(request, inputs, destination, targets, finished=set())


def run_plan(plan: Plan, annotator: Annotator, *, streams: Streams) -> BatchResult:
    """Annotate what is to be done. Results are written whole or not at all, also on Ctrl-C. Raises OutputError."""
    outlet = _outlet(plan, annotator, streams)
    with _progress(plan, streams) as tell:
        result = annotate_files(
            plan.todo,
            open_document=partial(open_source, stdin=streams.stdin, encoding=plan.request.options.encoding),
            options=plan.request.options,
            annotator=annotator,
            outlet=outlet,
            complete=not plan.skipped,
            progress=tell,
        )
    outlet.finish()
    return replace(result, skipped=plan.skipped)


def parts_finder(options: ReadOptions) -> Callable[[Sequence[Path]], list[tuple[Path, ...]]] | None:
    """What finds the files that are one session; None where they are to be read as another format."""
    if options.format not in {None, textgrid.NAME}:
        return None
    return partial(sessions_in_parts, encoding=options.encoding)


def _plan(
    request: Request, inputs: Inputs, destination: Destination, targets: dict[Source, Path], *, finished: set[Source]
) -> Plan:
    return Plan(
        request=request,
        inputs=inputs,
        destination=destination,
        targets=targets,
        todo=tuple(source for source in inputs.sources if source not in finished),
        skipped=tuple(source.path for source in inputs.sources if source in finished),
    )


def _check_modes(request: Request, destination: Destination, *, terminal: bool) -> None:
    if request.resume and (destination.kind is not Kind.FOLDER or STDIN in request.paths):
        raise OutputError(
            "--resume needs one result for each file: give a folder for the results, -o NAME/. One table of all files "
            "is always made anew."
        )
    if request.labels_only and destination.output_format not in (*TABLES, destinations.SCREEN):
        raise OutputError(
            f"--labels-only leaves the text out, and a {destination.output_format} transcript is its text. Choose csv, "
            "tsv or jsonl with --format."
        )
    if terminal and destination.path is None and destination.output_format in BINARY:
        raise OutputError(
            f"a {destination.output_format} file cannot be shown on a terminal. Write it to a file, "
            f"-o NAME.{destination.output_format}, or send it on to a program."
        )


def _outlet(plan: Plan, annotator: Annotator, streams: Streams) -> Outlet:
    request, destination = plan.request, plan.destination
    if destination.kind is Kind.SCREEN:
        from mendline.review.terminal import console_for

        return ScreenOutlet(console_for(streams.stdout), annotator.name, with_text=not request.labels_only)
    rendering = Rendering(
        output_format=destination.output_format,
        checkpoint=annotator.name,
        with_text=not request.labels_only,
        options=request.options,
    )
    if destination.kind is Kind.FOLDER:
        assert destination.path is not None
        make_folder(destination.path)
        record = FolderRecord.read(destination.path, broken_is_empty=request.overwrite)
        choices = made_by(
            annotator.name,
            with_text=rendering.with_text,
            output_format=rendering.output_format,
            options=request.options,
        )
        record.claim(choices, overwrite=request.overwrite)
        return FolderOutlet(rendering, plan.targets, record)
    write = (
        partial(write_stdout, streams.stdout_bytes)
        if destination.path is None
        else partial(write_bytes, destination.path)
    )
    if destination.output_format in TABLES:
        # Bytes, so that a table is UTF-8 whatever the terminal's encoding is.
        return TableOutlet(rendering, lambda table: write(table.encode("utf-8")))
    return CopyOutlet(rendering, write)


def write_stdout(stream: BinaryIO, data: bytes) -> None:
    """Write to standard output. Raises OutputError where that fails for another reason than that nobody reads on."""
    try:
        stream.write(data)
        stream.flush()
    except BrokenPipeError:  # Nobody reads on, which is no error.
        raise
    except OSError as error:
        raise OutputError(f"cannot write to standard output: {error.strerror}. Write to a file with -o.") from error


def open_source(source: Source, *, stdin: BinaryIO, encoding: str | None) -> Document:
    """The document behind a source: standard input, a file, or the parts of one session. Raises TranscriptError."""
    if source.path == STDIN:
        return Document.from_stream(stdin, encoding=encoding)
    if source.parts:
        return open_parts(source.parts, encoding=encoding)
    return Document.from_path(source.path, encoding=encoding)


@contextmanager
def _progress(plan: Plan, streams: Streams) -> Iterator[Callable[[int, Source | None], None] | None]:
    shown = plan.inputs.several and plan.destination.kind is not Kind.SCREEN and streams.progress
    if not shown:
        yield None
        return
    from mendline.review.terminal import progress_bar

    with progress_bar(streams.stderr, total=len(plan.todo)) as tell:
        yield tell
