"""The file of a store: how it is made, opened, written and emptied. Knows SQLite and the tables, nothing about codings.

The file is readable by its owner only from its first byte on, and so are those that SQLite keeps beside it while it
is open (`-wal`, `-shm`). What is committed is on the disk (synchronous FULL), deleted content is overwritten with zeros
(secure_delete), and several processes can work on one store at once: a write waits for another to end.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self

from mendline.transcripts.errors import StoreError

DEFAULT_NAME = "reviews.mendline.sqlite"
SIDE_FILES = ("-wal", "-shm", "-journal")  # The last only where the disk allows no write-ahead log.
SCHEMA_VERSION = 1
BUSY_SECONDS = 10.0
_APPLICATION_ID = 0x4D656E64  # "Mend", which tells a store from other SQLite files.

# A change is never altered: what a coder said stays, and undoing it is a row of its own. Only whole sessions go.
_SCHEMA = """
CREATE TABLE session (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL UNIQUE,
    added TEXT NOT NULL
);
CREATE TABLE turn (
    session INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
    place INTEGER NOT NULL,
    speaker TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (session, place)
) WITHOUT ROWID;
CREATE TABLE source (
    number INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    reading TEXT NOT NULL,
    checkpoint TEXT NOT NULL,
    content TEXT NOT NULL,
    sessions INTEGER NOT NULL,
    annotated TEXT NOT NULL,
    UNIQUE (fingerprint, reading, checkpoint)
);
CREATE TABLE seen (
    source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
    place TEXT NOT NULL,
    PRIMARY KEY (source, place)
) WITHOUT ROWID;
CREATE TABLE annotated (
    number INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
    place INTEGER NOT NULL,
    session INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
    name TEXT NOT NULL,
    setting TEXT,
    turns INTEGER NOT NULL,
    ruptures INTEGER NOT NULL,
    repairs INTEGER NOT NULL,
    doubtful INTEGER NOT NULL,
    detail TEXT NOT NULL,
    UNIQUE (source, place)
);
CREATE INDEX annotated_session ON annotated (session);
CREATE TABLE change (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    session INTEGER NOT NULL REFERENCES session ON DELETE CASCADE,
    turn INTEGER NOT NULL,
    coder TEXT NOT NULL,
    time TEXT NOT NULL,
    label TEXT,
    marker TEXT,
    sure INTEGER NOT NULL,
    note TEXT NOT NULL,
    blind INTEGER NOT NULL,
    FOREIGN KEY (session, turn) REFERENCES turn (session, place) ON DELETE CASCADE
);
CREATE INDEX change_coder ON change (session, coder, turn, number);
CREATE TABLE undone (
    change INTEGER PRIMARY KEY REFERENCES change ON DELETE CASCADE,
    time TEXT NOT NULL
);
CREATE TRIGGER change_stays BEFORE UPDATE ON change BEGIN SELECT RAISE(ABORT, 'a change is never altered'); END;
CREATE TRIGGER undone_stays BEFORE UPDATE ON undone BEGIN SELECT RAISE(ABORT, 'a change is never altered'); END;
"""


class Store:
    """An open store. Any thread may use it; each block of `reading` or `writing` is one transaction."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._file = _file_at(path)
        self._lock = RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A block that sees the store as it is at one moment. Raises StoreError."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A block whose changes are kept if it ends well, on the disk when it has ended. Raises StoreError."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated(self.path):
            # SQLite would go on in the file that is no longer there, and lose what is saved.
            if _file_at(self.path) != self._file:
                raise StoreError(
                    "was moved, deleted or replaced while it was open. Nothing was saved: put it back, and start again "
                    "what works with it.",
                    file=self.path,
                )
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def compact(self) -> None:
        """Write the file anew without what was deleted, and empty the write-ahead log. Raises StoreError."""
        with self._lock, _translated(self.path):
            try:
                self._connection.execute("VACUUM")
                busy, *_ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError as error:
                if not _is_busy(error):
                    raise
                busy = True
        if busy:
            raise StoreError(
                "is in use by another program, so that deleted text may still stand in its log. Close every `mendline "
                "review` of it and do the same again.",
                file=self.path,
            )

    def close(self) -> None:
        """Close it. The last one to close a store removes the files beside it."""
        with self._lock:
            self._connection.close()


def open_store(path: Path, *, create: bool = True) -> Store:
    """Open a store, made where there is none and `create` allows it. Raises StoreError."""
    path = _resolved(path)
    _make_private(path, create=create)
    with _translated(path):
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _configure(connection)
            _make_tables(connection)
            _use_log(connection)  # Only now, so that the file itself, without its log, says from the start what it is.
        except BaseException:
            connection.close()
            raise
    return Store(path, connection)


def files_of(path: Path) -> list[Path]:
    """The files that a store consists of, as far as they exist."""
    names = (path, *(path.with_name(path.name + ending) for ending in SIDE_FILES))
    return [each for each in names if each.exists()]


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads back to itself.
        raise StoreError("a link leads back to itself. Choose another file with --store.", file=path) from error


def _make_private(path: Path, *, create: bool) -> None:
    """See to it that the file is there and its owner's only. SQLite gives those beside it the same permissions."""
    try:
        if create and not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:  # Another process was quicker.
        pass
    except OSError as error:
        raise StoreError(
            f"cannot be made: {error.strerror}. Choose another place for the codings with --store FILE.", file=path
        ) from error
    if not path.exists():
        raise StoreError(
            "there is no such store of codings. `mendline review` makes it; say where it lies with --store FILE.",
            file=path,
        )
    if not path.is_file():
        raise StoreError("is not an ordinary file. Choose another name with --store.", file=path)
    _check_kind(path)
    for each in files_of(path):
        _withdraw_from_others(each)


def _withdraw_from_others(path: Path) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if os.name == "posix" and mode & 0o077:
            path.chmod(mode & 0o700)
    except FileNotFoundError:  # Another process closed the store, and with it the files beside it.
        pass
    except OSError as error:
        raise StoreError(
            f"other people can read it and that cannot be changed: {error.strerror}. Choose a store of your own.",
            file=path,
        ) from error


def _file_at(path: Path) -> tuple[int, int] | None:
    """What tells the file at a path from any that takes its place; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _check_kind(path: Path) -> None:
    """Refuse what is no store, or one of another version, before anything is changed: it may be somebody's file."""
    if path.stat().st_size == 0:
        return
    # To read the bytes without SQLite would take away the locks that this process may have on the file.
    with _translated(path), closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        [kind] = connection.execute("PRAGMA application_id").fetchone()
        [version] = connection.execute("PRAGMA user_version").fetchone()
    if kind != _APPLICATION_ID:
        raise StoreError("is a database of another program. Choose another file with --store.", file=path)
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"was made by another version of Mendline (form {version}, this one reads {SCHEMA_VERSION}). Use that "
            "version, or choose another file with --store.",
            file=path,
        )


def _configure(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # On macOS nothing less reaches the disk.
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    # Temporary files would hold text outside of the store.
    connection.execute("PRAGMA temp_store = MEMORY")


def _use_log(connection: sqlite3.Connection) -> None:
    """Write ahead to a log. SQLite does not wait for other processes here, so this does."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        [version] = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:  # Otherwise another process has made them since.
            for statement in _statements(_SCHEMA):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one, since `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Errors of SQLite as ours. Their own words are not passed on: they may quote what was to be written."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(_reason(error), file=path) from error


def _reason(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if _is_busy(error):
        return f"another program has been writing to it for {BUSY_SECONDS:.0f} s. Nothing was saved: try again."
    if code == sqlite3.SQLITE_NOTADB:
        return "is not a store of codings. Choose another file with --store."
    if code == sqlite3.SQLITE_CORRUPT:
        return "is damaged. Restore a copy of it; the file is left as it is."
    if code == sqlite3.SQLITE_FULL:
        return "the disk is full. Nothing was saved: make room and try again."
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return "cannot be written. Check its permissions and those of its folder, or choose another with --store."
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return f"cannot be read or written ({name}). Check the disk, or choose another file with --store."
