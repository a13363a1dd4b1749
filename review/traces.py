"""What was made of a session and lies in a folder of results: found by the folder's note, by rows and by words.

Knows the forms in which Mendline writes results, no store. What it cannot tell it names, so that a person can look.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import escape

from mendline.review.record import RECORD, FolderRecord
from mendline.review.store.deleting import needles
from mendline.review.visible import visible
from mendline.transcripts.errors import OutputError
from mendline.transcripts.files import write_bytes

MOST_BYTES = 200 * 1024 * 1024
PACKED = frozenset({".docx", ".parquet", ".pdf", ".zip", ".gz", ".sqlite"})
"""Endings of files in which words cannot be found as they are."""
_REPORT = b"Mendline report"
_BREAKS = b"\r\n"
_FEWEST, _PART = 2, 0.2
"""How many passages, and which part of all, make a file one that holds words of a session: some are said anywhere."""


Said = tuple[tuple[str, str], ...]
"""A session by its content: speaker and text of each turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is traced. `fingerprints` are what notes call the source, `names` how tables of figures call the session."""

    fingerprints: frozenset[str]
    sessions: tuple[Said, ...]
    names: frozenset[str]


@dataclass(slots=True)
class Traces:
    """What was found. `files` are made of the session alone, `rows` are its lines in files that hold others too.

    `recorded` are those of `files` that a note holds. `holding` have words of it and are not of a kind that is changed
    here; `unread` could not be looked into; links are not followed.
    """

    files: list[Path] = field(default_factory=list)
    recorded: list[tuple[FolderRecord, str]] = field(default_factory=list)
    rows: dict[Path, tuple[bytes, ...]] = field(default_factory=dict)
    holding: list[Path] = field(default_factory=list)
    unread: list[Path] = field(default_factory=list)


def find_traces(places: Sequence[Path], sought: Sought, *, aside: Collection[Path]) -> Traces:
    """Look through folders (and single files) of results, but not at the files `aside`. Raises OutputError."""
    traces = Traces()
    try:
        for place in places:
            _take_recorded(place, sought.fingerprints, traces)
        done = {path.resolve() for path in (*aside, *traces.files)}
        words = needles(text for said in sought.sessions for _, text in said)
        names = [_called(name) for name in sorted(sought.names)]
        for path in _files(places):
            if path.resolve() in done:
                continue
            if path.is_symlink():
                traces.unread.append(path)
            else:
                done.add(path.resolve())
                _look_into(path, sought.sessions, words, names, traces)
    except OSError as error:
        raise OutputError(
            f"cannot be looked through: {error.strerror}. Check its permissions.", file=error.filename
        ) from error
    return traces


def remove_traces(traces: Traces) -> None:
    """Delete the files and rows that were found. Raises OutputError."""
    for path in traces.files:
        delete_file(path)
    for record, name in traces.recorded:
        record.results.pop(name, None)
        if record.made_by is not None:
            record.claim(record.made_by, overwrite=False)  # Writes the note.
    for path, lines in traces.rows.items():
        # By their words, not their numbers: the file may have changed since, while somebody was asked.
        gone = set(lines)
        if held := _lines(path):
            write_bytes(path, b"".join(line for line in held if line.rstrip(_BREAKS) not in gone))


def delete_file(path: Path) -> None:
    """Delete a file; one that is gone already is no error. Raises OutputError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"cannot be deleted: {error.strerror}. Delete it yourself.", file=path) from error


def _lines(path: Path) -> list[bytes]:
    """The lines of a file, none if it is gone already. Raises OutputError."""
    try:
        return path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise OutputError(f"cannot be read: {error.strerror}. Check its permissions.", file=path) from error


def _take_recorded(place: Path, fingerprints: Collection[str], traces: Traces) -> None:
    for path in sorted(place.rglob(RECORD)) if place.is_dir() else ():
        try:
            record = FolderRecord.read(path.parent)
        except OutputError:
            traces.unread.append(path)
            continue
        folder = record.folder.resolve()
        for name, made_of in record.results.items():
            target = record.folder / name
            # A note that somebody tampered with must not lead out of its folder.
            if made_of in fingerprints and target.resolve().is_relative_to(folder):
                traces.recorded.append((record, name))
                traces.files.append(target)


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        below = sorted(place.rglob("*")) if place.is_dir() else [place.resolve()]
        yield from (path for path in below if (path.is_symlink() or path.is_file()) and path.name != RECORD)


def _look_into(
    path: Path, sessions: Sequence[Said], words: Sequence[bytes], names: Sequence[re.Pattern[bytes]], traces: Traces
) -> None:
    if path.suffix.lower() in PACKED or path.stat().st_size > MOST_BYTES:
        traces.unread.append(path)
        return
    data = path.read_bytes()
    lines = _rows_of(data, sessions) if path.suffix.lower() == ".jsonl" else ()
    if lines:
        if len(lines) == sum(bool(line.strip()) for line in data.splitlines()):
            traces.files.append(path)
        else:
            traces.rows[path] = lines
        return
    if _REPORT in data and any(_is_page_of(data, said) for said in sessions):
        traces.files.append(path)
    elif _holds(data, words) or any(name.search(data) for name in names):
        traces.holding.append(path)


def _holds(data: bytes, words: Sequence[bytes]) -> bool:
    found = sum(each in data for each in words)
    return bool(words) and found >= min(len(words), max(_FEWEST, _PART * len(words)))


def _is_page_of(page: bytes, said: Said) -> bool:
    """Whether a report's page shows a session: as many turns, and the words of each."""
    turns = f"{len(said)} turn{'s' * (len(said) != 1)}"
    return turns.encode() in page and all(escape(visible(text)).encode() in page for _, text in said)


def _called(name: str) -> re.Pattern[bytes]:
    """A name as it stands alone in a cell of a table, a string of JSON or an element of a page."""
    return re.compile(rb"(?m)(?:^|[\">\t,/])" + re.escape(name.encode()) + rb"(?:[\"<\t,]|$)")


def _rows_of(data: bytes, sessions: Sequence[Said]) -> tuple[bytes, ...]:
    """The lines of JSON Lines in the corpus form that are one of the sessions, by its words turn by turn."""
    by_session: dict[object, list[tuple[bytes, Mapping[str, object]]]] = {}
    for line in data.splitlines():
        row = _row(line)
        if row is not None:
            by_session.setdefault(row.get("session"), []).append((line, row))
    return tuple(
        line
        for rows in by_session.values()
        if any(all(_is_turn_of(row, said) for _, row in rows) for said in sessions)
        for line, _ in rows
    )


def _row(line: bytes) -> Mapping[str, object] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) and isinstance(row.get("session"), str) else None


def _is_turn_of(row: Mapping[str, object], said: Said) -> bool:
    turn = row.get("turn")
    if not isinstance(turn, int) or not 0 <= turn < len(said):
        return False
    return (row.get("speaker"), row.get("text")) == said[turn]
