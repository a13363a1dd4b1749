"""The whole of `purge`: what is to go, and its going. Knows no Click; asking and telling is the command's.

The store goes first, then results, the source last: where anything goes wrong, it is there to do it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from mendline.review.annotating import open_source
from mendline.review.inputs import Source
from mendline.review.opening import bytes_of, place_seen_from
from mendline.review.record import fingerprint
from mendline.review.store.database import DEFAULT_NAME, files_of, open_store
from mendline.review.store.deleting import Doomed, check_gone, delete_sessions, find_doomed, needles
from mendline.review.store.sessions import content_of, storable
from mendline.review.traces import Said, Sought, Traces, delete_file, find_traces, remove_traces
from mendline.transcripts.errors import MendlineError, ReviewError
from mendline.transcripts.formats import textgrid
from mendline.transcripts.parts import sessions_in_parts
from mendline.transcripts.reading import read_transcripts

NOT_LOOKED_AT = (
    "copies, backups and snapshots of any of these; what was written to other places with -o, printed or sent",
    "recordings",
    "checkpoints that were trained on corrections of the session",
    "the disk itself, where deleted files may be found with special tools until they are written over",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The files of the sessions to delete, the store (None: every store of the usual name above them), the results."""

    files: tuple[Path, ...]
    store: Path | None = None
    results: tuple[Path, ...] = ()
    keep_source: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is known of one source file: hashes, content, and whether it could be read as a transcript."""

    source: Source
    bytes: str | None = None
    fingerprint: str | None = None
    said: tuple[Said, ...] = ()
    names: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be deleted: sessions by store, traces in results, source files. `notes` say what is not certain.

    `words` are passages that must not be left in a store.
    """

    words: tuple[bytes, ...]
    stores: tuple[tuple[Path, tuple[Doomed, ...]], ...]
    traces: Traces
    sources: tuple[Path, ...]
    kept: tuple[Path, ...]
    notes: tuple[str, ...]

    @property
    def anything(self) -> bool:
        """Whether there is anything to delete."""
        return bool(self.sources or self.traces.files or self.traces.rows or any(found for _, found in self.stores))


def plan_purge(request: Request) -> Plan:
    """Find all that is known of the sessions of some files; nothing is changed. Raises MendlineError."""
    known = [_known(path) for path in request.files]
    stores = _stores(request)
    found = tuple((path, _in_store(path, known)) for path in stores)
    # To delete a link alone would leave what it leads to.
    given = [file for each in known for file in each.source.files if file.is_file()]
    sources = _unique(path for file in given for path in ((file, file.resolve()) if file.is_symlink() else (file,)))
    doomed = [each for _, sessions in found for each in sessions]
    sessions = (*(said for each in known for said in each.said), *(each.said for each in doomed))
    sought = Sought(
        fingerprints=frozenset(each.fingerprint for each in known if each.fingerprint),
        sessions=tuple(dict.fromkeys(sessions)),
        names=frozenset(
            [
                *(each.source.path.name for each in known),
                *(name for each in known for name in each.names),
                *(name for each in doomed for name in each.names),
            ]
        ),
    )
    aside = [*sources, *(file for path in stores for file in files_of(path.resolve()))]
    texts = [text for said in sought.sessions for _, text in said] + [note for each in doomed for note in each.notes]
    return Plan(
        words=tuple(needles(texts)),
        stores=found,
        traces=find_traces(request.results, sought, aside=aside),
        sources=() if request.keep_source else sources,
        kept=sources if request.keep_source else (),
        notes=tuple(_notes(request, known, stores, found)),
    )


def plan_lines(plan: Plan) -> list[str]:
    """What would be deleted, and what stays and why, one line for each."""
    return ["To be deleted:", *(f"  {line}" for line in _going(plan)), *_staying(plan)]


def run_purge(plan: Plan) -> list[str]:
    """Delete what was planned and say what was. Raises MendlineError; what went before is gone then."""
    for path, sessions in plan.stores:
        with open_store(path, create=False) as store:
            delete_sessions(store, sessions)
        check_gone(path, plan.words)
    remove_traces(plan.traces)
    for path in plan.sources:
        delete_file(path)
    return [
        "Deleted:",
        *(f"  {line}" for line in _going(plan)),
        "Not looked at:",
        *(f"  {line}" for line in NOT_LOOKED_AT),
    ]


def _known(path: Path) -> _Known:
    source = _source_of(path)
    if not all(file.is_file() for file in source.files):
        return _Known(source=source, problem="is not there (any more), so the store knows it by its place only")
    try:
        known = _Known(source=source, bytes=bytes_of(source.files), fingerprint=fingerprint(source))
    except OSError as error:
        raise ReviewError(f"cannot read: {error.strerror}. Check its permissions.", file=path) from error
    try:
        transcripts = read_transcripts(open_source(source, stdin=BytesIO(), encoding=None))
    except MendlineError:
        return replace(
            known,
            problem="cannot be read as a transcript without options, so results are only known by their folder's note "
            "and, if it was reviewed, by its words in the store",
        )
    return replace(
        known,
        said=tuple(
            tuple((storable(turn.speaker), storable(turn.text)) for turn in transcript.turns)
            for transcript in transcripts
        ),
        names=tuple(transcript.session for transcript in transcripts),
    )


def _source_of(path: Path) -> Source:
    """A file, or all files of the session that it is a part of."""
    if path.suffix.lower() in textgrid.EXTENSIONS and path.is_file():
        beside = sorted(each for each in path.parent.iterdir() if each.suffix.lower() in textgrid.EXTENSIONS)
        for parts in sessions_in_parts(beside):
            if path.parent / path.name in parts:
                return Source(parts[0], parts[0], parts)
    return Source(path, path)


def _stores(request: Request) -> list[Path]:
    if request.store is not None:
        return [request.store]
    folders = [folder for path in request.files for folder in path.parent.resolve().joinpath(path.name).parents]
    return list(_unique(folder / DEFAULT_NAME for folder in folders if (folder / DEFAULT_NAME).is_file()))


def _in_store(path: Path, known: Sequence[_Known]) -> tuple[Doomed, ...]:
    with open_store(path, create=False) as store:
        return find_doomed(
            store,
            places=[place_seen_from(store.path, each.source.path) for each in known],
            files=[each.bytes for each in known if each.bytes],
            contents=[content_of(said) for each in known for said in each.said],
        )


def _going(plan: Plan) -> Iterator[str]:
    for path, sessions in plan.stores:
        for each in sessions:
            by = f" by {', '.join(each.coders)}" if each.coders else ""
            yield (
                f"{path}: session {', '.join(each.names)}, {_count(len(each.said), 'turn')}, its labels, and "
                f"{_count(each.changes, 'coding')}{by}"
            )
    for path in plan.traces.files:
        yield f"{path}: made of it"
    for path, lines in plan.traces.rows.items():
        yield f"{path}: {_count(len(lines), 'row')}"
    for path in plan.sources:
        yield f"{path}: the transcript itself"


def _staying(plan: Plan) -> Iterator[str]:
    groups = (
        ("Names it or holds words of it, and is not changed (delete it, or make it anew):", plan.traces.holding),
        ("Could not be looked into:", plan.traces.unread),
        ("Kept, as asked:", plan.kept),
        ("Note:", plan.notes),
    )
    for heading, entries in groups:
        if entries:
            yield heading
            yield from (f"  {entry}" for entry in entries)


def _notes(
    request: Request,
    known: Sequence[_Known],
    stores: Sequence[Path],
    found: Sequence[tuple[Path, tuple[Doomed, ...]]],
) -> Iterator[str]:
    for each in known:
        if each.problem:
            yield f"{each.source.path}: {each.problem}."
    if not stores:
        yield f"there is no {DEFAULT_NAME} beside the files or above them. Name another store with --store."
    if not request.results:
        yield "no results were looked through. Name their folders with --results."
    own = {file.resolve() for each in known for file in each.source.files}
    for file in sorted(own):
        if file.is_file() and file.stat().st_nlink > 1:
            yield f"{file}: is known by other names too (hard links), and its text stays under them."
    for path, sessions in found:
        places = _unique(path.resolve().parent / place for each in sessions for place in each.places)
        for place in places:
            if place not in own and place.is_file():
                yield f"{place}: holds or held the same session and stays."


def _unique(paths: Iterator[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(paths))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
