"""The JSON of Azure Speech: batch transcription (`recognizedPhrases`) and fast transcription (`phrases`).

Each phrase is one piece, its best guess the words as displayed. How pieces make turns:
`mendline.transcripts.formats.service`. Speakers are called "Speaker 1"; where no phrase has one but there are several
channels, "Channel 0" and "Channel 1". A phrase that Azure could not recognise has no words and makes no turn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.formats.json_shapes import shape_of
from mendline.transcripts.formats.service import (
    Piece,
    objects,
    seconds,
    service_object,
    speaker_name,
    string,
    transcript_of_pieces,
)
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

NAME = "azure"
EXTENSIONS = ()
SUMMARY = "JSON of Azure Speech, batch or fast transcription, with speakers or channels"

_HINT = "Give the JSON of a finished Azure transcription (of its files, the one for the recording)."
_NO_SPEAKERS = "the phrases have no speakers. Transcribe again with diarization, or with one channel for each speaker."
_TICKS = 10_000_000
_DURATION = re.compile(r"PT(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]+)?)S)?")


def takes(document: Document) -> bool:
    """Whether the keys are those of an Azure transcription."""
    return shape_of(document) == NAME


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError that says which part cannot be read."""
    result = service_object(document, hint=_HINT)
    key = "recognizedPhrases" if "recognizedPhrases" in result else "phrases"
    phrases = objects(document, result, key, where="the file", hint=_HINT)
    channels = {str(phrase["channel"]) for phrase in phrases if phrase.get("channel") is not None}
    pieces = [_piece(document, phrase, number, len(channels) > 1) for number, phrase in enumerate(phrases)]
    return [transcript_of_pieces(document, pieces, options, no_speakers=_NO_SPEAKERS)]


def _piece(document: Document, phrase: Mapping[str, Any], number: int, several: bool) -> Piece:
    where = f"phrase {number + 1}"
    start = _time(document, phrase, "offset", where)
    length = _time(document, phrase, "duration", where)
    end = None if start is None or length is None else start + length
    name = speaker_name(phrase.get("speaker"), phrase.get("channel") if several else None)
    return Piece(_text(document, phrase, where), name, start, end, str(number))


def _text(document: Document, phrase: Mapping[str, Any], where: str) -> str:
    guesses: Sequence[Mapping[str, Any]] = objects(document, phrase, "nBest", where=where, hint=_HINT)
    for source, key in ((phrase, "text"), *((guess, key) for guess in guesses[:1] for key in ("display", "lexical"))):
        text = string(document, source, key, where=where, hint=_HINT)
        if text:
            return text
    return ""


def _time(document: Document, phrase: Mapping[str, Any], key: str, where: str) -> float | None:
    for unit, per_second in (("InTicks", _TICKS), ("Milliseconds", 1000), ("InMs", 1000)):
        if phrase.get(key + unit) is not None:
            return seconds(document, phrase, key + unit, where=where, hint=_HINT, per_second=per_second)
    text = string(document, phrase, key, where=where, hint=_HINT)
    match = _DURATION.fullmatch(text)
    if text and match is None:
        raise document.error(f'"{key}" of {where} is not a time such as PT1M2.5S. {_HINT}')
    if match is None:
        return None
    hours, minutes, rest = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest
