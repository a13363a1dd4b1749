"""From the files that somebody wants to review to sessions with labels, kept in the store. Knows no page.

Files that were opened before, read the same way and labelled by the same checkpoint, come out of the store: no model is
loaded for them.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from mendline import __version__
from mendline.model.annotation import AnnotatedTranscript
from mendline.review.annotating import open_source, parts_finder, read_endings
from mendline.review.batch import Annotates, Failure, annotate_files
from mendline.review.inputs import Inputs, Source, collect
from mendline.review.record import fingerprint, made_by
from mendline.review.store.database import DEFAULT_NAME, SIDE_FILES, Store
from mendline.review.store.sessions import Key, StoredSession, find_annotation, keep_annotation, load_annotation
from mendline.transcripts.document import Document
from mendline.transcripts.errors import ReviewError, TranscriptError
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.roles import check_roles_used

MOST_BYTES = 32 * 1024 * 1024
"""The largest file that is opened for review. An hour of talk has about 60 kB as text and 300 kB as WebVTT."""

MOST_TURNS = 50_000
"""The longest session that a page shows."""

Progress = Callable[[int], AbstractContextManager[Callable[[int, Source | None], None]]]
"""Called with the number of files to label, gives what is told how many are done and which comes next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labeller:
    """A checkpoint by its name, loaded only if something is to be labelled."""

    name: str
    load: Callable[[], Annotates]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The sessions to review, each once, and what went wrong. `twins` name files that hold a session of another one."""

    sessions: tuple[StoredSession, ...]
    failed: tuple[Failure, ...] = ()
    twins: tuple[Path, ...] = ()


def find_files(paths: Sequence[Path], options: ReadOptions) -> Inputs:
    """The files to review. Raises TranscriptError where there are none."""
    finder = parts_finder(options)

    def parts_of_small_ones(found: Sequence[Path]) -> Sequence[tuple[Path, ...]]:
        return finder([path for path in found if path.stat().st_size <= MOST_BYTES]) if finder else ()

    inputs = collect(paths, extensions=read_endings(), sessions_in_parts=parts_of_small_ones)
    return replace(inputs, other_kinds=inputs.other_kinds - _store_files(inputs.folders))


def store_beside(paths: Sequence[Path]) -> Path:
    """Where the codings of these files go by default: in the first folder, or beside the first file."""
    first = paths[0]
    return (first if first.is_dir() else first.parent) / DEFAULT_NAME


def open_sessions(
    inputs: Inputs,
    store: Store,
    labeller: Labeller,
    *,
    options: ReadOptions,
    progress: Progress | None = None,
) -> Opened:
    """Label what the store does not hold yet and list all sessions in the order of the files.

    A file that cannot be read does not stop the others. Raises StoreError, CheckpointError, and ReviewError where no
    file could be read.
    """
    keeper = _Keeper(store, labeller.name, options)
    todo = [source for source in inputs.sources if not keeper.has(source)]
    failed: tuple[Failure, ...] = tuple(keeper.failed)
    todo = [source for source in todo if source.path not in {failure.path for failure in failed}]
    if todo:
        annotator = labeller.load()
        with progress(len(todo)) if progress else nullcontext() as tell:
            failed += annotate_files(
                todo,
                open_document=partial(open_source, stdin=io.BytesIO(), encoding=options.encoding),
                options=options,
                annotator=annotator,
                outlet=keeper,
                complete=False,
                progress=tell,
            ).failed
    if not keeper.kept:
        raise ReviewError("no session could be opened:" + "".join(f"\n  {failure.message}" for failure in failed))
    opened = _listed(inputs.sources, keeper.kept)
    if options.roles and not failed:
        loaded = (load_annotation(store, each.annotation) for each in opened.sessions)
        check_roles_used(options.roles, [each.session.transcript for each in loaded])
    return replace(opened, failed=failed)


@dataclass(slots=True)
class _Keeper:
    """Finds the sessions of files in the store, and is the outlet that puts them there."""

    store: Store
    checkpoint: str
    options: ReadOptions
    kept: dict[Path, tuple[StoredSession, ...]] = field(default_factory=dict)
    failed: list[Failure] = field(default_factory=list)
    _keys: dict[Path, Key] = field(default_factory=dict)

    def has(self, source: Source) -> bool:
        """Whether the store holds a file's sessions; files that cannot be opened are noted as failures."""
        try:
            key = self._key(source)
        except TranscriptError as error:
            self.failed.append(Failure(source.path, str(error)))
            return False
        self._keys[source.path] = key
        found = find_annotation(self.store, key, place=place_of(source, self.store))
        if found is not None:
            self.kept[source.path] = found
        return found is not None

    def keep(self, source: Source, document: Document, sessions: Sequence[AnnotatedTranscript]) -> None:
        """Put a file's sessions into the store. Raises TranscriptError and StoreError."""
        key = self._key(source)
        if key != self._keys[source.path]:
            raise TranscriptError("was changed while it was read. Start again.", file=source.path)
        longest = max(len(session.annotations) for session in sessions)
        if longest > MOST_TURNS:
            raise TranscriptError(
                f"holds a session of {longest} turns, and a page shows at most {MOST_TURNS}. Split it.",
                file=source.path,
            )
        self.kept[source.path] = keep_annotation(self.store, key, sessions, place=place_of(source, self.store))

    def _key(self, source: Source) -> Key:
        return key_of(source, checkpoint=self.checkpoint, options=self.options)


def key_of(source: Source, *, checkpoint: str, options: ReadOptions) -> Key:
    """By what the labels of a file are known. Raises TranscriptError where it cannot be read or is too large."""
    reading = made_by("", with_text=True, output_format="", options=options)["reading"]
    try:
        for path in source.files:
            if path.exists() and not path.is_file():  # A pipe would wait for a writer, and can be read only once.
                raise TranscriptError("is not an ordinary file. Save what it gives to one first.", file=path)
        size = sum(path.stat().st_size for path in source.files)
        if size > MOST_BYTES:
            raise TranscriptError(
                f"has {size / 1024**2:.0f} MB, and files of up to {MOST_BYTES // 1024**2} MB are opened for review. Is "
                "it a transcript? If so, split it.",
                file=source.path,
            )
        return Key(
            fingerprint=fingerprint(source),
            content=bytes_of(source.files),
            # Another version may read a file in another way.
            reading=json.dumps([__version__, reading], ensure_ascii=False, sort_keys=True),
            checkpoint=checkpoint,
        )
    except OSError as error:
        raise TranscriptError(
            f"cannot read: {error.strerror}. Check the path and its permissions.", file=source.path
        ) from error


def bytes_of(files: Sequence[Path]) -> str:
    """A hash of the bytes of some files, whatever they are called."""
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def place_of(source: Source, store: Store) -> str:
    """Where a file stands, seen from the store if it is below its folder, so that both can be moved together."""
    return place_seen_from(store.path, source.path)


def place_seen_from(store: Path, path: Path) -> str:
    """The same for any path."""
    path = path.parent.resolve() / path.name
    return (path.relative_to(store.parent) if path.is_relative_to(store.parent) else path).as_posix()


def _store_files(folders: Sequence[Path]) -> int:
    """How many files in the folders that are read belong to a store of the usual name."""
    names = (DEFAULT_NAME, *(DEFAULT_NAME + ending for ending in SIDE_FILES))
    return sum((folder / name).is_file() for folder in folders for name in names)


def _listed(sources: Sequence[Source], kept: Mapping[Path, tuple[StoredSession, ...]]) -> Opened:
    """Each session once, under a name that tells it from the others."""
    listed: dict[str, StoredSession] = {}
    twins: dict[Path, None] = {}
    files = Counter(source.place.with_suffix("") for source in sources)
    for source in sources:
        file = source.place.with_suffix("")
        name = (file if files[file] == 1 else source.place).as_posix()
        sessions = kept.get(source.path, ())
        for session in sessions:
            if session.id in listed:
                twins[source.path] = None
            else:
                several = f"{name} · {session.name}" if len(sessions) > 1 else name
                listed[session.id] = replace(session, name=several)
    return Opened(sessions=tuple(listed.values()), twins=tuple(twins))
