"""The JSON of Amazon Transcribe: jobs with speaker labels or with channels, and the turns of Call Analytics.

Turns are made from `audio_segments` where the file has them, and otherwise from the words in `items`, whose speakers
stand with them or, in older files, in `speaker_labels`. How pieces make turns: `mendline.transcripts.formats.pieces`.
Speakers keep their names: "spk_0", "ch_0", "AGENT".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.formats.kept import TIMES, Kept
from mendline.transcripts.formats.pieces import Piece
from mendline.transcripts.formats.service import Content, Service, speaker_name
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

NAME = "aws"
EXTENSIONS = ()
SUMMARY = "JSON of Amazon Transcribe, with speaker labels or channels"
KEEPS = (*TIMES, Kept.IDS)
LIBRARY = "json (Python)"
COPY_KEEPS = ""


_TIMES = ("start_time", "end_time")
_SERVICE = Service(
    NAME,
    hint="Give the JSON of a finished Amazon Transcribe job as it is in its output location.",
    no_speakers="the words have no speakers. Transcribe again with speaker labels (ShowSpeakerLabels) or with one "
    "channel for each speaker (ChannelIdentification).",
)


def takes(document: Document) -> bool:
    """Whether the keys are those of an Amazon Transcribe job."""
    return _SERVICE.takes(document)


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError that says which part cannot be read."""
    return _SERVICE.read(document, options, _pieces)


def _pieces(content: Content) -> list[Piece]:
    job = content.root()
    if "Transcript" in job:
        return _call_turns(content, job)
    results = job.get("results")
    if not isinstance(results, dict):
        raise content.error('there are no "results".')
    return _segments(content, results) or _items(content, results)


def _call_turns(content: Content, job: Mapping[str, Any]) -> list[Piece]:
    pieces = []
    for number, turn in enumerate(content.objects(job, "Transcript", where="the file"), start=1):
        where = f"turn {number}"
        keys = ("BeginOffsetMillis", "EndOffsetMillis")
        begin, end = content.span(turn, where=where, keys=keys, per_second=1000)
        text = content.string(turn, "Content", where=where)
        name = speaker_name(turn.get("ParticipantRole"))
        pieces.append(Piece(text, name, begin, end, content.string(turn, "Id", where=where) or None))
    return pieces


def _segments(content: Content, results: Mapping[str, Any]) -> list[Piece]:
    """The segments of newer files; empty where there are none or one does not say who speaks."""
    pieces = []
    for number, segment in enumerate(content.objects(results, "audio_segments", where="results")):
        where = f"audio segment {number + 1}"
        name = speaker_name(segment.get("speaker_label") or segment.get("channel_label"))
        if name is None:
            return []
        begin, end = content.span(segment, where=where, keys=_TIMES)
        text = content.string(segment, "transcript", where=where)
        pieces.append(Piece(text, name, begin, end, str(segment.get("id", number))))
    return pieces


def _items(content: Content, results: Mapping[str, Any]) -> list[Piece]:
    channels = results.get("channel_labels")
    if isinstance(channels, dict):
        pieces: list[Piece] = []
        for channel in content.objects(channels, "channels", where="channel_labels"):
            items = content.objects(channel, "items", where="a channel")
            name = speaker_name(channel.get("channel_label"))
            words = _words(content, [item | {"speaker_label": name} for item in items], {})
            pieces += content.runs(words, channels=True)
        return pieces
    items = content.objects(results, "items", where="results")
    return content.runs(_words(content, items, _labels_by_start(content, results)), channels=False)


def _labels_by_start(content: Content, results: Mapping[str, Any]) -> dict[object, object]:
    """Who speaks at the start of each word, as older files say it apart from the words."""
    labels = results.get("speaker_labels")
    if not isinstance(labels, dict):
        return {}
    return {
        str(item.get("start_time")): item.get("speaker_label") or segment.get("speaker_label")
        for segment in content.objects(labels, "segments", where="speaker_labels")
        for item in content.objects(segment, "items", where="a segment of speaker_labels")
    }


def _words(content: Content, items: Sequence[dict[str, Any]], labels: Mapping[object, object]) -> list[Piece]:
    words = []
    for number, item in enumerate(items, start=1):
        where = f"item {number}"
        best = content.objects(item, "alternatives", where=where)
        text = content.string(best[0], "content", where=where) if best else ""
        begin, end = content.span(item, where=where, keys=_TIMES)
        mark = item.get("type") == "punctuation"
        name = speaker_name(item.get("speaker_label") or labels.get(str(item.get("start_time"))))
        words.append(Piece(text, None if mark else name, begin, end, glued=mark))
    return words
