"""The JSON of Azure Speech: batch transcription (`recognizedPhrases`) and fast transcription (`phrases`).

Each phrase is one piece, its best guess the words as displayed. How pieces make turns:
`mendline.transcripts.formats.pieces`. Speakers are called "Speaker 1"; where no phrase has one but there are several
channels, "Channel 0" and "Channel 1". A phrase that Azure could not recognise has no words and makes no turn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.formats.kept import TIMES, Kept
from mendline.transcripts.formats.pieces import Piece
from mendline.transcripts.formats.service import Content, Service, speaker_name
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

NAME = "azure"
EXTENSIONS = ()
SUMMARY = "JSON of Azure Speech, batch or fast transcription, with speakers or channels"
KEEPS = (*TIMES, Kept.IDS)
LIBRARY = "json (Python)"
COPY_KEEPS = ""

_TICKS = 10_000_000
_DURATION = re.compile(r"PT(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]+)?)S)?")

_SERVICE = Service(
    NAME,
    hint="Give the JSON of a finished Azure transcription (of its files, the one for the recording).",
    no_speakers="the phrases have no speakers. Transcribe again with diarization, or with one channel for each "
    "speaker.",
)


def takes(document: Document) -> bool:
    """Whether the keys are those of an Azure transcription."""
    return _SERVICE.takes(document)


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError that says which part cannot be read."""
    return _SERVICE.read(document, options, _pieces)


def _pieces(content: Content) -> list[Piece]:
    result = content.root()
    key = "recognizedPhrases" if "recognizedPhrases" in result else "phrases"
    phrases = content.objects(result, key, where="the file")
    channels = {str(phrase["channel"]) for phrase in phrases if phrase.get("channel") is not None}
    return [_piece(content, phrase, number, len(channels) > 1) for number, phrase in enumerate(phrases)]


def _piece(content: Content, phrase: Mapping[str, Any], number: int, several: bool) -> Piece:
    where = f"phrase {number + 1}"
    start = _time(content, phrase, "offset", where)
    length = _time(content, phrase, "duration", where)
    end = None if start is None or length is None else start + length
    name = speaker_name(phrase.get("speaker"), phrase.get("channel") if several else None)
    return Piece(_text(content, phrase, where), name, start, end, str(number))


def _text(content: Content, phrase: Mapping[str, Any], where: str) -> str:
    guesses: Sequence[Mapping[str, Any]] = content.objects(phrase, "nBest", where=where)
    for source, key in ((phrase, "text"), *((guess, key) for guess in guesses[:1] for key in ("display", "lexical"))):
        text = content.string(source, key, where=where)
        if text:
            return text
    return ""


def _time(content: Content, phrase: Mapping[str, Any], key: str, where: str) -> float | None:
    for unit, per_second in (("InTicks", _TICKS), ("Milliseconds", 1000), ("InMs", 1000)):
        if phrase.get(key + unit) is not None:
            return content.seconds(phrase, key + unit, where=where, per_second=per_second)
    text = content.string(phrase, key, where=where)
    match = _DURATION.fullmatch(text)
    if text and match is None:
        raise content.error(f'"{key}" of {where} is not a time such as PT1M2.5S.')
    if match is None:
        return None
    hours, minutes, rest = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest
