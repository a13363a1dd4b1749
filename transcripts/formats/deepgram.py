"""The JSON of Deepgram: utterances (`utterances=true`), or the words of its channels (`diarize=true`, `multichannel`).

How pieces make turns: `mendline.transcripts.formats.pieces`. Speakers are called "Speaker 0"; in a file with several
channels "Channel 0", or "Speaker 0 (channel 1)" where a channel has speakers of its own.
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

NAME = "deepgram"
EXTENSIONS = ()
SUMMARY = "JSON of Deepgram, with speakers (diarize) or channels (multichannel)"
KEEPS = (*TIMES, Kept.IDS)
LIBRARY = "json (Python)"
COPY_KEEPS = ""

_SERVICE = Service(
    NAME,
    hint="Give the JSON that Deepgram returned for a recording.",
    no_speakers="the words have no speakers. Transcribe again with diarize=true, or multichannel=true for two "
    "channels.",
)


def takes(document: Document) -> bool:
    """Whether the keys are those of a Deepgram response."""
    return _SERVICE.takes(document)


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError that says which part cannot be read."""
    return _SERVICE.read(document, options, _pieces)


def _pieces(content: Content) -> list[Piece]:
    results = content.root().get("results")
    if not isinstance(results, dict):
        raise content.error('there are no "results".')
    channels = content.objects(results, "channels", where="results")
    several = len(channels) > 1
    utterances = content.objects(results, "utterances", where="results")
    pieces = [_utterance(content, said, number, several) for number, said in enumerate(utterances)]
    if not pieces:
        for number, channel in enumerate(channels):
            pieces += content.runs(_words(content, channel, number if several else None), channels=several)
    return pieces


def _utterance(content: Content, said: Mapping[str, Any], number: int, several: bool) -> Piece:
    where = f"utterance {number + 1}"
    begin, end = content.span(said, where=where)
    name = speaker_name(said.get("speaker"), said.get("channel") if several else None)
    text = content.string(said, "transcript", where=where)
    return Piece(text, name, begin, end, str(said.get("id") or number))


def _words(content: Content, channel: Mapping[str, Any], number: int | None) -> Sequence[Piece]:
    best = content.objects(channel, "alternatives", where="a channel")
    words = content.objects(best[0], "words", where="a channel") if best else []
    pieces = []
    for place, word in enumerate(words, start=1):
        where = f"word {place}"
        key = "punctuated_word" if word.get("punctuated_word") else "word"
        begin, end = content.span(word, where=where)
        text = content.string(word, key, where=where)
        pieces.append(Piece(text, speaker_name(word.get("speaker"), number), begin, end))
    return pieces
