"""What coders say of the turns of a session: a history to which changes are only added. Knows no page and no file.

What a coder says of a turn now is that coder's last change of it that was not undone. Coders do not see each other here
and cannot change each other's codings.
"""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from mendline.model.annotation import AnnotatedTranscript
from mendline.model.labels import LABEL_OF, Label, Marker
from mendline.review.store.database import Store
from mendline.review.store.sessions import now, read_annotation, storable
from mendline.transcripts.errors import ReviewError, StoreError

LONGEST_NOTE = 2000
LONGEST_CODER = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """What one coder says of one turn.

    `blind` says that the model's labels were hidden from the coder. `time` is when it was saved, in UTC.
    """

    label: Label
    marker: Marker | None
    sure: bool = True
    note: str = ""
    blind: bool = False
    time: datetime | None = None

    def __post_init__(self) -> None:
        if self.marker is not None and LABEL_OF[self.marker] is not self.label:
            raise ValueError("the marker does not belong to the label")
        if len(self.note) > LONGEST_NOTE:
            raise ValueError("the note is too long")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of the history. `coding` is None where the coder took the earlier one back."""

    turn: int
    coder: str
    time: datetime
    coding: Coding | None
    undone: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedSession:
    """A session, the model's labels by the `checkpoint` that was last used, and by coder and turn the codings now.

    The name within `session` is that of its file and need not be unique; `id` is.
    """

    id: str
    session: AnnotatedTranscript
    checkpoint: str
    codings: Mapping[str, Mapping[int, Coding]]


def coder_name(text: str) -> str:
    """A coder's name as it is kept: composed characters, single spaces. Raises ReviewError where it is none."""
    name = " ".join(unicodedata.normalize("NFC", storable(text)).split())
    if not name or len(name) > LONGEST_CODER or any(unicodedata.category(each) in {"Cc", "Cf"} for each in name):
        raise ReviewError(
            f"a coder's name has 1 to {LONGEST_CODER} characters and no control characters. Say who codes with "
            "--coder NAME."
        )
    return name


_NOW = """
SELECT turn, coder, time, label, marker, sure, note, blind FROM change WHERE number IN (
    SELECT max(number) FROM change LEFT JOIN undone ON undone.change = change.number
    WHERE session = :session AND undone.change IS NULL AND (:coder IS NULL OR coder = :coder)
        AND (:turn IS NULL OR turn = :turn)
    GROUP BY coder, turn
) AND label IS NOT NULL ORDER BY coder, turn
"""


def current(store: Store, identity: str, *, coder: str) -> dict[int, Coding]:
    """What a coder says of the turns of a session. Raises StoreError."""
    with store.reading() as connection:
        return _now(connection, _number(connection, identity, store), coder=coder).get(coder, {})


def current_one(store: Store, identity: str, turn: int, *, coder: str) -> Coding | None:
    """What a coder says of one turn. Raises StoreError."""
    with store.reading() as connection:
        found = _now(connection, _number(connection, identity, store), coder=coder, turn=turn)
        return found.get(coder, {}).get(turn)


def save(store: Store, identity: str, turn: int, *, coder: str, coding: Coding | None) -> None:
    """Note what a coder says of a turn, None to take it back; it is on the disk when this returns. Raises StoreError.

    What the coder says already is not noted again.
    """
    with store.writing() as connection:
        session = _number(connection, identity, store)
        before = _now(connection, session, coder=coder, turn=turn).get(coder, {}).get(turn)
        if coding is not None:
            coding = replace(coding, note=storable(coding.note), time=None)
        if coding == (None if before is None else replace(before, time=None)):
            return
        connection.execute(
            "INSERT INTO change (session, turn, coder, time, label, marker, sure, note, blind) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (session, turn, coder, now(), *_cells(coding)),
        )


def undo(store: Store, identity: str, *, coder: str) -> int | None:
    """Undo a coder's last change in a session that is not undone yet; its turn, None if there is none."""
    with store.writing() as connection:
        last = connection.execute(
            "SELECT number, turn FROM change LEFT JOIN undone ON undone.change = change.number "
            "WHERE session = ? AND coder = ? AND undone.change IS NULL ORDER BY number DESC LIMIT 1",
            (_number(connection, identity, store), coder),
        ).fetchone()
        if last is None:
            return None
        connection.execute("INSERT INTO undone (change, time) VALUES (?, ?)", (last[0], now()))
        return int(last[1])


def counts(store: Store, *, coder: str) -> dict[str, int]:
    """How many turns of each session a coder has coded; sessions without any are left out. Raises StoreError."""
    with store.reading() as connection:
        return dict(
            connection.execute(
                "SELECT id, count(*) FROM change JOIN session ON session.number = change.session "
                "WHERE change.number IN (SELECT max(change.number) FROM change "
                "LEFT JOIN undone ON undone.change = change.number "
                "WHERE coder = ? AND undone.change IS NULL GROUP BY session, turn) AND label IS NOT NULL GROUP BY id",
                (coder,),
            )
        )


def history(store: Store, identity: str) -> tuple[Change, ...]:
    """Every change of a session by everybody, in the order in which they were made. Raises StoreError."""
    with store.reading() as connection:
        rows = connection.execute(
            "SELECT turn, coder, change.time, label, marker, sure, note, blind, undone.time FROM change "
            "LEFT JOIN undone ON undone.change = change.number WHERE session = ? ORDER BY number",
            (_number(connection, identity, store),),
        )
        return tuple(
            Change(
                turn=turn,
                coder=coder,
                time=datetime.fromisoformat(time),
                coding=None if cells[0] is None else _coding(time, *cells),
                undone=None if undone is None else datetime.fromisoformat(undone),
            )
            for turn, coder, time, *cells, undone in rows
        )


def coded_sessions(store: Store) -> tuple[CodedSession, ...]:
    """The sessions that anybody has coded, in the order in which they came into the store. Raises StoreError."""
    found = []
    with store.reading() as connection:
        rows = connection.execute(
            "SELECT session, max(number) FROM annotated WHERE session IN (SELECT session FROM change) "
            "GROUP BY session ORDER BY session"
        ).fetchall()
        for session, annotation in rows:
            codings = _now(connection, session)
            if codings:
                loaded = read_annotation(connection, annotation, store)
                found.append(
                    CodedSession(id=loaded.id, session=loaded.session, checkpoint=loaded.checkpoint, codings=codings)
                )
    return tuple(found)


def _number(connection: sqlite3.Connection, identity: str, store: Store) -> int:
    found = connection.execute("SELECT number FROM session WHERE id = ?", (identity,)).fetchone()
    if found is None:
        raise StoreError("this session was deleted from it. Start `mendline review` again.", file=store.path)
    return int(found[0])


def _now(
    connection: sqlite3.Connection, session: int, *, coder: str | None = None, turn: int | None = None
) -> dict[str, dict[int, Coding]]:
    """The codings of a session that hold, by coder and turn."""
    found: dict[str, dict[int, Coding]] = {}
    for place, who, time, *cells in connection.execute(_NOW, {"session": session, "coder": coder, "turn": turn}):
        found.setdefault(who, {})[place] = _coding(time, *cells)
    return found


def _coding(time: str, label: str, marker: str | None, sure: int, note: str, blind: int) -> Coding:
    return Coding(
        label=Label(label),
        marker=None if marker is None else Marker(marker),
        sure=bool(sure),
        note=note,
        blind=bool(blind),
        time=datetime.fromisoformat(time),
    )


def _cells(coding: Coding | None) -> tuple[str | None, str | None, bool, str, bool]:
    if coding is None:
        return None, None, True, "", False
    marker = None if coding.marker is None else str(coding.marker)
    return str(coding.label), marker, coding.sure, coding.note, coding.blind
