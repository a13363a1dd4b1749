"""The JSON of Otter: a conversation with its `transcripts`, by itself or under `speech`.

Each of the `transcripts` is one piece. Its speaker is its `speaker_name`, or the name that `speakers` gives to its
`speaker_id`, or else "Speaker 1" after its `speaker_model_label`. Times are counted in sixteen-thousandths of a second,
as players of such files do; Otter describes the form nowhere, so it is taken from public programs that read it. How
pieces make turns: `mendline.transcripts.formats.pieces`.
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

NAME = "otter"
EXTENSIONS = ()
SUMMARY = "JSON of Otter, with speakers"
KEEPS = (*TIMES, Kept.IDS)
LIBRARY = "json (Python)"
COPY_KEEPS = ""

_SERVICE = Service(
    NAME,
    hint="Give the JSON of a conversation that Otter has transcribed.",
    no_speakers="the words have no speakers. Let Otter tell the speakers apart and name them, then export again.",
)
_PER_SECOND = 16000


def takes(document: Document) -> bool:
    """Whether the keys are those of a conversation in Otter."""
    return _SERVICE.takes(document)


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError that says which part cannot be read."""
    return _SERVICE.read(document, options, _pieces)


def _pieces(content: Content) -> list[Piece]:
    root = content.root()
    speech = root.get("speech")
    talk = speech if isinstance(speech, dict) else root
    names: dict[str, object] = {}
    for container in (root, talk):
        for speaker in content.objects(container, "speakers", where="the conversation"):
            identity = speaker.get("speaker_id", speaker.get("id"))
            names[str(identity)] = speaker.get("speaker_name") or speaker.get("name")
    parts = content.objects(talk, "transcripts", where="the conversation")
    return [_piece(content, part, number, names) for number, part in enumerate(parts)]


def _piece(content: Content, part: Mapping[str, Any], number: int, names: Mapping[str, object]) -> Piece:
    where = f"transcript {number + 1}"
    begin, end = content.span(part, where=where, keys=("start_offset", "end_offset"), per_second=_PER_SECOND)
    label = part.get("speaker_model_label")
    named = part.get("speaker_name") or names.get(str(part.get("speaker_id"))) or part.get("speaker_id")
    text = content.string(part, "transcript", where=where)
    identity = part.get("id", part.get("uuid"))
    return Piece(
        text, speaker_name(label if named is None else named), begin, end, str(number if identity is None else identity)
    )
