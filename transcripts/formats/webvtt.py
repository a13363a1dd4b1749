"""WebVTT: Teams (`<v Anna>…</v>`), Zoom (`Anna: …`), YouTube (`>> …`) and others. Cues are read by webvtt-py.

How speakers are found in cues is said in `mendline.transcripts.formats.cues`, which cues make one turn in
`mendline.transcripts.turns`. A file whose header says `WEBVTT - one turn per cue`, as `write` makes it, keeps
consecutive cues of one speaker apart.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

import webvtt
from webvtt.errors import MalformedCaptionError, MalformedFileError

from mendline.transcripts.document import Document, Line
from mendline.transcripts.formats.cues import Cue, units_of
from mendline.transcripts.formats.inline import insert_notes, noted_words
from mendline.transcripts.formats.kept import TIMES, Kept, leave
from mendline.transcripts.formats.spans import spans
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.times import clock
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.turns import turns_of
from mendline.transcripts.utterances import Utterance, clean_text, transcript_of

NAME = "webvtt"
EXTENSIONS = (".vtt", ".webvtt")
SUMMARY = "WebVTT subtitles with speakers (Teams, Zoom, YouTube)"
KEEPS = (*TIMES, Kept.LABELS)
LIBRARY = "webvtt-py"
COPY_KEEPS = "cue settings and ids, styles, regions, comments, tags"

_TURN_PER_CUE = "one turn per cue"
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>|<[0-9:.]{1,20}>|</>")
_ARROW = "-->"


def takes(document: Document) -> bool:
    """Whether the text starts as WebVTT must."""
    return document.text.startswith("WEBVTT")


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError with the line that cannot be read."""
    turns = turns_of(_units(document, options.roles), options)
    return [transcript_of(document, turns, roles=options.roles)]


def write(transcript: Transcript, notes: Sequence[str | None]) -> str:
    """One cue with a voice tag for each turn. Raises OutputError where a turn has no start.

    When each starts and ends is said at `mendline.transcripts.formats.spans.spans`.
    """
    cues = ["WEBVTT - " + _TURN_PER_CUE]
    timed = zip(transcript.turns, spans(transcript, format_name="WebVTT"), notes, strict=True)
    for turn, (start, end), note in timed:
        times = f"{clock(start, milliseconds=True)} {_ARROW} {clock(end, milliseconds=True)}"
        words = _escape(noted_words(turn.text, note))
        cues.append(f"{turn.index + 1}\n{times}\n<v {_escape(turn.speaker)}>{words}</v>")
    return "\n\n".join(cues) + "\n"


def annotated_copy(document: Document, transcript: Transcript, notes: Sequence[str | None]) -> str:
    """Return the file with a note before the first words of each turn; every other character stays."""
    known = [turn.speaker for turn in transcript.turns]
    escaped = [None if note is None else _escape(note) for note in notes]
    return insert_notes(document, transcript, _units(document, known), escaped)


def _escape(text: str) -> str:
    return html.escape(text, quote=False)


def _words(raw: str) -> str:
    return clean_text(html.unescape(_TAG.sub("", raw)))


def _units(document: Document, known: Iterable[str]) -> list[Utterance]:
    blocks = _blocks(document)
    if not takes(document):
        raise document.error("the first line is not WEBVTT. Add it, or name the format with --input-format.", line=1)
    header, *rest = blocks
    stray = next((line for line in header if _ARROW in line.text), None)
    if stray is not None:
        raise document.error("this cue belongs to the header. Put an empty line above it.", line=stray.number)
    if not all(map(_is_cue, rest)):
        leave(document, "comments, styles and regions")
    cues = [_cue(document, block, str(number)) for number, block in enumerate(filter(_is_cue, rest), start=1)]
    units = units_of(cues, known=known, clean=_words, turn_per_cue=header[0].text.endswith(_TURN_PER_CUE))
    if cues and not units:
        raise document.error(
            "the cues name no speakers. Write them as <v Name>words or Name: words, or transcribe again with speakers "
            "(Teams and Zoom name them; WhisperX does with --diarize)."
        )
    return units


def _blocks(document: Document) -> list[list[Line]]:
    blocks: list[list[Line]] = [[]]
    for line in document.lines():
        if line.text:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _is_cue(block: Sequence[Line]) -> bool:
    """Whether a block is neither a comment, a style nor a region, which say nothing of the conversation."""
    first = block[0].text
    timed = any(_ARROW in line.text for line in block)
    return not (first == "NOTE" or first.startswith(("NOTE ", "NOTE\t"))) and (
        timed or first.rstrip() not in {"STYLE", "REGION"}
    )


def _cue(document: Document, block: Sequence[Line], number: str) -> Cue:
    arrows = [place for place, line in enumerate(block) if _ARROW in line.text]
    line = block[arrows[0]].number if arrows else block[0].number
    if len(arrows) > 1:
        message = "the times of a cue stand here without an empty line above the cue. Put one there."
        raise document.error(message, line=block[arrows[1]].number)
    if not arrows or arrows[0] > 1:
        message = (
            "this is neither a cue with its times (00:00:01.000 --> 00:00:02.000) nor a comment (NOTE). Correct it."
        )
        raise document.error(message, line=line)
    try:
        captions = webvtt.from_string("\n".join(["WEBVTT", "", *(part.text for part in block)])).captions
    except (MalformedCaptionError, MalformedFileError):
        captions = []
    if len(captions) != 1:
        message = "the times of this cue are not like 00:00:01.000 --> 00:00:02.000. Correct them."
        raise document.error(message, line=line)
    start, end = (_seconds(time.to_tuple()) for time in (captions[0].start_time, captions[0].end_time))
    payload = block[arrows[0] + 1 :]
    begin = payload[0].offset if payload else 0
    text = document.text[begin : payload[-1].offset + len(payload[-1].text)] if payload else ""
    return Cue(captions[0].identifier or number, line, start, end, text, begin)


def _seconds(time: tuple[int, int, int, int]) -> float:
    hours, minutes, seconds, milliseconds = time
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000
