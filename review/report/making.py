"""The whole of `report`, from what was asked to what was done. Knows no Click; the stream for progress is handed in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath
from typing import BinaryIO, Protocol, TextIO

from mendline.model.annotation import AnnotatedTranscript
from mendline.review import destination as destinations
from mendline.review.annotating import open_source, parts_finder, read_endings
from mendline.review.batch import Annotates, BatchResult, annotate_files
from mendline.review.destination import Destination, Kind
from mendline.review.inputs import Inputs, Source, collect
from mendline.review.measures import review_session
from mendline.review.outlets import make_folder
from mendline.review.report.pages import index_page, session_page
from mendline.review.report.rows import Row, in_order, row_of, to_csv, to_json
from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.files import write_text
from mendline.transcripts.options import ReadOptions

PAGE = "html"
TABLES = {"csv": to_csv, "json": to_json}
ENDINGS = {".html": PAGE, ".htm": PAGE, ".csv": "csv", ".json": "json"}
INDEX, PAGES = "index.html", "sessions"


class NamedAnnotator(Annotates, Protocol):
    """What the report needs of an `Annotator`."""

    @property
    def name(self) -> str:
        """The checkpoint's name and identity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be reported on, how it is read, and where the report goes."""

    paths: tuple[Path, ...]
    options: ReadOptions
    output: str
    overwrite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A checked request. `targets` are the files to write that are known before anything is read."""

    request: Request
    inputs: Inputs
    destination: Destination
    targets: dict[Source, Path]

    @property
    def path(self) -> Path:
        """Where the report goes."""
        assert self.destination.path is not None
        return self.destination.path


def plan_report(request: Request) -> Plan:
    """Check a request, before any model is loaded. Raises TranscriptError and OutputError."""
    inputs = collect(request.paths, extensions=read_endings(), sessions_in_parts=parts_finder(request.options))
    destination = _destination(request.output, several=inputs.several)
    plan = Plan(request=request, inputs=inputs, destination=destination, targets=_targets(destination, inputs))
    read = {file.resolve() for source in inputs.sources for file in source.files}
    if destination.kind is Kind.FOLDER and (plan.path / INDEX).resolve() in read:
        raise OutputError(
            "is one of the files that are read and is never replaced. Choose another folder.", file=plan.path / INDEX
        )
    if not request.overwrite:
        index = [plan.path / INDEX] if destination.kind is Kind.FOLDER else []
        _refuse_existing([*index, *plan.targets.values()])
    return plan


def run_report(plan: Plan, annotator: NamedAnnotator, *, stdin: BinaryIO, progress: TextIO | None) -> BatchResult:
    """Annotate, and write what was asked for; each file whole or not at all. Raises OutputError.

    `stdin` is what `-` stands for, `progress` is a terminal on which a bar is shown for several files.
    """
    outlet = _outlet(plan, annotator.name)
    with _bar(plan, progress) as tell:
        result = annotate_files(
            plan.inputs.sources,
            open_document=partial(open_source, stdin=stdin, encoding=plan.request.options.encoding),
            options=plan.request.options,
            annotator=annotator,
            outlet=outlet,
            progress=tell,
        )
    if result.done:
        outlet.finish(unread=len(result.failed))
    return result


@dataclass(slots=True)
class PageOutlet:
    """One page for the one session of one file."""

    path: Path
    checkpoint: str

    def keep(self, source: Source, document: Document, sessions: Sequence[AnnotatedTranscript]) -> None:
        """Write the page. Raises OutputError where the file holds several sessions."""
        if len(sessions) != 1:
            raise OutputError(
                f"holds {len(sessions)} sessions, and a page shows one. Give a folder for the pages, -o NAME/, or make "
                "one table, -o NAME.csv.",
                file=document.name,
            )
        page = session_page(review_session(sessions[0]), place=source.place, checkpoint=self.checkpoint)
        write_text(self.path, page)

    def finish(self, *, unread: int) -> None:
        """Nothing is left to do."""


@dataclass(slots=True)
class TableOutlet:
    """One table of all sessions, written at the end."""

    path: Path
    checkpoint: str
    render: Callable[..., str]
    _rows: list[Row] = field(default_factory=list)

    def keep(self, source: Source, document: Document, sessions: Sequence[AnnotatedTranscript]) -> None:
        """Hold the figures, not the text, until the end."""
        self._rows += [row_of(review_session(session), source.place) for session in sessions]

    def finish(self, *, unread: int) -> None:
        """Write the table. The files that are missing were told of by name."""
        write_text(self.path, self.render(in_order(self._rows), checkpoint=self.checkpoint))


@dataclass(slots=True)
class FolderOutlet:
    """A page for each session, each written as soon as it is there, and a page over all of them."""

    folder: Path
    checkpoint: str
    targets: dict[Source, Path]
    overwrite: bool
    _rows: list[Row] = field(default_factory=list)
    _written: set[str] = field(default_factory=set)

    def keep(self, source: Source, document: Document, sessions: Sequence[AnnotatedTranscript]) -> None:
        """Write the pages of one file's sessions: all, or none where one of them has no place."""
        targets = self._places(source, len(sessions))
        for session, target in zip(sessions, targets, strict=True):
            reviewed = review_session(session)
            page = PurePath(target.relative_to(self.folder))
            index = "/".join([".."] * (len(page.parts) - 1) + [INDEX])
            text = session_page(reviewed, place=source.place, checkpoint=self.checkpoint, index=index)
            make_folder(target.parent)
            write_text(target, text)
            self._written.add(os.path.normcase(target))
            self._rows.append(row_of(reviewed, source.place, page=page))

    def finish(self, *, unread: int) -> None:
        """Write the page over all sessions."""
        write_text(self.folder / INDEX, index_page(in_order(self._rows), unread=unread, checkpoint=self.checkpoint))

    def _places(self, source: Source, sessions: int) -> list[Path]:
        """The file's own page, or numbered ones for several sessions, which must not be those of another file."""
        own = self.targets[source]
        if sessions == 1:
            return [own]
        numbered = [own.with_name(f"{own.stem}-{number}{own.suffix}") for number in range(1, sessions + 1)]
        taken = {os.path.normcase(target) for target in self.targets.values()} | self._written
        for target in numbered:
            if os.path.normcase(target) in taken:
                raise OutputError(
                    "a page of another file goes here. Rename one of the files, or make one table of all, -o NAME.csv.",
                    file=target,
                )
        if not self.overwrite:
            _refuse_existing(numbered)
        return numbered


def _outlet(plan: Plan, checkpoint: str) -> PageOutlet | TableOutlet | FolderOutlet:
    if plan.destination.kind is Kind.FOLDER:
        return FolderOutlet(plan.path, checkpoint, plan.targets, plan.request.overwrite)
    if plan.destination.output_format == PAGE:
        return PageOutlet(plan.path, checkpoint)
    return TableOutlet(plan.path, checkpoint, TABLES[plan.destination.output_format])


def _destination(output: str, *, several: bool) -> Destination:
    path = Path(output)
    if output.endswith(("/", os.sep)) or path.is_dir() or (several and not path.suffix and not path.exists()):
        if path.exists() and not path.is_dir():
            raise OutputError("is a file, not a folder. Choose another name.", file=output)
        return Destination(Kind.FOLDER, PAGE, path)
    form = ENDINGS.get(path.suffix.lower())
    if form is None:
        raise OutputError(
            "no form of report goes by this ending. End the name with .html for the page of one session, with .csv or "
            ".json for a table with one row a session, or with / for a folder of pages.",
            file=output,
        )
    if form == PAGE and several:
        raise OutputError(
            "several files do not go on one page. Give a folder for the pages, -o NAME/, or make one table, "
            "-o NAME.csv.",
            file=output,
        )
    return Destination(Kind.FILE, form, path)


def _targets(destination: Destination, inputs: Inputs) -> dict[Source, Path]:
    """The file that each source's page goes to; for a folder below `PAGES`, so that none can be the index."""
    if destination.kind is Kind.FOLDER and destination.path is not None:
        below = Destination(Kind.FOLDER, PAGE, destination.path / PAGES)
        return destinations.targets(below, inputs, ending=f".{PAGE}")
    return destinations.targets(destination, inputs, ending=f".{PAGE}")


def _refuse_existing(paths: Sequence[Path]) -> None:
    existing = sorted({path for path in paths if path.exists()})
    if existing:
        more = "" if len(existing) == 1 else f" and {len(existing) - 1} more"
        raise OutputError(f"exists{more}. Replace it with --overwrite, or choose another name.", file=existing[0])


@contextmanager
def _bar(plan: Plan, stream: TextIO | None) -> Iterator[Callable[[int, Source | None], None] | None]:
    if stream is None or not plan.inputs.several:
        yield None
        return
    from mendline.review.terminal import progress_bar

    with progress_bar(stream, total=len(plan.inputs.sources)) as tell:
        yield tell
