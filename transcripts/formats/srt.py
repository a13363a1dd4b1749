"""SRT subtitles with speakers (`Anna: …`, `[SPEAKER_00]: …`, `>> …`). Times are read by pysubs2.

How speakers are found in cues, and which cues make one turn, is said in `mendline.transcripts.formats.cues`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import pysubs2

from mendline.transcripts.document import Document, Line
from mendline.transcripts.formats.cues import Cue, utterances_of
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.utterances import Utterance, clean_text, insert_notes, transcript_of

NAME = "srt"
EXTENSIONS = (".srt",)
SUMMARY = "SRT subtitles with speakers (`Name: words`, WhisperX)"

_ARROW = "-->"
_TIME = r"[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}[.,][0-9]{1,3}"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>|\{\\[^{}]{0,300}\}")


def takes(document: Document) -> bool:
    """Whether one of the first lines holds the times of a cue, and it is not WebVTT."""
    return not document.text.startswith("WEBVTT") and any(_TIMES.match(line.text) for line in document.lines()[:50])


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError with the line that cannot be read."""
    return [transcript_of(document, _utterances(document, options.roles), roles=options.roles)]


def annotated_copy(document: Document, transcript: Transcript, notes: Sequence[str | None]) -> str:
    """Return the file with a note before the first words of each turn; every other character stays."""
    return insert_notes(document, transcript, _utterances(document, [turn.speaker for turn in transcript.turns]), notes)


def _words(raw: str) -> str:
    return clean_text(_TAG.sub("", raw))


def _utterances(document: Document, known: Iterable[str]) -> list[Utterance]:
    cues = _cues(document)
    utterances = utterances_of(cues, known=known, clean=_words)
    if not utterances:
        raise document.error(
            "the cues name no speakers. Write them as Name: words, or transcribe again with speakers "
            "(WhisperX does with --diarize)."
        )
    return utterances


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
