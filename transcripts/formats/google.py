"""The JSON of Google Cloud Speech-to-Text, versions 1 and 2, with speaker diarization or one channel for each speaker.

Words name their speaker (`speakerTag` or `speakerLabel`). Version 1 gives the words without speakers first and repeats
them all with speakers in its last result: then only that one is read. In a file with several channels
(`channelTag`) each result is a piece. The words of an operation's `response` are read as well; keys may be written
`speakerTag` or `speaker_tag`. How pieces make turns: `mendline.transcripts.formats.pieces`. Speakers are called
"Speaker 1", channels "Channel 1".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.formats.kept import TIMES, Kept
from mendline.transcripts.formats.pieces import Piece
from mendline.transcripts.formats.service import Content, Service, speaker_name
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

NAME = "google"
EXTENSIONS = ()
SUMMARY = "JSON of Google Cloud Speech-to-Text, with speakers (diarization) or channels"
KEEPS = (*TIMES, Kept.IDS)
LIBRARY = "json (Python)"
COPY_KEEPS = ""

_SERVICE = Service(
    NAME,
    hint="Give the JSON that Google Speech-to-Text returned or wrote for a recording.",
    no_speakers="the words have no speakers. Transcribe again with speaker diarization (diarizationConfig).",
)


def takes(document: Document) -> bool:
    """Whether the keys are those of a Google Speech-to-Text result."""
    return _SERVICE.takes(document)


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError that says which part cannot be read."""
    return _SERVICE.read(document, options, _pieces)


def _pieces(content: Content) -> list[Piece]:
    root = content.root()
    response = root.get("response")
    container = response if isinstance(response, dict) else root
    results = [_camel(result) for result in content.objects(container, "results", where="the file")]
    channels = {str(result["channelTag"]) for result in results if result.get("channelTag") is not None}
    several = len(channels) > 1
    by_result = [_words(content, result, number, several) for number, result in enumerate(results, start=1)]
    if several:
        return [piece for words in by_result for piece in content.runs(words, channels=True)]
    return content.runs(_spoken_once(by_result), channels=False)


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


def _words(content: Content, result: Mapping[str, Any], number: int, several: bool) -> list[Piece]:
    best = content.objects(result, "alternatives", where=f"result {number}")
    if not best:
        return []
    first = _camel(best[0])
    channel = result.get("channelTag") if several else None
    pieces = []
    for place, raw in enumerate(content.objects(first, "words", where=f"result {number}"), start=1):
        word, where = _camel(raw), f"word {place} of result {number}"
        begin, end = (_time(content, word, kind, where) for kind in ("start", "end"))
        # 0 and an empty label mean that nobody looked for speakers.
        name = speaker_name(word.get("speakerLabel") or word.get("speakerTag") or None, channel)
        pieces.append(Piece(content.string(word, "word", where=where), name, begin, end))
    if not pieces:
        text = content.string(first, "transcript", where=f"result {number}")
        pieces.append(Piece(text, speaker_name(None, channel), end=_time(content, result, "resultEnd", "a result")))
    return pieces


def _time(content: Content, container: Mapping[str, Any], kind: str, where: str) -> float | None:
    keys = (f"{kind}Time", f"{kind}Offset")
    key = next((key for key in keys if container.get(key) is not None), keys[0])
    return content.seconds(container, key, where=where)


def _camel(record: Mapping[str, Any]) -> dict[str, Any]:
    return {_camel_key(key): value for key, value in record.items()}


@lru_cache(maxsize=256)
def _camel_key(key: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), key)
