"""The JSON of Google Cloud Speech-to-Text, versions 1 and 2, with speaker diarization or one channel for each speaker.

Words name their speaker (`speakerTag` or `speakerLabel`). Version 1 gives the words without speakers first and repeats
them all with speakers in its last result: then only that one is read. In a file with several channels
(`channelTag`) each result is a piece. The words of an operation's `response` are read as well; keys may be written
`speakerTag` or `speaker_tag`. How pieces make turns: `mendline.transcripts.formats.service`. Speakers are called
"Speaker 1", channels "Channel 1".
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
    pieces_of_words,
    seconds,
    service_object,
    speaker_name,
    string,
    transcript_of_pieces,
)
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

NAME = "google"
EXTENSIONS = ()
SUMMARY = "JSON of Google Cloud Speech-to-Text, with speakers (diarization) or channels"

_HINT = "Give the JSON that Google Speech-to-Text returned or wrote for a recording."
_NO_SPEAKERS = "the words have no speakers. Transcribe again with speaker diarization (diarizationConfig)."


def takes(document: Document) -> bool:
    """Whether the keys are those of a Google Speech-to-Text result."""
    return shape_of(document) == NAME


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError that says which part cannot be read."""
    content = service_object(document, hint=_HINT)
    response = content.get("response")
    container = response if isinstance(response, dict) else content
    results = [_camel(result) for result in objects(document, container, "results", where="the file", hint=_HINT)]
    channels = {str(result["channelTag"]) for result in results if result.get("channelTag") is not None}
    several = len(channels) > 1
    by_result = [_words(document, result, number, several) for number, result in enumerate(results, start=1)]
    if several:
        pieces = [piece for words in by_result for piece in pieces_of_words(words, sentences=True)]
    else:
        pieces = pieces_of_words(_spoken_once(by_result), sentences=False)
    return [transcript_of_pieces(document, pieces, options, no_speakers=_NO_SPEAKERS)]


def _spoken_once(by_result: Sequence[list[Piece]]) -> list[Piece]:
    """The words of all results, or only of the last one where it repeats the others with their speakers."""
    *others, last = [words for words in by_result if words] or [[]]
    earlier = [word for words in others for word in words]
    if earlier and _tagged(last) and not _tagged(earlier):
        return last
    repeats = (
        bool(earlier)
        and len(last) >= len(earlier)
        and (last[0].start, last[0].text)
        == (
            earlier[0].start,
            earlier[0].text,
        )
    )
    return last if repeats else [*earlier, *last]


def _tagged(words: Sequence[Piece]) -> bool:
    return any(word.speaker is not None for word in words)


def _words(document: Document, result: Mapping[str, Any], number: int, several: bool) -> list[Piece]:
    best = objects(document, result, "alternatives", where=f"result {number}", hint=_HINT)
    if not best:
        return []
    first = _camel(best[0])
    channel = result.get("channelTag") if several else None
    pieces = []
    for place, raw in enumerate(objects(document, first, "words", where=f"result {number}", hint=_HINT), start=1):
        word, where = _camel(raw), f"word {place} of result {number}"
        begin, end = (_time(document, word, kind, where) for kind in ("start", "end"))
        # 0 and an empty label mean that nobody looked for speakers.
        name = speaker_name(word.get("speakerLabel") or word.get("speakerTag") or None, channel)
        pieces.append(Piece(string(document, word, "word", where=where, hint=_HINT), name, begin, end))
    if not pieces:
        text = string(document, first, "transcript", where=f"result {number}", hint=_HINT)
        pieces.append(Piece(text, speaker_name(None, channel), end=_time(document, result, "resultEnd", "a result")))
    return pieces


def _time(document: Document, container: Mapping[str, Any], kind: str, where: str) -> float | None:
    keys = (f"{kind}Time", f"{kind}Offset")
    key = next((key for key in keys if container.get(key) is not None), keys[0])
    return seconds(document, container, key, where=where, hint=_HINT)


def _camel(record: Mapping[str, Any]) -> dict[str, Any]:
    return {re.sub(r"_([a-z])", lambda match: match[1].upper(), key): value for key, value in record.items()}
