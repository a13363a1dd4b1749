"""The JSON of AssemblyAI: utterances (`speaker_labels` or `multichannel`), or words that name their speaker.

How pieces make turns: `mendline.transcripts.formats.service`. Speakers are called "Speaker A", or by the name that
AssemblyAI found for them. Times are milliseconds in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
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

NAME = "assemblyai"
EXTENSIONS = ()
SUMMARY = "JSON of AssemblyAI, with speakers (speaker_labels)"

_HINT = "Give the JSON of a finished AssemblyAI transcript."
_NO_SPEAKERS = "the words have no speakers. Transcribe again with speaker_labels set to true."


def takes(document: Document) -> bool:
    """Whether the keys are those of an AssemblyAI transcript."""
    return shape_of(document) == NAME


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError that says which part cannot be read."""
    transcript = service_object(document, hint=_HINT)
    status = transcript.get("status", "completed")
    if status != "completed":
        raise document.error("AssemblyAI had not finished this transcript, or failed. Fetch it when it is completed.")
    pieces = _pieces(document, transcript, "utterances", "utterance")
    if not pieces:
        pieces = pieces_of_words(_pieces(document, transcript, "words", "word"), sentences=False)
    return [transcript_of_pieces(document, pieces, options, no_speakers=_NO_SPEAKERS)]


def _pieces(document: Document, transcript: Mapping[str, Any], key: str, kind: str) -> list[Piece]:
    pieces = []
    for number, part in enumerate(objects(document, transcript, key, where="the transcript", hint=_HINT)):
        where = f"{kind} {number + 1}"
        begin, end = (
            seconds(document, part, time, where=where, hint=_HINT, per_second=1000) for time in ("start", "end")
        )
        name = speaker_name(part.get("speaker"))
        if name is None and part.get("channel") is not None:
            name = speaker_name(None, part["channel"])
        pieces.append(Piece(string(document, part, "text", where=where, hint=_HINT), name, begin, end, str(number)))
    return pieces
