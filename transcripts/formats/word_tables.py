"""Which tables of a Word file hold a talk, and which of their columns are which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.formats.laid_out import opening_line
from mendline.transcripts.formats.table import USUAL_NAMES, Row, find_columns, has_text_column
from mendline.transcripts.formats.text import MAX_HEADING_LINES
from mendline.transcripts.formats.word import WordLine, WordTable
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.roles import speaker_key
from mendline.transcripts.speakers import is_plain_label, states_role
from mendline.transcripts.times import seconds_of_clock
from mendline.transcripts.utterances import clean_text

_SPEAKERS = frozenset((USUAL_NAMES["speaker"] + " " + USUAL_NAMES["role"]).split())


@dataclass(frozen=True, slots=True)
class TalkTable:
    """The rows of a talk, the column for each kind as `find_columns` gives them, and the runs with each row's words."""

    rows: Sequence[Row]
    columns: Mapping[str, str]
    runs: Sequence[Sequence[Any]]


def talk_in_tables(
    document: Document, blocks: Sequence[WordLine | WordTable], options: ReadOptions
) -> TalkTable | None:
    """Return the talk that stands in tables; None where none does. Raises TranscriptError where it is not clear."""
    for place, block in enumerate(blocks):
        if isinstance(block, WordTable) and (header := _header(block, options)) is not None:
            _check_around(document, blocks, place, options)
            tables = [later for later in blocks[place:] if isinstance(later, WordTable)]
            return _joined(document, tables, header, options, named=_names_columns(block, options))
    return None


def _header(table: WordTable, options: ReadOptions) -> list[str] | None:
    """The names of the columns: those of the first row, or for a table without them `speaker`, `text` and so on."""
    if not table.rows:
        return None
    if _names_columns(table, options):
        return [_text(cell) for cell in table.rows[0]]
    return _guessed_columns([[_text(cell) for cell in row] for row in table.rows])


def _names_columns(table: WordTable, options: ReadOptions) -> bool:
    if not table.rows:
        return False
    names = [_text(cell) for cell in table.rows[0]]
    wanted = {name for name in (options.text_column, options.speaker_column) if name is not None}
    return (has_text_column(names) and any(name.casefold() in _SPEAKERS for name in names)) or bool(
        wanted and wanted <= set(names)
    )


def _guessed_columns(rows: Sequence[Sequence[str]]) -> list[str] | None:
    """Names for the columns of a table that has none; None where its first filled column names no speakers."""
    width = len(rows[0])
    if len(rows) < 2 or any(len(row) != width for row in rows):
        return None
    names = [_kind([row[place] for row in rows]) for place in range(width)]
    if names.count("") != 2 or len(set(names) - {"", "empty"}) != len(
        [name for name in names if name not in {"", "empty"}]
    ):
        return None
    speaker = names.index("")
    names[speaker] = "speaker"
    names[names.index("")] = "text"
    speakers = [name for row in rows if (name := row[speaker].rstrip(" :"))]
    repeated = len({speaker_key(name) for name in speakers}) < len(speakers)
    if not all(map(is_plain_label, speakers)) or not (repeated or all(map(states_role, speakers))):
        return None
    return [name if name != "empty" else f"empty {place}" for place, name in enumerate(names)]


def _kind(cells: Sequence[str]) -> str:
    """Return what a column holds if that is plain: `empty`, `id`, `start`; otherwise an empty name."""
    filled = [cell for cell in cells if cell]
    if not filled:
        return "empty"
    if all(cell.rstrip(".").isdecimal() for cell in filled):
        return "id"
    return "start" if all(seconds_of_clock(cell.strip("[]()")) is not None for cell in filled) else ""


def _check_around(document: Document, blocks: Sequence[WordLine | WordTable], place: int, options: ReadOptions) -> None:
    above = [block.text for block in blocks[:place] if isinstance(block, WordLine) and block.text.strip()]
    below = [block.text for block in blocks[place:] if isinstance(block, WordLine)]
    if len(above) > MAX_HEADING_LINES or opening_line(below, options.roles) is not None:
        raise document.error(
            "this file has a table with speakers and also a long text or speakers outside it. Keep the talk in one of "
            "the two: the table, or paragraphs such as Name: words."
        )


def _joined(
    document: Document, tables: Sequence[WordTable], header: Sequence[str], options: ReadOptions, *, named: bool
) -> TalkTable:
    columns = find_columns(document, header, options)
    text, speaker = (header.index(columns[kind]) for kind in ("text", "speaker"))
    times = [header.index(columns[kind]) for kind in ("start", "end") if kind in columns]
    rows: list[Row] = []
    runs: list[list[Any]] = []
    number = 0
    for table in tables:
        for place, cells in enumerate(table.rows):
            number += 1
            values = [_text(cell) for cell in cells]
            if named and place == 0 and values == [*header]:
                continue
            if len(values) != len(header):
                message = (
                    f"this row has {len(values)} cells and the first one {len(header)}. Split or delete it, or put it "
                    "above the table as a paragraph."
                )
                raise document.error(message, line=number)
            values[speaker] = values[speaker].rstrip(" :")
            for time in times:
                values[time] = values[time].strip("[]() ")
            rows.append(Row(number, dict(zip(header, values, strict=True))))
            runs.append([run for line in cells[text] if line.text.strip() for run in line.runs_from(0)])
    return TalkTable(rows, columns, runs)


def _text(cell: Sequence[WordLine]) -> str:
    return clean_text(" ".join(line.text for line in cell))
