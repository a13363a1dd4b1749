"""Notes for the formats that hold values, or several sessions: which note belongs to which row."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.formats.table import Row
from mendline.transcripts.notes import TurnNote
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.utterances import clean_text, other_turns

# One list for each transcript, with one note for each turn.
Noted = Sequence[Sequence[TurnNote]]


def only_one(transcripts: Sequence[Transcript], notes: Noted, *, kind: str) -> tuple[Transcript, Sequence[TurnNote]]:
    """Return the one transcript that a file of this kind holds. Raises OutputError where there are several."""
    if len(transcripts) != 1:
        raise OutputError(
            f"{len(transcripts)} sessions cannot be written as one {kind} file, which holds one. Write them one by "
            "one, or as a table."
        )
    return transcripts[0], notes[0]


def notes_by_row(
    document: Document,
    rows: Sequence[Row],
    columns: Mapping[str, str],
    transcripts: Sequence[Transcript],
    notes: Noted,
) -> list[TurnNote | None]:
    """Return the note for each row of a table, None for rows that are spacing. Raises OutputError.

    `rows` and `columns` are those from which `mendline.transcripts.formats.table` made the transcripts.
    """
    turns = {
        transcript.session: deque(zip(transcript.turns, noted, strict=True))
        for transcript, noted in zip(transcripts, notes, strict=True)
    }
    found: list[TurnNote | None] = []
    for row in rows:
        if not any(value.strip() for value in row.values.values()):
            found.append(None)
            continue
        session = row.values.get(columns["session"], "").strip() if "session" in columns else document.session
        waiting = turns.get(session)
        if not waiting or waiting[0][0].text != clean_text(row.values.get(columns["text"], "")):
            raise other_turns(document)
        found.append(waiting.popleft()[1])
    if any(turns.values()):
        raise other_turns(document)
    return found
