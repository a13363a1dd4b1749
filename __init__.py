"""Mendline: find the ruptures in a conversation, and see whether they were mended.

    from mendline import Annotator, read_transcripts

The names below load their module only when they are first used: `import mendline` itself loads no model library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mendline.model.annotator import Annotator
    from mendline.model.labels import Label, Marker
    from mendline.transcripts.reading import read_transcripts
    from mendline.transcripts.transcript import Transcript, Turn

__version__ = "0.3.0"
__all__ = ["Annotator", "Label", "Marker", "Transcript", "Turn", "__version__", "read_transcripts"]

_HOMES = {
    "Annotator": "mendline.model.annotator",
    "Label": "mendline.model.labels",
    "Marker": "mendline.model.labels",
    "Transcript": "mendline.transcripts.transcript",
    "Turn": "mendline.transcripts.transcript",
    "read_transcripts": "mendline.transcripts.reading",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  (the module protocol)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
