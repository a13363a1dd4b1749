"""The JSON of Whisper, faster-whisper and WhisperX: `{"segments": [{"start", "end", "text", "speaker"}]}`.

With speakers (WhisperX `--diarize`), segments of one speaker make turns (`mendline.transcripts.turns`). A segment
without a speaker has the one of most of its words, if words have speakers, and otherwise an unknown one. A file without
any speaker is read all the same: each segment is a turn of its own, of one unknown speaker. Its labels then rest on the
words alone, since nobody knows where the speaker changes. A segment without text is a pause, not a turn.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.formats.json_text import is_whisper, parse
from mendline.transcripts.formats.kept import TIMES, Kept, leave
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.speakers import UNKNOWN_SPEAKER
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.turns import turns_of
from mendline.transcripts.utterances import Utterance, clean_text, transcript_of

NAME = "whisper"
EXTENSIONS = (".json",)
SUMMARY = "JSON of Whisper and WhisperX, with speakers (--diarize) or without"
KEEPS = (*TIMES, Kept.IDS)
LIBRARY = "json (Python)"
COPY_KEEPS = ""

_HINT = "Export the transcript as JSON again."


def takes(document: Document) -> bool:
    """Whether the file is one JSON object with segments."""
    return is_whisper(document)


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError with the line or segment at fault."""
    content = parse(document, document.text, line=1, hint=_HINT)
    segments = content.get("segments") if isinstance(content, dict) else None
    if not isinstance(segments, list):
        raise document.error(
            'there is no list of "segments". Give the JSON of Whisper, or name the format with --input-format.'
        )
    spoken = [_utterance(document, segment, number) for number, segment in enumerate(segments, start=1)]
    if any(isinstance(segment, dict) and segment.get("words") for segment in segments):
        leave(document, "times of single words")
    turns = turns_of([said for said in spoken if said.text], options)
    return [transcript_of(document, turns, roles=options.roles)]


def _utterance(document: Document, segment: object, number: int) -> Utterance:
    if not isinstance(segment, dict) or not isinstance(segment.get("text"), str):
        raise document.error(f"segment {number} has no text. {_HINT}")
    identity = segment.get("id", number - 1)
    speaker = _speaker(segment)
    return Utterance(
        speaker,
        clean_text(segment["text"]),
        _time(document, segment, "start", number),
        _time(document, segment, "end", number),
        (str(identity),) if isinstance(identity, int | str) else (),
        apart=speaker == UNKNOWN_SPEAKER,
    )


def _speaker(segment: Mapping[str, Any]) -> str:
    own = segment.get("speaker")
    if isinstance(own, str | int) and clean_text(str(own)):
        return str(own)
    words = segment.get("words")
    of_words = [word.get("speaker") for word in words if isinstance(word, dict)] if isinstance(words, list) else []
    counted = Counter(speaker for speaker in of_words if isinstance(speaker, str) and clean_text(speaker))
    return counted.most_common(1)[0][0] if counted else UNKNOWN_SPEAKER


def _time(document: Document, segment: Mapping[str, Any], key: str, number: int) -> float | None:
    value = segment.get(key)
    if value is None:
        return None
    try:
        seconds = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        raise document.error(f'"{key}" of segment {number} is not a number of seconds. {_HINT}')
    return seconds
