"""The whole of `convert`: transcripts from files of one format to files of another. Knows no Click and no model.

What was written is read again, and what it does not hold of the transcript is said. Labels that a file brings along
stay with their turns.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO, NoReturn

from mendline.review import destination as destinations
from mendline.review.annotating import open_source, parts_finder, read_endings, write_stdout
from mendline.review.batch import BatchResult, run_files
from mendline.review.copies import BINARY
from mendline.review.destination import Destination, Kind
from mendline.review.inputs import Inputs, Source, collect
from mendline.review.outlets import make_folder, names_apart
from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.files import write_bytes
from mendline.transcripts.formats.kept import Kept, left_aside
from mendline.transcripts.losses import losses
from mendline.transcripts.notes import TurnNote
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import format_named
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.writing import WRITABLE, written

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be converted, how it is read, where it goes and, unless its ending says so, as what (`to`)."""

    paths: tuple[Path, ...]
    output: str
    options: ReadOptions
    to: str | None = None
    overwrite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A checked request; `targets` are the files to write."""

    request: Request
    inputs: Inputs
    destination: Destination
    targets: dict[Source, Path]


@dataclass(slots=True)
class Converted:
    """What became of the files, and what was not kept: turns by what they lost, files by what stayed behind."""

    result: BatchResult = field(default_factory=lambda: BatchResult((), ()))
    lost: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)

    def notes(self, output_format: str) -> list[str]:
        """What a person should know, in lines."""
        lost = ", ".join(f"{what} ({_counted(count, 'turn')})" for what, count in sorted(self.lost.items()))
        left = ", ".join(f"{what} ({_counted(count, 'file')})" for what, count in sorted(self.left.items()))
        return [
            *([f"Not kept in {output_format}: {lost}."] if lost else []),
            *([f"Not taken from the source: {left}."] if left else []),
        ]


def writable_endings() -> dict[str, str]:
    """The endings of files that can be written, each with its format's name."""
    return {ending: name for name in WRITABLE for ending in format_named(name).EXTENSIONS}


def plan_convert(request: Request, *, terminal: bool) -> Plan:
    """Check a request before anything is written. Raises TranscriptError and OutputError."""
    inputs = collect(request.paths, extensions=read_endings(), sessions_in_parts=parts_finder(request.options))
    endings = writable_endings()
    destination = _destination(request, several=inputs.several, endings=endings)
    if destination.path is None:
        if terminal and destination.output_format in BINARY:
            raise OutputError(
                f"a {destination.output_format} file cannot be shown on a terminal. Give the name of a file instead of "
                "-, or send it on to a program."
            )
        return Plan(request=request, inputs=inputs, destination=destination, targets={})
    ending = next(ending for ending, name in endings.items() if name == destination.output_format)
    targets = destinations.targets(destination, inputs, ending=ending, endings=[*read_endings(), *endings])
    if not request.overwrite:
        destinations.refuse_existing(targets.values(), resumable=False)
    return Plan(request=request, inputs=inputs, destination=destination, targets=targets)


def run_convert(plan: Plan, *, stdin: BinaryIO, stdout: BinaryIO) -> Converted:
    """Convert every file, whole or not at all; one that fails does not stop the others. Raises OutputError."""
    done = Converted()
    together: list[tuple[Source, Transcript]] = []
    below = _Below(plan)
    options = plan.request.options

    def work(source: Source, document: Document, transcripts: list[Transcript]) -> None:
        if plan.destination.kind is Kind.FOLDER:
            done.lost += below.write(source, transcripts)
        else:
            _refuse_several(plan, source, transcripts)
            together.extend((source, transcript) for transcript in transcripts)
        done.left.update(left_aside(document))

    done.result = run_files(
        plan.inputs.sources,
        open_document=partial(open_source, stdin=stdin, encoding=options.encoding),
        options=options,
        work=work,
    )
    if together:
        path = plan.destination.path
        data, done.lost = _together(plan, together)
        if path is None:
            write_stdout(stdout, data)
        else:
            write_bytes(path, data)
        source, transcript = together[0]
        done.lost += _lost_name(plan, source, transcript, "" if path is None else path.stem)
    return done


def _destination(request: Request, *, several: bool, endings: dict[str, str]) -> Destination:
    output, to = request.output, request.to
    stream = output == "-"
    if not stream and destinations.means_folder(output, several=several):
        return Destination(Kind.FOLDER, to or _unclear("a folder", output), Path(output))
    if stream:
        chosen = to or _unclear("standard output", None)
    else:
        chosen = to or destinations.format_by_ending(output, endings, option="--to")
    if several and not _holds_sessions(chosen):
        raise OutputError(
            f"several files cannot go into one {chosen} transcript. Give a folder, NAME/ --to {chosen}, or a format "
            "that holds several sessions, such as NAME.csv."
        )
    return Destination(Kind.STREAM, chosen) if stream else Destination(Kind.FILE, chosen, Path(output))


def _unclear(where: str, output: str | None) -> NoReturn:
    raise OutputError(f"{where} does not say which format to write. Say it: --to {'|'.join(WRITABLE)}.", file=output)


def _together(plan: Plan, kept: Sequence[tuple[Source, Transcript]]) -> tuple[bytes, Counter[str]]:
    try:
        return _rendered(names_apart(kept), plan.destination.output_format)
    except OutputError as error:
        if error.file is not None or len(plan.inputs.sources) > 1:
            raise
        raise OutputError(error.message, file=kept[0][0].path) from error


def _refuse_several(plan: Plan, source: Source, transcripts: Sequence[Transcript]) -> None:
    output_format = plan.destination.output_format
    if len(transcripts) > 1 and not _holds_sessions(output_format):
        raise OutputError(
            f"holds {len(transcripts)} sessions, and a {output_format} file holds one. Give a folder, NAME/ --to "
            f"{output_format}, or a format that holds several sessions, such as NAME.csv.",
            file=source.path,
        )


class _Below:
    """Writes the result of each file below a folder, and knows which results are there already."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._read = {file.resolve() for source in plan.inputs.sources for file in source.files}
        self._owners = {_place(target): source for source, target in plan.targets.items()}

    def write(self, source: Source, transcripts: Sequence[Transcript]) -> Counter[str]:
        """Write one file, or a folder of them where a format holds one session and the source several.

        Returns how many turns lost what. Raises OutputError before anything of the source is written.
        """
        target, output_format = self._plan.targets[source], self._plan.destination.output_format
        if len(transcripts) == 1 or _holds_sessions(output_format):
            results = {target: [*transcripts]}
        else:
            folder = target.with_name(target.name.removesuffix(target.suffix))
            names = _file_names(transcripts)
            results = {folder / (name + target.suffix): [each] for name, each in zip(names, transcripts, strict=True)}
            self._check(source, results)
        lost: Counter[str] = Counter()
        rendered = {}
        for path, each in results.items():
            rendered[path], missing = _rendered(each, output_format)
            lost += missing + _lost_name(self._plan, source, each[0], path.stem)
        for path, data in rendered.items():
            make_folder(path.parent)
            write_bytes(path, data)
        return lost

    def _check(self, source: Source, results: Collection[Path]) -> None:
        """Claim the files of several sessions, which nobody knew before the source was read. Raises OutputError."""
        for path in results:
            if path.resolve() in self._read:
                raise OutputError(
                    f"is one of the files that are read and is never replaced. A session of {source.path} would be "
                    "written here: choose another folder.",
                    file=path,
                )
            owner = self._owners.setdefault(_place(path), source)
            if owner is not source:
                raise OutputError(
                    f"a session of {source.path} and one of {owner.path} would both be written here. Rename one of "
                    "the files, or convert them into two folders.",
                    file=path,
                )
        if not self._plan.request.overwrite:
            destinations.refuse_existing(results, resumable=False)


def _place(path: Path) -> str:
    return os.path.normcase(path.resolve())


def _holds_sessions(output_format: str) -> bool:
    return Kept.SESSIONS in format_named(output_format).KEEPS


def _lost_name(plan: Plan, source: Source, transcript: Transcript, name: str) -> Counter[str]:
    """Whether a session has a name of its own that neither its new file `name` nor what is in it says."""
    if _holds_sessions(plan.destination.output_format) or transcript.session in {name, Path(source.place).stem}:
        return Counter()
    return Counter({"session's name": len(transcript.turns)})


def _file_names(transcripts: Sequence[Transcript]) -> list[str]:
    """A name for the file of each session, as close to the session's as file systems allow, none twice."""
    plain = [_shortened(re.sub(r"[^\w .-]|^\.", "_", each.session)).strip() or "_" for each in transcripts]
    seen: Counter[str] = Counter()
    names = []
    for name in plain:
        seen[name.casefold()] += 1
        number = seen[name.casefold()]
        names.append(name if number == 1 else f"{name} ({number})")
    return names


def _shortened(name: str) -> str:
    """The start of a name; file systems count its bytes."""
    return name.encode()[:_LONGEST_NAME].decode(errors="ignore")


def _rendered(transcripts: Sequence[Transcript], output_format: str) -> tuple[bytes, Counter[str]]:
    """A file with the transcripts, and how many of their turns lost what in it."""
    notes = [[note or TurnNote() for note in each.notes or [None] * len(each.turns)] for each in transcripts]
    data = written(transcripts, notes, format_name=output_format)
    return data, losses(transcripts, data, format_name=output_format)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
