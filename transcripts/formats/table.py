"""Tables with one turn a row, whatever file they come in: which column is which, and from rows to transcripts.

Columns are found by their usual names, in any case, and otherwise named by `ReadOptions`. Rows stay one turn each and
keep their order. Rows of one session belong together wherever they stand: a table sorted by time, in which
conversations alternate, is sorted out again, in the order in which the sessions first appear. A row without any value
is spacing. A row with a speaker but no text is an error: what nobody transcribed cannot be labelled, and leaving it out
in silence would break the count of turns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mendline.transcripts.document import Document
from mendline.transcripts.errors import TranscriptError
from mendline.transcripts.formats.kept import leave
from mendline.transcripts.notes import TurnNote, has_note_values, note_names, note_of_values
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.roles import base_role, speaker_key
from mendline.transcripts.speakers import clean_name
from mendline.transcripts.times import seconds_of
from mendline.transcripts.transcript import Span, Transcript
from mendline.transcripts.utterances import Utterance, clean_text, transcript_of

SOURCE_IDS = "source_ids"
"""The column in which results hold the ids of a turn's units, divided by `;` where a cell cannot hold a list."""
SOURCE_TIMES = "source_times"
"""Where results in JSON Lines hold the start and end of each unit of a turn that has several."""

# In the order in which they are preferred.
USUAL_NAMES = {
    "text": "text utterance_text utterance content transcript transcription sentence message turn_text speech words",
    "speaker": "speaker speaker_name speaker_id interlocutor name participant who person",
    "role": "role speaker_role",
    "session": "session session_id transcript_id conversation_id conversation dialogue_id dialog_id dialogue "
    "interview_id",
    "setting": "setting",
    "id": "utterance_id turn_id turn id",
    "ids": SOURCE_IDS,
    "start": "start start_time start_seconds start_s timestamp onset begin begin_time start_ms begin_ms onset_ms time",
    "end": "end end_time end_seconds end_s stop stop_time end_ms stop_ms",
}
_OPTION_OF = {
    "text": "text_column",
    "speaker": "speaker_column",
    "role": "role_column",
    "session": "session_column",
    "id": "id_column",
    "start": "start_column",
    "end": "end_column",
}
# What is there again in any table that is written.
_COUNTED = ("turn", SOURCE_TIMES)
MAX_NAMED = 5
_NO_VALUE = frozenset({"", "-", "n/a", "na", "nan", "none", "null"})
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file, its values by the name of the column, and what it says of the turn.

    `unit_times` are those of the units whose ids it has, if they are known.
    """

    line: int
    values: Mapping[str, str]
    note: TurnNote | None = None
    unit_times: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class _Turn:
    """A row once its cells are understood. Times are seconds, or seconds since 1970 where `dated`."""

    utterance: Utterance
    role: str
    setting: str
    dated: bool


def note_in(document: Document, record: Mapping[str, object], *, prefix: str = "") -> TurnNote | None:
    """Return the note in a record; values of one that has no label of ours are left aside, and that is said."""
    note = note_of_values(record, prefix=prefix)
    if note is None and has_note_values(record, prefix=prefix):
        leave(document, "labels of other kinds, and values without a label")
    return note


def has_text_column(names: Iterable[str]) -> bool:
    """Whether one of the names is usual for the text of a turn."""
    return bool({_plain(name) for name in names} & set(USUAL_NAMES["text"].split()))


def find_columns(document: Document, names: Sequence[str], options: ReadOptions) -> dict[str, str]:
    """Return the column for each kind of `USUAL_NAMES` that the table has, the text and the speaker at least.

    Raises TranscriptError where a column is missing or stands twice.
    """
    columns = {}
    for kind, usual in USUAL_NAMES.items():
        option = _OPTION_OF.get(kind)
        wanted = None if option is None else getattr(options, option)
        if kind == "ids" and options.id_column is not None:
            continue
        if wanted is not None:
            columns[kind] = _named_column(document, names, wanted, f"--{kind}-column")
            continue
        taken = set(columns.values())
        by_plain_name = {_plain(name): name for name in reversed(names) if name not in taken}
        found = next((by_plain_name[name] for name in usual.split() if name in by_plain_name), None)
        if found is not None:
            columns[kind] = found
    if "text" not in columns:
        raise _no_column(document, "the text", "text, utterance or content", "--text-column")
    if "speaker" not in columns and "role" in columns:
        columns["speaker"] = columns["role"]
    if "speaker" not in columns:
        raise _no_column(document, "the speaker", "speaker, name or role", "--speaker-column")
    twice = next((name for name in columns.values() if names.count(name) > 1), None)
    if twice is not None:
        raise document.error(f"two columns are called {twice!r}. Rename one.", line=1)
    _leave_others(document, names, columns)
    return columns


def transcripts_of(
    document: Document, rows: Iterable[Row], columns: Mapping[str, str], options: ReadOptions
) -> list[Transcript]:
    """One transcript for each session. Raises TranscriptError with the line of a row that cannot be read."""
    sessions: dict[str, list[_Turn]] = {}
    without_text: list[int] = []
    for row in rows:
        if not any(value.strip() for value in row.values.values()):
            continue
        if not clean_text(_cell(row, columns, "text")):
            without_text.append(row.line)
            continue
        session = _cell(row, columns, "session") if "session" in columns else document.session
        if not session:
            raise document.error(
                f"the column {columns['session']!r} is empty here. Say which session it is.", line=row.line
            )
        sessions.setdefault(session, []).append(_turn(document, row, columns))
    if without_text:
        raise _no_text(document, without_text)
    if not sessions:
        raise document.error("the table has no rows below its header. Give a table with one turn a row.")
    return [_transcript(document, session, turns, options) for session, turns in sessions.items()]


def _leave_others(document: Document, names: Sequence[str], columns: Mapping[str, str]) -> None:
    taken = {*columns.values(), *note_names(names)[1], *_COUNTED}
    others = [name for name in names if name not in taken]
    if others:
        more = f" and {len(others) - MAX_NAMED} more" if len(others) > MAX_NAMED else ""
        leave(document, f"columns {', '.join(others[:MAX_NAMED])}{more}")


def _named_column(document: Document, names: Sequence[str], wanted: str, option: str) -> str:
    exact = [name for name in names if name == wanted]
    alike = exact or [name for name in names if _plain(name) == _plain(wanted)]
    if not alike:
        message = f"there is no column {wanted!r}. Give {option} as the first line of the file writes it."
        raise document.error(message, line=1)
    return alike[0]


def _no_column(document: Document, what: str, usual: str, option: str) -> TranscriptError:
    return document.error(
        f"no column has a usual name for {what} (such as {usual}). Say which it is: {option} NAME. "
        "If the first line holds no column names, add such a line.",
        line=1,
    )


def _no_text(document: Document, lines: Sequence[int]) -> TranscriptError:
    places = ", ".join(map(str, lines[:10])) + (" and more" if len(lines) > 10 else "")
    rows = "1 row has" if len(lines) == 1 else f"{len(lines)} rows have"
    return document.error(
        f"{rows} no text (line {places}). Write what was heard, such as [silence], or delete the row; "
        "if another column holds the text, name it with --text-column.",
        line=lines[0],
    )


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().casefold())


def _cell(row: Row, columns: Mapping[str, str], kind: str) -> str:
    return row.values.get(columns[kind], "").strip() if kind in columns else ""


def _turn(document: Document, row: Row, columns: Mapping[str, str]) -> _Turn:
    speaker = _cell(row, columns, "speaker")
    if not clean_name(speaker):
        message = f"the column {columns['speaker']!r} is empty here. Say who speaks, or name another column."
        raise document.error(message, line=row.line)
    start, start_dated = _time(document, row, columns, "start")
    end, end_dated = _time(document, row, columns, "end")
    if start is not None and end is not None and start_dated != end_dated:
        raise document.error("one of start and end is a date, the other is not. Give both alike.", line=row.line)
    ids = tuple(each for each in _cell(row, columns, "ids").split(";") if each)
    source = _cell(row, columns, "id")
    said = Utterance(
        speaker,
        clean_text(_cell(row, columns, "text")),
        start,
        end,
        ids or ((source,) if source else ()),
        row.line,
        note=row.note,
        source_times=row.unit_times if len(row.unit_times) == len(ids) else (),
    )
    role = "" if columns.get("role") == columns["speaker"] else _cell(row, columns, "role")
    return _Turn(said, role, _cell(row, columns, "setting"), start_dated or end_dated)


def _time(document: Document, row: Row, columns: Mapping[str, str], kind: str) -> tuple[float | None, bool]:
    """Return the seconds in a cell and whether they count from a date. Columns that end in `_ms` hold milliseconds."""
    text = _cell(row, columns, kind)
    if text.casefold() in _NO_VALUE:
        return None, False
    if _DATE.fullmatch(text):
        try:
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), True
        except (ValueError, OverflowError):
            pass
    seconds = seconds_of(text, milliseconds=_plain(columns[kind]).endswith("_ms"))
    if seconds is None:
        message = (
            f"the column {columns[kind]!r} holds no time here (seconds, h:mm:ss or a date with a time). "
            f"Correct it, or name another column with --{kind}-column."
        )
        raise document.error(message, line=row.line)
    return seconds, False


def _transcript(document: Document, session: str, turns: Sequence[_Turn], options: ReadOptions) -> Transcript:
    settings = {turn.setting for turn in turns}
    roles = _roles_of(document, turns) | {speaker_key(name): role for name, role in options.roles.items()}
    return transcript_of(
        document,
        _from_first_moment(turns),
        roles=roles,
        session=session,
        setting=(settings.pop() or None) if len(settings) == 1 else None,
    )


def _roles_of(document: Document, turns: Sequence[_Turn]) -> dict[str, str]:
    """Return the roles that the table states, by speaker. Raises TranscriptError where one speaker has two."""
    roles: dict[str, str] = {}
    for turn in turns:
        if not turn.role:
            continue
        try:
            role = base_role(turn.role)
        except TranscriptError as error:
            raise document.error(
                f"{error.message} Or name another column with --role-column.", line=turn.utterance.line
            ) from error
        if roles.setdefault(speaker_key(turn.utterance.speaker), role) != role:
            message = (
                "this speaker had another role further up in the same session. Give each speaker one role, give two "
                "people two names, or name another column with --role-column."
            )
            raise document.error(message, line=turn.utterance.line)
    return roles


def _from_first_moment(turns: Sequence[_Turn]) -> list[Utterance]:
    """Return the utterances; times that are dates become seconds from the earliest of them."""
    moments = [
        time for turn in turns if turn.dated for time in (turn.utterance.start, turn.utterance.end) if time is not None
    ]
    origin = min(moments, default=0.0)
    return [_earlier(turn.utterance, origin) if turn.dated else turn.utterance for turn in turns]


def _earlier(said: Utterance, origin: float) -> Utterance:
    start, end = (None if time is None else time - origin for time in (said.start, said.end))
    return replace(said, start=start, end=end)
