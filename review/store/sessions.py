"""Annotated sessions in a store, so that a file that was opened before opens at once. Knows no file and no coder.

A session is its content: who said what, in which order. The same words under another name are the same session, and a
file that was changed holds another one. Roles, times and names belong to how a file was read, labels to the checkpoint:
they are kept for each file, way of reading and checkpoint.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mendline.model.annotation import AnnotatedTranscript, Annotation
from mendline.model.labels import LABELS, MARKERS, RUPTURES, Label, Marker
from mendline.review.store.database import Store
from mendline.transcripts.errors import StoreError
from mendline.transcripts.transcript import Transcript, Turn

# Halves of surrogate pairs, which some JSON files hold, are no text that can be written.
_HALVES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What labels depend on: the files (`fingerprint`, with their names), how they were read, and the checkpoint.

    `content` is a hash of the files' bytes alone, by which they are found again under another name.
    """

    fingerprint: str
    content: str
    reading: str
    checkpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A session as it stands in a list. `annotation` numbers its labels, the counts are theirs."""

    id: str
    annotation: int
    name: str
    turns: int
    ruptures: int
    repairs: int
    doubtful: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSession:
    """A session with the labels of one checkpoint."""

    id: str
    session: AnnotatedTranscript
    checkpoint: str


def now() -> str:
    """The time, as the store writes it: UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def storable(text: str) -> str:
    """`text` without halves of surrogate pairs."""
    return _HALVES.sub("\ufffd", text)


def content_of(turns: Sequence[tuple[str, str]]) -> str:
    """The hash that a session is known by, of its speakers and texts."""
    plain = json.dumps([[storable(speaker), storable(text)] for speaker, text in turns], ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()


def keep_annotation(
    store: Store, key: Key, sessions: Sequence[AnnotatedTranscript], *, place: str
) -> tuple[StoredSession, ...]:
    """Keep the annotated sessions of a file that stands at `place`. Raises StoreError."""
    with store.writing() as connection:
        connection.execute(
            "DELETE FROM source WHERE fingerprint = ? AND reading = ? AND checkpoint = ?",
            (key.fingerprint, key.reading, key.checkpoint),
        )
        source = connection.execute(
            "INSERT INTO source (fingerprint, reading, checkpoint, content, sessions, annotated) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (key.fingerprint, key.reading, key.checkpoint, key.content, len(sessions), now()),
        ).lastrowid
        assert source is not None
        _see(connection, source, place)
        for number, session in enumerate(sessions):
            _keep(connection, source, number, session)
        return _listed(connection, source)


def find_annotation(store: Store, key: Key, *, place: str) -> tuple[StoredSession, ...] | None:
    """The sessions of a file, if they are kept, all of them; notes that it stands at `place`. Raises StoreError."""
    with store.reading() as connection:
        found = connection.execute(
            "SELECT number, sessions FROM source WHERE fingerprint = ? AND reading = ? AND checkpoint = ?",
            (key.fingerprint, key.reading, key.checkpoint),
        ).fetchone()
        sessions = _listed(connection, found[0]) if found else ()
        if not found or len(sessions) != found[1]:
            return None
        known = connection.execute("SELECT 1 FROM seen WHERE source = ? AND place = ?", (found[0], place)).fetchone()
    if not known:
        with store.writing() as connection:
            _see(connection, found[0], place)
    return sessions


def load_annotation(store: Store, annotation: int) -> LoadedSession:
    """The whole of a session with the labels of this number. Raises StoreError where it was deleted."""
    with store.reading() as connection:
        return read_annotation(connection, annotation, store)


def read_annotation(connection: sqlite3.Connection, annotation: int, store: Store) -> LoadedSession:
    """The same within a block of reading or writing."""
    row = connection.execute(
        "SELECT session.id, session.number, name, setting, detail, checkpoint FROM annotated "
        "JOIN session ON session.number = annotated.session JOIN source ON source.number = annotated.source "
        "WHERE annotated.number = ?",
        (annotation,),
    ).fetchone()
    if row is None:
        raise StoreError("this session was deleted from it. Start `mendline review` again.", file=store.path)
    identity, number, name, setting, detail, checkpoint = row
    said = connection.execute("SELECT speaker, text FROM turn WHERE session = ? ORDER BY place", (number,)).fetchall()
    return LoadedSession(id=identity, session=_unpacked(name, setting, said, json.loads(detail)), checkpoint=checkpoint)


def counted(annotated: AnnotatedTranscript) -> tuple[int, int, int]:
    """How many turns are ruptures, how many are repairs, and how many need review."""
    counts = Counter(annotation.label for annotation in annotated.annotations)
    doubts = sum(annotation.needs_review for annotation in annotated.annotations)
    return sum(counts[label] for label in RUPTURES), counts[Label.REPAIR], doubts


def holds(store: Store, identity: str) -> bool:
    """Whether a session is in the store. Raises StoreError."""
    with store.reading() as connection:
        return connection.execute("SELECT 1 FROM session WHERE id = ?", (identity,)).fetchone() is not None


def _see(connection: sqlite3.Connection, source: int, place: str) -> None:
    connection.execute("INSERT OR IGNORE INTO seen (source, place) VALUES (?, ?)", (source, storable(place)))


def _listed(connection: sqlite3.Connection, source: int) -> tuple[StoredSession, ...]:
    rows = connection.execute(
        "SELECT session.id, annotated.number, name, turns, ruptures, repairs, doubtful FROM annotated "
        "JOIN session ON session.number = annotated.session WHERE source = ? ORDER BY place",
        (source,),
    )
    return tuple(
        StoredSession(
            id=identity,
            annotation=annotation,
            name=name,
            turns=turns,
            ruptures=ruptures,
            repairs=repairs,
            doubtful=doubtful,
        )
        for identity, annotation, name, turns, ruptures, repairs, doubtful in rows
    )


def _keep(connection: sqlite3.Connection, source: int, place: int, annotated: AnnotatedTranscript) -> None:
    transcript = annotated.transcript
    connection.execute(
        "INSERT INTO annotated (source, place, session, name, setting, turns, ruptures, repairs, doubtful, detail) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            source,
            place,
            _session(connection, transcript),
            storable(transcript.session),
            None if transcript.setting is None else storable(transcript.setting),
            len(transcript.turns),
            *counted(annotated),
            json.dumps(_packed(annotated), ensure_ascii=False),
        ),
    )


def _session(connection: sqlite3.Connection, transcript: Transcript) -> int:
    """The number of a session, which is made if nobody has seen its content before."""
    content = content_of([(turn.speaker, turn.text) for turn in transcript.turns])
    found = connection.execute("SELECT number FROM session WHERE content = ?", (content,)).fetchone()
    if found:
        return int(found[0])
    number = connection.execute(
        "INSERT INTO session (id, content, added) VALUES (?, ?, ?)", (secrets.token_hex(8), content, now())
    ).lastrowid
    assert number is not None
    connection.executemany(
        "INSERT INTO turn (session, place, speaker, text) VALUES (?, ?, ?, ?)",
        ((number, turn.index, storable(turn.speaker), storable(turn.text)) for turn in transcript.turns),
    )
    return number


def _packed(annotated: AnnotatedTranscript) -> dict[str, object]:
    """What is not content, as plain JSON data: one list for each thing, one entry for each turn."""
    turns = annotated.transcript.turns
    return {
        "roles": [storable(turn.role) for turn in turns],
        "times": [[turn.start, turn.end] for turn in turns],
        "ids": [[storable(each) for each in turn.source_ids] for turn in turns],
        "labels": [[each.label, each.marker, each.needs_review, *each.probabilities] for each in annotated.annotations],
    }


def _unpacked(
    name: str, setting: str | None, said: Sequence[tuple[str, str]], detail: dict[str, list[list[object]]]
) -> AnnotatedTranscript:
    turns, annotations = [], []
    columns = zip(said, detail["roles"], detail["times"], detail["ids"], detail["labels"], strict=True)
    for index, ((speaker, text), role, (start, end), ids, (label, marker, doubt, *probabilities)) in enumerate(columns):
        turns.append(Turn(index, speaker, str(role), text, _seconds(start), _seconds(end), tuple(map(str, ids))))
        annotations.append(
            Annotation(
                turn=index,
                label=_LABELS[label],
                marker=None if marker is None else _MARKERS[marker],
                probabilities=tuple(probabilities),  # type: ignore[arg-type]
                needs_review=bool(doubt),
            )
        )
    return AnnotatedTranscript(Transcript(name, tuple(turns), setting), tuple(annotations))


# Ten times as quick as to call the enumerations.
_LABELS: dict[object, Label] = {str(label): label for label in LABELS}
_MARKERS: dict[object, Marker] = {str(marker): marker for marker in MARKERS}


def _seconds(value: object) -> float | None:
    return None if value is None else float(str(value))
