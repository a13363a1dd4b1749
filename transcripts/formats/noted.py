"""What is noted at a turn, for files that people and programs read. Knows no label: words and numbers are only carried.

`text` is for people: one line. `label` is one word or None where nothing is to be marked, `score` how sure it is (0 to
1). `values` is for programs: plain values by name, which a file keeps under names that start with `PREFIX`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.formats.table import Row
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.utterances import clean_text

PREFIX = "mendline_"


@dataclass(frozen=True, slots=True)
class TurnNote:
    """The note of one turn; an empty one says nothing."""

    text: str | None = None
    label: str | None = None
    score: float | None = None
    values: Mapping[str, str | float | bool | None] = field(default_factory=dict)

    def named_values(self) -> dict[str, str | float | bool | None]:
        """Return the values under the names by which files keep them."""
        return {PREFIX + name: value for name, value in self.values.items()}


# One list for each transcript, with one note for each turn.
Noted = Sequence[Sequence[TurnNote]]


def other_file(document: Document) -> OutputError:
    """Return the error for transcripts that were not read from this file."""
    return OutputError("these are not the turns of this file. Read the file again, then write the copy.",
                       file=document.name)  # fmt: skip


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
            raise other_file(document)
        found.append(waiting.popleft()[1])
    if any(turns.values()):
        raise other_file(document)
    return found
