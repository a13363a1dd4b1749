"""SRT subtitles with speakers (`Anna: …`, `[SPEAKER_00]: …`, `>> …`). Times are read by pysubs2.

How speakers are found in cues is said in `mendline.transcripts.formats.cues`, which cues make one turn in
`mendline.transcripts.turns`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

import pysubs2

from mendline.transcripts.document import Document, Line
from mendline.transcripts.formats.cues import Cue, units_of
from mendline.transcripts.formats.inline import insert_notes, labels_of, noted_words
from mendline.transcripts.formats.kept import TIMES, Kept
from mendline.transcripts.formats.spans import spans
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.times import clock
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.turns import turns_of
from mendline.transcripts.utterances import Utterance, clean_text, transcript_of

NAME = "srt"
EXTENSIONS = (".srt",)
SUMMARY = "SRT subtitles with speakers (`Name: words`, WhisperX)"
KEEPS = (*TIMES, Kept.LABELS)
LIBRARY = "pysubs2"
COPY_KEEPS = "cue numbers, positions, tags"

_ARROW = "-->"
_TIME = r"[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}[.,][0-9]{1,3}"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
# What stands in words without being one of SRT's marks.
_TAKEN = {re.compile("-->"): "->", re.compile(r"<(?=/?[a-zA-Z])"): "‹", re.compile(r"\{(?=\\)"): "("}
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>|\{\\[^{}]{0,300}\}")


def takes(document: Document) -> bool:
    """Whether one of the first lines holds the times of a cue, and it is not WebVTT."""
    first = islice(document.each_line(), 50)
    return not document.text.startswith("WEBVTT") and any(_TIMES.match(line.text) for line in first)


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError with the line that cannot be read."""
    turns = turns_of(_units(document, options.roles), options)
    return [transcript_of(document, turns, roles=options.roles)]


def write(transcript: Transcript, notes: Sequence[str | None]) -> str:
    """One cue for each turn, `Name: [note] words`, with `>>` in front where the same speaker starts another turn.

    A name that could be taken for something else gives way to the role. What players and readers would take for a mark
    within the words is written in another way. Raises OutputError where a turn has no start; when each starts and ends
    is said at `mendline.transcripts.formats.spans.spans`.
    """
    cues = []
    before: str | None = None
    timed = zip(transcript.turns, spans(transcript, format_name="SRT"), labels_of(transcript), notes, strict=True)
    for turn, (start, end), name, note in timed:
        times = " --> ".join(clock(time, milliseconds=True).replace(".", ",") for time in (start, end))
        mark = ">> " if name == before else ""
        words = noted_words(turn.text, note)
        for taken, other in _TAKEN.items():
            words = taken.sub(other, words)
        cues.append(f"{turn.index + 1}\n{times}\n{mark}{name}: {words}\n")
        before = name
    return "\n".join(cues)


def annotated_copy(document: Document, transcript: Transcript, notes: Sequence[str | None]) -> str:
    """Return the file with a note before the first words of each turn; every other character stays."""
    return insert_notes(document, transcript, _units(document, [turn.speaker for turn in transcript.turns]), notes)


def _words(raw: str) -> str:
    return clean_text(_TAG.sub("", raw))


def _units(document: Document, known: Iterable[str]) -> list[Utterance]:
    cues = _cues(document)
    units = units_of(cues, known=known, clean=_words)
    if not units:
        raise document.error(
            "the cues name no speakers. Write them as Name: words, or transcribe again with speakers "
            "(WhisperX does with --diarize)."
        )
    return units


def _cues(document: Document) -> list[Cue]:
    lines = document.lines()
    timed = [place for place, line in enumerate(lines) if _ARROW in line.text]
    if not timed:
        raise document.error("there are no cues (00:00:01,000 --> 00:00:02,000). Name the format with --input-format.")
    stray = next((line for line in lines[: timed[0]] if line.text.strip() and not line.text.strip().isdecimal()), None)
    if stray is not None:
        raise document.error(
            "these words stand above the first cue. Put them into a cue or delete them.", line=stray.number
        )
    cues: list[Cue] = []
    for place, following in zip(timed, [*timed[1:], len(lines)], strict=True):
        numbered = following < len(lines) and lines[following - 1].text.strip().isdecimal()
        payload = lines[place + 1 : max(place + 1, following - numbered)]
        id_line = lines[place - 1].text.strip() if place > 0 else ""
        cues.append(_cue(document, lines[place], payload, id_line if id_line.isdecimal() else str(len(cues) + 1)))
    return cues


def _cue(document: Document, times: Line, payload: Sequence[Line], name: str) -> Cue:
    events = pysubs2.SSAFile.from_string(times.text, format_="srt").events if _TIMES.fullmatch(times.text) else []
    if len(events) != 1:
        message = "the times of this cue are not like 00:00:01,000 --> 00:00:02,000. Correct them."
        raise document.error(message, line=times.number)
    begin = payload[0].offset if payload else 0
    text = document.text[begin : payload[-1].offset + len(payload[-1].text)] if payload else ""
    return Cue(name, times.number, events[0].start / 1000, events[0].end / 1000, text, begin)
