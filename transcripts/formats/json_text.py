"""JSON out of a file, shared by JSON Lines and Whisper: parsing with clear errors, telling the two apart."""

from __future__ import annotations

import json
import re
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.formats.json_shapes import shape_of

_SEGMENTS = re.compile(r'"segments"\s*:')


def parse(document: Document, text: str, *, line: int, hint: str) -> Any:  # noqa: ANN401  (any JSON)
    """Return the value of `text`, which starts on `line` of the file. Raises TranscriptError that ends in `hint`."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        message = f"this is not valid JSON (column {error.colno}). {hint}"
        raise document.error(message, line=line + error.lineno - 1) from error
    except (ValueError, RecursionError) as error:
        raise document.error(f"this JSON has a number or a nesting beyond all measure. {hint}", line=line) from error


def is_whisper(document: Document) -> bool:
    """Whether the file is one JSON object with segments, rather than one object a line or another service's JSON."""
    text = document.text.lstrip()
    if not text.startswith("{") or _SEGMENTS.search(text) is None or shape_of(document) is not None:
        return False
    try:
        first = json.loads(text.split("\n", 1)[0])
    except (ValueError, RecursionError):
        return True
    return isinstance(first, dict) and "segments" in first


def is_json_lines(document: Document) -> bool:
    """Whether the file starts with a JSON object and is neither Whisper's nor of another shape that has a reader."""
    return document.text.lstrip().startswith("{") and shape_of(document) is None and not is_whisper(document)
