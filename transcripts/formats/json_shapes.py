"""Whose JSON a file holds, told by its keys alone, so that exactly one reader takes it. Reads no turn.

The shapes are those that the services and tools describe in public. A file is looked at once; what was found stays with
the document. JSON with none of these shapes is left to the readers of Whisper's JSON and of JSON Lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mendline.transcripts.document import Document

TURN_LISTS = ("author", "speaker", "name", "who", "role")


@dataclass(frozen=True, slots=True)
class FirstValue:
    """The first JSON value of a file. `alone` says that nothing but white space follows it."""

    value: Any
    alone: bool


def first_value(document: Document) -> FirstValue | None:
    """Return the JSON object or list that the text starts with; None where it starts with neither or is broken."""
    if "json" not in document.found:
        document.found["json"] = _first_value(document.text)
    found: FirstValue | None = document.found["json"]
    return found


def shape_of(document: Document) -> str | None:
    """Return the name of the format whose JSON this is, of those in `SHAPES`; None where it is none of them."""
    first = first_value(document)
    if first is None:
        return None
    records = first.value if isinstance(first.value, list) else [first.value]
    if not records or not isinstance(records[0], dict):
        return None
    in_lines = not isinstance(first.value, list)
    for name, forms, has_shape in SHAPES:
        fits = (_ONE in forms and in_lines and first.alone) or (_MANY in forms and (first.alone or in_lines))
        if fits and has_shape(records[0]):
            return name
    return None


def _first_value(text: str) -> FirstValue | None:
    start = len(text) - len(text.lstrip())
    if not text.startswith(("{", "["), start):
        return None
    try:
        value, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return FirstValue(value, not text[end:].strip())


def _aws(record: dict[str, Any]) -> bool:
    results = record.get("results")
    standard = isinstance(results, dict) and "transcripts" in results and "channels" not in results
    return standard or (isinstance(record.get("Transcript"), list) and "JobName" in record)


def _deepgram(record: dict[str, Any]) -> bool:
    results = record.get("results")
    return isinstance(results, dict) and isinstance(results.get("channels"), list)


def _assemblyai(record: dict[str, Any]) -> bool:
    return "words" in record and "utterances" in record and ("audio_url" in record or "status" in record)


def _azure(record: dict[str, Any]) -> bool:
    return "recognizedPhrases" in record or ("phrases" in record and "combinedPhrases" in record)


def _google(record: dict[str, Any]) -> bool:
    response = record.get("response")
    results = (response if isinstance(response, dict) else record).get("results")
    return isinstance(results, list) and any(isinstance(part, dict) and "alternatives" in part for part in results)


def _revai(record: dict[str, Any]) -> bool:
    return isinstance(record.get("monologues"), list)


def _otter(record: dict[str, Any]) -> bool:
    speech = record.get("speech")
    parts = (speech if isinstance(speech, dict) else record).get("transcripts")
    return isinstance(parts, list) and any(
        isinstance(part, dict) and "transcript" in part and "start_offset" in part for part in parts
    )


def _labelstudio(record: dict[str, Any]) -> bool:
    if isinstance(record.get("data"), dict):
        return bool({"annotations", "predictions", "completions", "id"} & record.keys())
    exported = bool({"annotation_id", "annotator"} & record.keys())
    return exported and any(is_turn_list(value) for value in record.values())


def _convokit(record: dict[str, Any]) -> bool:
    return (
        "text" in record
        and bool({"speaker", "user"} & record.keys())
        and bool({"reply-to", "reply_to"} & record.keys())
        and bool({"conversation_id", "root"} & record.keys())
    )


def _doccano(record: dict[str, Any]) -> bool:
    labels = record.get("label", record.get("labels"))
    return isinstance(record.get("text"), str) and (
        isinstance(labels, list) or isinstance(record.get("entities"), list)
    )


def is_turn_list(value: object) -> bool:
    """Whether a value is a list of objects with a text and somebody who says it, as Label Studio's dialogues are."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return False
    return "text" in value[0] and any(key in value[0] for key in TURN_LISTS)


_ONE, _MANY = "one object", "a list of objects or one object a line"
SHAPES: tuple[tuple[str, tuple[str, ...], Callable[[dict[str, Any]], bool]], ...] = (
    ("deepgram", (_ONE,), _deepgram),
    ("aws", (_ONE,), _aws),
    ("assemblyai", (_ONE,), _assemblyai),
    ("azure", (_ONE,), _azure),
    ("google", (_ONE,), _google),
    ("revai", (_ONE,), _revai),
    ("otter", (_ONE,), _otter),
    ("labelstudio", (_ONE, _MANY), _labelstudio),
    ("convokit", (_MANY,), _convokit),
    ("doccano", (_MANY,), _doccano),
)
