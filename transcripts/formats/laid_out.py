"""From the lines that Word or a PDF shows to the plain-text reader, which finds the turns. Knows neither format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mendline.transcripts.document import Document
from mendline.transcripts.formats import text
from mendline.transcripts.formats.kept import leave, left_aside
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.roles import speaker_key
from mendline.transcripts.speakers import find_label, speakers_among
from mendline.transcripts.times import CLOCK
from mendline.transcripts.transcript import Transcript

# A name and a time on a line of their own, as Teams and Otter write them.
HEADER = rf"\s*(?P<name>\S[^:]{{0,60}}?)(?:[ ]{{2,}}+|\t++[ ]*+)(?P<start>{CLOCK})\s*"

_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2007": " ", "\u2028": " ", "\u2029": " ", "\x0b": " "})


def plain(line: str) -> str:
    """Return one line with plain spaces, of the same length."""
    return line.translate(_SPACES).replace("\r", " ").replace("\n", " ")


def as_text(document: Document, lines: Iterable[str]) -> Document:
    """Return the document as if it were a text file of these lines."""
    return replace(document, text="\n".join(lines), binary=None)


def opening_line(lines: Sequence[str], known: Iterable[str]) -> int | None:
    """Return the place of the first line with a label that is meant as a speaker; None where there is none."""
    filled = [place for place, line in enumerate(lines) if line.strip()]
    labels = [find_label(lines[place]) for place in filled]
    openings = [place == 0 or not lines[place - 1].strip() for place in filled]
    meant = speakers_among(labels, openings=openings, known=known)
    return next(
        (
            place
            for place, label in zip(filled, labels, strict=True)
            if label is not None and speaker_key(label.name) in meant
        ),
        None,
    )


def read_lines(document: Document, lines: Sequence[str], options: ReadOptions) -> Transcript:
    """Return the conversation in the lines. Raises TranscriptError; its line counts these lines from 1."""
    shown = as_text(document, lines)
    (transcript,) = text.read(shown, options)
    for what in left_aside(shown):
        leave(document, what)
    return transcript


def places_of_turns(document: Document, lines: Sequence[str], transcript: Transcript) -> list[int]:
    """Return where in the lines, joined by line ends, the words of each turn start. Raises OutputError."""
    return text.places_of_turns(as_text(document, lines), transcript)
