"""Word files (.docx): paragraphs such as `Name: words`, tables with one turn a row, and what Teams exports.

The lines of the paragraphs are read as `mendline.transcripts.formats.text` reads plain text, so its rules about labels
hold; paragraphs styled as titles or headings above the first turn need no empty line below them. In an export of Teams
(`Name   0:05` and the words below it, or older, times, name and words on three lines), what stands above the first
speaker and lines such as "Name started transcription" are no part of the talk.

A table holds the talk if its first row names columns (see `mendline.transcripts.formats.table`), or if without such a
row it has two filled columns, speaker and words, or three with a time or a number. The tables after it go on with it.
Then lines above the first such table are a heading, and lines between and below the tables are none of the talk.

What counts as text in a Word file is said in `mendline.transcripts.formats.word`. Notes become comments, one for each
turn, at its words.
"""

from __future__ import annotations

import io
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.formats import text
from mendline.transcripts.formats.inline import noted_words
from mendline.transcripts.formats.kept import Kept, leave
from mendline.transcripts.formats.laid_out import HEADER, opening_line, places_of_turns, read_lines
from mendline.transcripts.formats.noted import Noted, notes_by_row, only_one
from mendline.transcripts.formats.table import transcripts_of
from mendline.transcripts.formats.word import WordLine, WordTable, blocks_of, open_word
from mendline.transcripts.formats.word_tables import TalkTable, talk_in_tables
from mendline.transcripts.notes import TurnNote, note_of_text
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.utterances import clean_text

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

NAME = "docx"
EXTENSIONS = (".docx",)
SUMMARY = "Word: `Name: words` paragraphs, tables with speaker and words, Teams' export"
KEEPS = (Kept.STARTS, Kept.LABELS)
LIBRARY = "python-docx"
COPY_KEEPS = "styles, tables, pictures, headers, comments of others"

AUTHOR = "Mendline"

_EMPTY = WordLine("")
# As empty, but what stood there went to another line.
_JOINED = replace(_EMPTY)
_HEADER = re.compile(HEADER)
_OLD_TIMES = re.compile(r"\s*[0-9:.,]+\s*-->\s*[0-9:.,]+\s*")
_EVENT = re.compile(r"\s*\S.{0,80} (?:started|stopped) transcription\.?\s*")


@dataclass(frozen=True, slots=True)
class _Talk:
    """Where the talk of a file stands: in lines, or in a table."""

    lines: Sequence[WordLine] = ()
    table: TalkTable | None = None


def takes(document: Document) -> bool:
    """Whether it is a zip file with a Word document in it."""
    return document.binary == "docx"


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the conversation of the file, or those of its table. Raises TranscriptError.

    The line in an error counts the lines of the text, or the rows of the table.
    """
    word = open_word(document)
    talk, noted = _talk(document, word, options), _noted_runs(document, word)
    if talk.table is not None:
        table = talk.table
        rows = [replace(row, note=_first_note(noted, runs)) for row, runs in zip(table.rows, table.runs, strict=True)]
        return transcripts_of(document, rows, table.columns, options)
    transcript = read_lines(document, [line.text for line in talk.lines], options)
    if noted:
        notes = [_first_note(noted, runs) for runs in _runs_of_turns(document, talk.lines, transcript)]
        return [replace(transcript, notes=tuple(notes))]
    return [transcript]


def annotated_file(document: Document, transcripts: Sequence[Transcript], notes: Noted, options: ReadOptions) -> bytes:
    """Return the file with a comment at the words of each turn that has a note; all else stays. Raises OutputError.

    `options` are those with which the file was read.
    """
    word = open_word(document)
    _drop_own_comments(word)
    talk = _talk(document, word, options)
    if talk.table is not None:
        table = talk.table
        found = notes_by_row(document, table.rows, table.columns, transcripts, notes)
        for note, runs in zip(found, table.runs, strict=True):
            _comment(document, word, runs, note)
    else:
        transcript, noted = only_one(transcripts, notes, kind="Word")
        for runs, note in zip(_runs_of_turns(document, talk.lines, transcript), noted, strict=True):
            _comment(document, word, runs, note)
    return _saved(word)


def write_file(transcripts: Sequence[Transcript], notes: Noted) -> bytes:
    """Return a Word file with one paragraph for each turn and a comment for each note. Raises OutputError."""
    transcript, noted = only_one(transcripts, notes, kind="Word")
    import docx

    word = docx.Document()
    properties = word.core_properties
    properties.author, properties.comments, properties.title = AUTHOR, "", ""
    lines = text.write(transcript, [None] * len(noted)).splitlines(keepends=False)
    for turn, line, note in zip(transcript.turns, lines, noted, strict=True):
        words = noted_words(turn.text, None)
        try:
            paragraph = word.add_paragraph(line.removesuffix(words))
            run = paragraph.add_run(words)
        except ValueError as error:
            message = f"turn {turn.index + 1} of session {transcript.session} holds a character that Word cannot keep. "
            raise OutputError(message + "Write plain text or a table instead.") from error
        if note.text is not None:
            word.add_comment(run, text=clean_text(note.text), author=AUTHOR, initials=AUTHOR[0])
    return _saved(word)


def _talk(document: Document, word: WordDocument, options: ReadOptions) -> _Talk:
    blocks = blocks_of(word)
    table = talk_in_tables(document, blocks, options)
    if table is not None:
        return _Talk(table=table)
    written = [block for block in blocks if isinstance(block, WordLine)]
    lines = _spoken_lines(written, options)
    if any(line.text.strip() and now is _EMPTY for line, now in zip(written, lines, strict=True)):
        leave(document, "lines that are no turns")
    _refuse_tables_among_turns(document, blocks, options)
    return _Talk(lines)


def _spoken_lines(lines: Sequence[WordLine], options: ReadOptions) -> list[WordLine]:
    """The lines with Teams' ways made plain. What is no part of the talk is emptied, so that all keep their number."""
    if not any(_HEADER.fullmatch(line.text) or _OLD_TIMES.fullmatch(line.text) for line in lines):
        first = opening_line([line.text for line in lines], options.roles) or 0
        styled = all(line.heading for line in lines[:first] if line.text.strip())
        return _emptied(lines, first) if styled else [*lines]
    spoken = [_EMPTY if line.whole and _EVENT.fullmatch(line.text) else line for line in _on_one_line(lines)]
    texts = [line.text for line in spoken]
    first = next((place for place, line in enumerate(texts) if _HEADER.fullmatch(line)), 0)
    return _emptied(spoken, first or opening_line(texts, options.roles) or 0)


def _emptied(lines: Sequence[WordLine], first: int) -> list[WordLine]:
    return [*(_EMPTY if line.text.strip() else line for line in lines[:first]), *lines[first:]]


def _on_one_line(lines: Sequence[WordLine]) -> list[WordLine]:
    """Teams' older form, times, name and words on three lines, as lines such as `[0:01 --> 0:04] Name: words`."""
    made = [*lines]
    filled = [place for place, line in enumerate(lines) if line.text.strip()]
    for number, place in enumerate(filled[:-2]):
        if _OLD_TIMES.fullmatch(lines[place].text):
            times, name, words = (lines[filled[number + step]] for step in range(3))
            label = f"[{times.text.strip()}] {name.text.strip().rstrip(':')}: "
            runs = tuple((start + len(label), run) for start, run in words.runs)
            made[place] = made[filled[number + 1]] = _JOINED
            made[filled[number + 2]] = replace(words, text=label + words.text, runs=runs)
    return made


def _refuse_tables_among_turns(
    document: Document, blocks: Sequence[WordLine | WordTable], options: ReadOptions
) -> None:
    last = max((place for place, block in enumerate(blocks) if isinstance(block, WordTable)), default=0)
    above = [block.text for block in blocks[:last] if isinstance(block, WordLine)]
    if opening_line(above, options.roles) is not None or any(_HEADER.fullmatch(line) for line in above):
        raise document.error(
            "a table stands among the turns, and it names no columns. Put the talk either into paragraphs "
            "(Name: words) or into a table whose first row names its columns, such as speaker and text."
        )


def _runs_of_turns(document: Document, lines: Sequence[WordLine], transcript: Transcript) -> list[list[Any]]:
    """The runs that hold the words of each turn on the line where these start."""
    texts = [line.text for line in lines]
    starts = [0, *accumulate(len(line) + 1 for line in texts)]
    runs = []
    for place in places_of_turns(document, texts, transcript):
        number = bisect_right(starts, place) - 1
        runs.append(lines[number].runs_from(place - starts[number]))
    return runs


def _noted_runs(document: Document, word: WordDocument) -> dict[Any, TurnNote]:
    """The notes in comments of ours, by the run at which each starts; it is said that those of others are left."""
    from docx.oxml.ns import qn

    try:
        comments = [*word.comments]
        texts = {comment.comment_id: comment.text for comment in comments if comment.author == AUTHOR}
    # Comments are none of the talk: one that is broken in any way is no reason not to read it.
    except Exception:
        return {}
    if len(texts) < len(comments):
        leave(document, "comments")
    found: dict[Any, TurnNote] = {}
    for mark in word.element.body.iter(qn("w:commentRangeStart")):
        run = next(mark.itersiblings(qn("w:r")), None)
        identity = mark.get(qn("w:id"), "")
        text = texts.get(int(identity)) if identity.isdecimal() else None
        if run is not None and text:
            found[run] = note_of_text(text)
    return found


def _first_note(noted: Mapping[Any, TurnNote], runs: Sequence[Any]) -> TurnNote | None:
    return next((noted[run] for run in runs if run in noted), None)


def _drop_own_comments(word: WordDocument) -> None:
    """Take out the comments of an earlier annotation, so that no turn carries an old label beside the new one."""
    from docx.oxml.ns import qn

    own = {comment.comment_id for comment in word.comments if comment.author == AUTHOR}
    places = [qn(f"w:{name}") for name in ("commentRangeStart", "commentRangeEnd", "commentReference")]
    for mark in list(word.element.body.iter(*places)):
        if int(mark.get(qn("w:id"), "-1")) in own:
            mark.getparent().remove(mark)
    for comment in list(word.part._comments_part.element):
        if int(comment.get(qn("w:id"), "-1")) in own:
            comment.getparent().remove(comment)


def _comment(document: Document, word: WordDocument, runs: Sequence[Any], note: TurnNote | None) -> None:
    if note is None or note.text is None:
        return
    from docx.text.run import Run

    if not runs:
        raise OutputError("a turn has no text that a comment can be put on. Write a fresh file instead.",
                          file=document.name)  # fmt: skip
    word.add_comment(
        [Run(run, word) for run in (runs[0], runs[-1])],
        text=clean_text(note.text),
        author=AUTHOR,
        initials=AUTHOR[0],
    )


def _saved(word: WordDocument) -> bytes:
    stream = io.BytesIO()
    word.save(stream)
    return stream.getvalue()
