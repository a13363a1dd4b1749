"""Deleting sessions from a store, so that nothing of them is left in its file. Knows no source and no result."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mendline.review.store.database import Store, files_of, open_store
from mendline.review.store.sessions import storable
from mendline.transcripts.errors import StoreError

# What no form of writing (CSV, JSON, HTML, SQL) changes, in a length that does not occur by chance. Some forms of JSON
# change other letters than these; where those are most of a text, it is still found in all other forms.
_PLAIN = re.compile(r"[A-Za-z0-9 .?!]{16,}")
_WRITTEN = re.compile(r"[\w .?!]{8,}")
_FEWEST_BYTES = 24
MOST_NEEDLES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Doomed:
    """A session that is to be deleted, and what hangs on it. `places` are the files that it was read from.

    `said` are speaker and text of its turns; `notes` what coders wrote.
    """

    id: str
    names: tuple[str, ...]
    places: tuple[str, ...]
    changes: int
    coders: tuple[str, ...]
    said: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def find_doomed(
    store: Store, *, places: Collection[str], files: Collection[str], contents: Collection[str]
) -> tuple[Doomed, ...]:
    """The sessions that were ever read from a file at `places` or with the bytes `files`, or that have `contents`.

    `files` and `contents` are hashes, as they are in the store. Raises StoreError.
    """
    with store.reading() as connection:
        numbers = {
            *_column(
                connection,
                "SELECT session FROM annotated JOIN seen ON seen.source = annotated.source WHERE seen.place = ?",
                [storable(place) for place in places],
            ),
            *_column(
                connection,
                "SELECT session FROM annotated JOIN source ON source.number = annotated.source WHERE content = ?",
                files,
            ),
            *_column(connection, "SELECT number FROM session WHERE content = ?", contents),
        }
        return tuple(_doomed(connection, number) for number in sorted(numbers))


def delete_sessions(store: Store, sessions: Sequence[Doomed]) -> None:
    """Delete sessions with their labels, codings and history, and write the file anew. Raises StoreError.

    That is also done where no session is left to delete, since an earlier attempt may have ended before.
    """
    with store.writing() as connection:
        connection.executemany("DELETE FROM session WHERE id = ?", [(each.id,) for each in sessions])
        connection.execute("DELETE FROM source WHERE number NOT IN (SELECT source FROM annotated)")
    store.compact()


def check_gone(path: Path, words: Sequence[bytes]) -> None:
    """Raise StoreError where a store's files still hold some of the words, other than in other sessions.

    This process must not have the store open: to read its files as bytes would take away the locks on them.
    """
    held = [each.read_bytes() for each in files_of(path.resolve())]
    found = {each for each in words if any(each in data for data in held)}
    if not found:
        return
    with open_store(path, create=False) as store:
        left = len(found - _rightly_there(store, found))
    if left:
        raise StoreError(
            f"still holds {left} passages of what was deleted. Close every program that uses it and do the same again; "
            "if that does not help, delete the whole file.",
            file=path,
        )


def needles(texts: Iterable[str]) -> list[bytes]:
    """Passages of `texts` that stand unchanged in whatever form they were written, the longest of them."""
    found: set[str] = set()
    for text in texts:
        found.update(passage.strip() for passage in _PLAIN.findall(text))
        written = (passage.strip() for passage in _WRITTEN.findall(text))
        found.update(each for each in written if not each.isascii() and len(each.encode()) >= _FEWEST_BYTES)
    return [each.encode() for each in sorted(found, key=lambda each: (-len(each), each))[:MOST_NEEDLES]]


def _rightly_there(store: Store, words: Collection[bytes]) -> set[bytes]:
    """Those of the passages that a session which is still there holds too."""
    with store.reading() as connection:
        return {
            each
            for each in words
            if connection.execute(
                "SELECT EXISTS (SELECT 1 FROM turn WHERE instr(text, :words)) OR "
                "EXISTS (SELECT 1 FROM change WHERE instr(note, :words))",
                {"words": each.decode()},
            ).fetchone()[0]
        }


def _column(connection: sqlite3.Connection, query: str, values: Iterable[str]) -> set[int]:
    return {int(number) for value in values for (number,) in connection.execute(query, (value,))}


def _doomed(connection: sqlite3.Connection, number: int) -> Doomed:
    def column(query: str) -> tuple[str, ...]:
        return tuple(str(value) for (value,) in connection.execute(query, (number,)))

    [identity] = column("SELECT id FROM session WHERE number = ?")
    [changes] = column("SELECT count(*) FROM change WHERE session = ?")
    said = connection.execute("SELECT speaker, text FROM turn WHERE session = ? ORDER BY place", (number,)).fetchall()
    return Doomed(
        id=identity,
        names=column("SELECT DISTINCT name FROM annotated WHERE session = ? ORDER BY name"),
        places=column(
            "SELECT DISTINCT seen.place FROM seen JOIN annotated ON annotated.source = seen.source "
            "WHERE session = ? ORDER BY seen.place"
        ),
        changes=int(changes),
        coders=column("SELECT DISTINCT coder FROM change WHERE session = ? ORDER BY coder"),
        said=tuple(said),
        notes=column("SELECT DISTINCT note FROM change WHERE session = ? AND note <> ''"),
    )
