"""Text that is safe to show: nothing in a transcript or a file name may steer the terminal. Knows no layout."""

from __future__ import annotations

import re

# C0 and C1 controls, DEL, the embeddings, overrides and isolates that reorder a line, and halves of surrogate pairs.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAKS = re.compile("[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
_PICTURES = 0x2400


def visible(text: str) -> str:
    """Make `text` one harmless line: breaks become spaces, controls a picture, reordering marks their number."""
    return _UNSAFE.sub(_show, _BREAKS.sub(" ", text))


def _show(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(_PICTURES + code)
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return "\u2421" if code == 0x7F else f"<U+{code:04X}>"
