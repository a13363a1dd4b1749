"""The JSON of Deepgram: utterances (`utterances=true`), or the words of its channels (`diarize=true`, `multichannel`).

How pieces make turns: `mendline.transcripts.formats.service`. Speakers are called "Speaker 0"; in a file with several
channels "Channel 0", or "Speaker 0 (channel 1)" where a channel has speakers of its own.
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

NAME = "deepgram"
EXTENSIONS = ()
SUMMARY = "JSON of Deepgram, with speakers (diarize) or channels (multichannel)"

_HINT = "Give the JSON that Deepgram returned for a recording."
_NO_SPEAKERS = "the words have no speakers. Transcribe again with diarize=true, or multichannel=true for two channels."


def takes(document: Document) -> bool:
    """Whether the keys are those of a Deepgram response."""
    return shape_of(document) == NAME


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError that says which part cannot be read."""
    results = service_object(document, hint=_HINT).get("results")
    if not isinstance(results, dict):
        raise document.error(f'there are no "results". {_HINT}')
    channels = objects(document, results, "channels", where="results", hint=_HINT)
    several = len(channels) > 1
    utterances = objects(document, results, "utterances", where="results", hint=_HINT)
    pieces = [_utterance(document, said, number, several) for number, said in enumerate(utterances)]
    if not pieces:
        for number, channel in enumerate(channels):
            words = _words(document, channel, number if several else None)
            pieces += pieces_of_words(words, sentences=several)
    return [transcript_of_pieces(document, pieces, options, no_speakers=_NO_SPEAKERS)]


def _utterance(document: Document, said: Mapping[str, Any], number: int, several: bool) -> Piece:
    where = f"utterance {number + 1}"
    begin, end = (seconds(document, said, key, where=where, hint=_HINT) for key in ("start", "end"))
    name = speaker_name(said.get("speaker"), said.get("channel") if several else None)
    text = string(document, said, "transcript", where=where, hint=_HINT)
    return Piece(text, name, begin, end, str(said.get("id") or number))


def _words(document: Document, channel: Mapping[str, Any], number: int | None) -> Sequence[Piece]:
    best = objects(document, channel, "alternatives", where="a channel", hint=_HINT)
    words = objects(document, best[0], "words", where="a channel", hint=_HINT) if best else []
    pieces = []
    for place, word in enumerate(words, start=1):
        where = f"word {place}"
        key = "punctuated_word" if word.get("punctuated_word") else "word"
        begin, end = (seconds(document, word, key, where=where, hint=_HINT) for key in ("start", "end"))
        text = string(document, word, key, where=where, hint=_HINT)
        pieces.append(Piece(text, speaker_name(word.get("speaker"), number), begin, end))
    return pieces
