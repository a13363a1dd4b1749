"""The JSON of Rev.ai and Rev: monologues of elements, each a word, a mark or something that was not understood.

How monologues make turns: `mendline.transcripts.formats.service`. Speakers are called by the name that the file gives
them (`speakers` or `speaker_info`), and otherwise "Speaker 0".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.formats.json_shapes import shape_of
from mendline.transcripts.formats.service import (
    Piece,
    objects,
    seconds,
    service_object,
    speaker_name,
    string,
    transcript_of_pieces,
)
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.transcript import Transcript

NAME = "revai"
EXTENSIONS = ()
SUMMARY = "JSON of Rev.ai and Rev, monologues with speakers"

_HINT = "Give the JSON transcript of a finished Rev job."
_NO_SPEAKERS = "the monologues have no speakers. Transcribe again without skip_diarization."


def takes(document: Document) -> bool:
    """Whether the keys are those of a Rev transcript."""
    return shape_of(document) == NAME


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError that says which part cannot be read."""
    content = service_object(document, hint=_HINT)
    speakers = objects(document, content, "speakers", where="the file", hint=_HINT)
    names = {str(speaker.get("id")): speaker.get("name") for speaker in speakers}
    monologues = objects(document, content, "monologues", where="the file", hint=_HINT)
    pieces = [_piece(document, monologue, number, names) for number, monologue in enumerate(monologues)]
    return [transcript_of_pieces(document, pieces, options, no_speakers=_NO_SPEAKERS)]


def _piece(document: Document, monologue: Mapping[str, Any], number: int, names: Mapping[str, object]) -> Piece:
    where = f"monologue {number + 1}"
    elements = objects(document, monologue, "elements", where=where, hint=_HINT)
    text = "".join(string(document, element, "value", where=where, hint=_HINT) for element in elements)
    starts = [seconds(document, element, "ts", where=where, hint=_HINT) for element in elements]
    ends = [seconds(document, element, "end_ts", where=where, hint=_HINT) for element in elements]
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
