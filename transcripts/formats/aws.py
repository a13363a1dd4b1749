"""The JSON of Amazon Transcribe: jobs with speaker labels or with channels, and the turns of Call Analytics.

Turns are made from `audio_segments` where the file has them, and otherwise from the words in `items`, whose speakers
stand with them or, in older files, in `speaker_labels`. How pieces make turns: `mendline.transcripts.formats.service`.
Speakers keep their names: "spk_0", "ch_0", "AGENT".
"""

from __future__ import annotations

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

NAME = "aws"
EXTENSIONS = ()
SUMMARY = "JSON of Amazon Transcribe, with speaker labels or channels"

_HINT = "Give the JSON of a finished Amazon Transcribe job as it is in its output location."
_NO_SPEAKERS = (
    "the words have no speakers. Transcribe again with speaker labels (ShowSpeakerLabels) or with one channel for each "
    "speaker (ChannelIdentification)."
)


def takes(document: Document) -> bool:
    """Whether the keys are those of an Amazon Transcribe job."""
    return shape_of(document) == NAME


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError that says which part cannot be read."""
    job = service_object(document, hint=_HINT)
    if "Transcript" in job:
        pieces = _call_turns(document, job)
    else:
        results = job.get("results")
        if not isinstance(results, dict):
            raise document.error(f'there are no "results". {_HINT}')
        pieces = _segments(document, results) or _items(document, results)
    return [transcript_of_pieces(document, pieces, options, no_speakers=_NO_SPEAKERS)]


def _call_turns(document: Document, job: Mapping[str, Any]) -> list[Piece]:
    pieces = []
    for number, turn in enumerate(objects(document, job, "Transcript", where="the file", hint=_HINT), start=1):
        where = f"turn {number}"
        begin, end = (
            seconds(document, turn, key, where=where, hint=_HINT, per_second=1000)
            for key in ("BeginOffsetMillis", "EndOffsetMillis")
        )
        text = string(document, turn, "Content", where=where, hint=_HINT)
        name = speaker_name(turn.get("ParticipantRole"))
        pieces.append(Piece(text, name, begin, end, string(document, turn, "Id", where=where, hint=_HINT) or None))
    return pieces


def _segments(document: Document, results: Mapping[str, Any]) -> list[Piece]:
    """The segments of newer files; empty where there are none or one does not say who speaks."""
    pieces = []
    for number, segment in enumerate(objects(document, results, "audio_segments", where="results", hint=_HINT)):
        where = f"audio segment {number + 1}"
        name = speaker_name(segment.get("speaker_label") or segment.get("channel_label"))
        if name is None:
            return []
        begin, end = (seconds(document, segment, key, where=where, hint=_HINT) for key in ("start_time", "end_time"))
        text = string(document, segment, "transcript", where=where, hint=_HINT)
        pieces.append(Piece(text, name, begin, end, str(segment.get("id", number))))
    return pieces


def _items(document: Document, results: Mapping[str, Any]) -> list[Piece]:
    channels = results.get("channel_labels")
    if isinstance(channels, dict):
        pieces: list[Piece] = []
        for channel in objects(document, channels, "channels", where="channel_labels", hint=_HINT):
            items = objects(document, channel, "items", where="a channel", hint=_HINT)
            name = speaker_name(channel.get("channel_label"))
            words = _words(document, [item | {"speaker_label": name} for item in items], {})
            pieces += pieces_of_words(words, sentences=True)
        return pieces
    items = objects(document, results, "items", where="results", hint=_HINT)
    return pieces_of_words(_words(document, items, _labels_by_start(document, results)), sentences=False)


def _labels_by_start(document: Document, results: Mapping[str, Any]) -> dict[object, object]:
    """Who speaks at the start of each word, as older files say it apart from the words."""
    labels = results.get("speaker_labels")
    if not isinstance(labels, dict):
        return {}
    return {
        str(item.get("start_time")): item.get("speaker_label") or segment.get("speaker_label")
        for segment in objects(document, labels, "segments", where="speaker_labels", hint=_HINT)
        for item in objects(document, segment, "items", where="a segment of speaker_labels", hint=_HINT)
    }


def _words(document: Document, items: Sequence[dict[str, Any]], labels: Mapping[object, object]) -> list[Piece]:
    words = []
    for number, item in enumerate(items, start=1):
        where = f"item {number}"
        best = objects(document, item, "alternatives", where=where, hint=_HINT)
        text = string(document, best[0], "content", where=where, hint=_HINT) if best else ""
        begin, end = (seconds(document, item, key, where=where, hint=_HINT) for key in ("start_time", "end_time"))
        mark = item.get("type") == "punctuation"
        name = speaker_name(item.get("speaker_label") or labels.get(str(item.get("start_time"))))
        words.append(Piece(text, None if mark else name, begin, end, glued=mark))
    return words
