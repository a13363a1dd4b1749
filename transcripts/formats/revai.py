"""The JSON of Rev.ai and Rev: monologues of elements, each a word, a mark or something that was not understood.

How monologues make turns: `mendline.transcripts.formats.pieces`. Speakers are called by the name that the file gives
them (`speakers` or `speaker_info`), and otherwise "Speaker 0".
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

NAME = "revai"
EXTENSIONS = ()
SUMMARY = "JSON of Rev.ai and Rev, monologues with speakers"
KEEPS = (*TIMES, Kept.IDS)
LIBRARY = "json (Python)"
COPY_KEEPS = ""

_SERVICE = Service(
    NAME,
    hint="Give the JSON transcript of a finished Rev job.",
    no_speakers="the monologues have no speakers. Transcribe again without skip_diarization.",
)


def takes(document: Document) -> bool:
    """Whether the keys are those of a Rev transcript."""
    return _SERVICE.takes(document)


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError that says which part cannot be read."""
    return _SERVICE.read(document, options, _pieces)


def _pieces(content: Content) -> list[Piece]:
    root = content.root()
    speakers = content.objects(root, "speakers", where="the file")
    names = {str(speaker.get("id")): speaker.get("name") for speaker in speakers}
    monologues = content.objects(root, "monologues", where="the file")
    return [_piece(content, monologue, number, names) for number, monologue in enumerate(monologues)]


def _piece(content: Content, monologue: Mapping[str, Any], number: int, names: Mapping[str, object]) -> Piece:
    where = f"monologue {number + 1}"
    elements = content.objects(monologue, "elements", where=where)
    text = "".join(content.string(element, "value", where=where) for element in elements)
    starts = [content.seconds(element, "ts", where=where) for element in elements]
    ends = [content.seconds(element, "end_ts", where=where) for element in elements]
    info = monologue.get("speaker_info")
    own = info.get("display_name") if isinstance(info, dict) else None
    identity = monologue.get("speaker")
    return Piece(
        text,
        speaker_name(own or names.get(str(identity)) or identity),
        min((time for time in starts if time is not None), default=None),
        max((time for time in ends if time is not None), default=None),
        str(number),
    )
