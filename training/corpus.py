"""Labelled sessions: the corpus form, one JSON object a line and turn, checked strictly.

    session, turn, setting, speaker, role, text, label, marker, sure, agreement, source

`agreement` says who labelled: `both` (two coders agreed), `adjudicated` (a third settled it), `single`, `author`.
A line may also name its `coder`, hold a `note`, and hold a model's probabilities, `p_withdrawal` and so on, as
`mendline annotate` writes them; its `agreement` is then `model` until a person has checked the turn. A session of which
people coded some turns can be trained on: what only a model labelled is context there and no target.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mendline.model.annotation import BY_MODEL, PROBABILITY_COLUMNS
from mendline.model.labels import LABEL_OF, LABELS, Label, Marker
from mendline.transcripts.errors import CorpusError
from mendline.transcripts.roles import role_words
from mendline.transcripts.transcript import Transcript, Turn

SHIPPED = "corpus:"
AGREEMENTS = frozenset({"both", "adjudicated", "single", "author", BY_MODEL})
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LabelledSession:
    """A conversation and, for each of its turns, what a coder said of it."""

    transcript: Transcript
    labels: tuple[Label, ...]
    markers: tuple[Marker | None, ...]
    sure: tuple[bool, ...]
    source: str
    coded: tuple[bool, ...]
    """Whether a person gave the label of each turn; otherwise it is a model's and only stands in its place."""
    probabilities: Floats | None = None
    """What a model says of the turns, [turns, labels], where the file holds it."""

    @property
    def setting(self) -> str:
        """What kind of conversation it is."""
        return self.transcript.setting or "unknown"

    def label_places(self) -> npt.NDArray[np.int64]:
        """The labels as positions in `LABELS`, [turns]."""
        return np.array([LABELS.index(label) for label in self.labels], dtype=np.int64)

    def coded_places(self) -> npt.NDArray[np.int64]:
        """The labels that a person gave as positions in `LABELS`, [coded turns]."""
        places: npt.NDArray[np.int64] = self.label_places()[np.array(self.coded, dtype=bool)]
        return places

    def learned(self, turn: int) -> bool:
        """Whether there is something to learn of a turn: a person's label, or what a teacher says of it."""
        return self.coded[turn] or self.probabilities is not None


def locate(name: str) -> Path:
    """The file behind `corpus:NAME` or a path. Raises CorpusError where there is none."""
    if name.startswith(SHIPPED):
        path = Path(str(files("mendline.corpus") / f"{name.removeprefix(SHIPPED)}.jsonl"))
        advice = "The shipped files are named in corpus/README.md."
    else:
        path = Path(name)
        advice = "`mendline corpus join` makes the files of public corpora from your copy of their text."
    if not path.is_file():
        raise CorpusError(f"there is no such file of labelled sessions. {advice}", file=path)
    return path


def file_hash(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_sessions(
    names: Iterable[str | Path], *, partly: bool = False, by_model: bool = False
) -> list[LabelledSession]:
    """Read the labelled sessions of several files, each `corpus:NAME` or a path. Raises CorpusError.

    Labels that only a model gave are refused: to train on them or to measure against them as if a person had coded them
    would only confirm the model. `partly` takes sessions of which a person coded at least one turn, `by_model` takes
    all; `coded` then says which turns count.
    """
    sessions: dict[str, LabelledSession] = {}
    for name in names:
        path = locate(str(name))
        for session in _read_file(path, partly=partly, by_model=by_model):
            if session.transcript.session in sessions:
                raise CorpusError(
                    f"session {session.transcript.session} was read before, here or in another file. Keep one of them.",
                    file=path,
                )
            sessions[session.transcript.session] = session
    return list(sessions.values())


def leave_out(sessions: Iterable[LabelledSession], words: Sequence[str]) -> list[LabelledSession]:
    """The sessions without those whose setting holds one of the words, in any case of letters."""
    return [one for one in sessions if not any(word.casefold() in one.setting.casefold() for word in words)]


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the corpus form."""

    session: str
    turn: int
    speaker: str
    role: str
    text: str
    label: Label
    marker: Marker | None
    setting: str | None
    sure: bool
    agreement: str
    source: str
    probabilities: tuple[float, ...] | None


def labelled_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The checked lines of a file in the corpus form, as plain data. Raises CorpusError."""
    for _, row in _rows(path):
        yield asdict(row)


def _read_file(path: Path, *, partly: bool, by_model: bool) -> list[LabelledSession]:
    rows: dict[str, list[_Row]] = {}
    doubtful: dict[str, int] = {}
    for number, row in _rows(path):
        turns = rows.setdefault(row.session, [])
        if row.turn != len(turns):
            raise CorpusError(
                f"turn {row.turn} of session {row.session} where turn {len(turns)} is due. Turns count 0, 1, 2, …",
                file=path,
                line=number,
            )
        if row.agreement == BY_MODEL:
            doubtful.setdefault(row.session, number)
        turns.append(row)
    if not rows:
        raise CorpusError("holds no labelled turn. Give a file in the corpus form.", file=path)
    sessions = [_session(turns) for turns in rows.values()]
    for session in sessions:
        _check_coded(session, path, doubtful.get(session.transcript.session), partly=partly, by_model=by_model)
    return sessions


def _check_coded(session: LabelledSession, path: Path, line: int | None, *, partly: bool, by_model: bool) -> None:
    """Raise CorpusError where a model's labels, from `line` on, would pass for those of a person."""
    coded = sum(session.coded)
    if line is None or by_model or (partly and coded):
        return
    if not coded:
        raise CorpusError(
            f"this label was given by a model (agreement: {BY_MODEL}). Check the session; where a person stands behind "
            "its labels, write who in agreement: single, both, adjudicated or author.",
            file=path,
            line=line,
        )
    raise CorpusError(
        f"of the {len(session.coded)} turns of session {session.transcript.session} a person coded {coded}; this label "
        f"was given by a model (agreement: {BY_MODEL}). To train on, that is enough. To measure or tune on a session, "
        "code all of its turns: those that somebody picked are no fair sample.",
        file=path,
        line=line,
    )


def _rows(path: Path) -> Iterator[tuple[int, _Row]]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield number, _parse(line, path, number)


def _parse(line: bytes, path: Path, number: int) -> _Row:
    try:
        fields = json.loads(line)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CorpusError("not a JSON object on one line. Correct the line.", file=path, line=number) from error
    if not isinstance(fields, dict):
        raise CorpusError("not a JSON object. Correct the line.", file=path, line=number)
    try:
        return _row(fields)
    except (KeyError, ValueError, TypeError) as error:
        reason = f"missing key {error}" if isinstance(error, KeyError) else str(error)
        raise CorpusError(f"{reason}. corpus/README.md describes the form.", file=path, line=number) from error


def _row(fields: Mapping[str, Any]) -> _Row:
    for key in ("session", "speaker", "text", "label"):
        if not isinstance(fields[key], str):
            raise TypeError(f"{key} must be a string")
    if not isinstance(fields["turn"], int) or isinstance(fields["turn"], bool):
        raise TypeError("turn must be a whole number")
    for key in ("setting", "role", "agreement", "source"):
        if not isinstance(fields.get(key), str | None):
            raise TypeError(f"{key} must be a string")
    if not isinstance(fields.get("sure", True), bool):
        raise TypeError("sure must be true or false")
    _check_remarks(fields)
    if (fields.get("agreement") or "single") not in AGREEMENTS:
        raise ValueError(f"agreement must be one of {', '.join(sorted(AGREEMENTS))}")
    if not isinstance(fields["label"], str) or fields["label"] not in set(Label):
        raise ValueError(f"label must be one of {', '.join(Label)}")
    label = Label(fields["label"])
    marker = fields.get("marker")
    if marker is not None and (
        not isinstance(marker, str) or marker not in set(Marker) or LABEL_OF[Marker(marker)] != label
    ):
        raise ValueError(f"marker does not belong to the label {label}")
    return _Row(
        session=fields["session"],
        turn=fields["turn"],
        speaker=fields["speaker"],
        role=str(fields.get("role") or ""),
        text=fields["text"],
        label=label,
        marker=None if marker is None else Marker(marker),
        setting=fields.get("setting"),
        sure=fields.get("sure", True),
        agreement=str(fields.get("agreement") or "single"),
        source=str(fields.get("source") or "unknown"),
        probabilities=_probabilities(fields),
    )


def _check_remarks(fields: Mapping[str, Any]) -> None:
    coder = fields.get("coder")
    if not isinstance(coder, str | list | None) or not all(isinstance(name, str) for name in coder or ()):
        raise TypeError("coder must be a name or a list of names")
    if not isinstance(fields.get("note"), str | None):
        raise TypeError("note must be a string")


def _probabilities(fields: Mapping[str, Any]) -> tuple[float, ...] | None:
    names = PROBABILITY_COLUMNS
    if not any(name in fields for name in names):
        return None
    values = tuple(fields[name] for name in names)
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        raise TypeError(f"{', '.join(names)} must be numbers")
    if min(values) < 0 or abs(sum(values) - 1) > 0.01:
        raise ValueError(f"{', '.join(names)} must be probabilities that sum to 1")
    return values


def _session(rows: Sequence[_Row]) -> LabelledSession:
    speakers = list(dict.fromkeys(row.speaker for row in rows))
    given = {row.speaker: row.role for row in rows if row.role}
    words = role_words(speakers, given)
    return LabelledSession(
        transcript=Transcript(
            session=rows[0].session,
            turns=tuple(Turn(row.turn, row.speaker, words[row.speaker], row.text) for row in rows),
            setting=rows[0].setting,
        ),
        labels=tuple(row.label for row in rows),
        markers=tuple(row.marker for row in rows),
        sure=tuple(row.sure for row in rows),
        source=rows[0].source,
        coded=tuple(row.agreement != BY_MODEL for row in rows),
        probabilities=_stacked([row.probabilities for row in rows]),
    )


def _stacked(rows: Sequence[tuple[float, ...] | None]) -> Floats | None:
    """Probabilities [turns, labels] scaled to sum to 1, or None unless every turn has them."""
    known = [row for row in rows if row is not None]
    if len(known) < len(rows):
        return None
    values = np.array(known, dtype=np.float32)
    values /= values.sum(axis=1, keepdims=True)
    return values
