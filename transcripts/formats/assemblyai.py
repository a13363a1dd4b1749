"""The JSON of AssemblyAI: utterances (`speaker_labels` or `multichannel`), or words that name their speaker.

How pieces make turns: `mendline.transcripts.formats.pieces`. Speakers are called "Speaker A", or by the name that
AssemblyAI found for them. Times are milliseconds in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.formats.kept import TIMES, Kept
from mendline.transcripts.formats.pieces import Piece
from mendline.transcripts.formats.service import Content, Service, speaker_name
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

NAME = "assemblyai"
EXTENSIONS = ()
SUMMARY = "JSON of AssemblyAI, with speakers (speaker_labels)"
KEEPS = (*TIMES, Kept.IDS)
LIBRARY = "json (Python)"
COPY_KEEPS = ""

_SERVICE = Service(
    NAME,
    hint="Give the JSON of a finished AssemblyAI transcript.",
    no_speakers="the words have no speakers. Transcribe again with speaker_labels set to true.",
)


def takes(document: Document) -> bool:
    """Whether the keys are those of an AssemblyAI transcript."""
    return _SERVICE.takes(document)


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError that says which part cannot be read."""
    return _SERVICE.read(document, options, _said)


def _said(content: Content) -> list[Piece]:
    transcript = content.root()
    status = transcript.get("status", "completed")
    if status != "completed":
        message = "AssemblyAI had not finished this transcript, or failed. Fetch it when it is completed."
        raise content.document.error(message)
    said = _pieces(content, transcript, "utterances", "utterance")
    return said or content.runs(_pieces(content, transcript, "words", "word"), channels=False)


def _pieces(content: Content, transcript: Mapping[str, Any], key: str, kind: str) -> list[Piece]:
    pieces = []
    for number, part in enumerate(content.objects(transcript, key, where="the transcript")):
        where = f"{kind} {number + 1}"
        begin, end = content.span(part, where=where, per_second=1000)
        name = speaker_name(part.get("speaker"))
        if name is None and part.get("channel") is not None:
            name = speaker_name(None, part["channel"])
        pieces.append(Piece(content.string(part, "text", where=where), name, begin, end, str(number)))
    return pieces
