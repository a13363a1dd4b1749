"""The recording of a session, as far as a browser plays it. Knows no page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mendline.transcripts.errors import ReviewError

TYPES = {
    ".aac": "audio/aac",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".weba": "audio/webm",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".ogv": "video/ogg",
    ".webm": "video/webm",
}


@dataclass(frozen=True, slots=True)
class Media:
    """A recording. `type` is what the browser is told that it is."""

    path: Path
    type: str

    @property
    def kind(self) -> str:
        """The element that plays it: "audio" or "video"."""
        return self.type.partition("/")[0]


def media_at(path: Path) -> Media:
    """The recording in a file. Raises ReviewError for what is no file or of no kind that browsers play."""
    known = TYPES.get(path.suffix.lower())
    if known is None:
        raise ReviewError(
            f"browsers do not play files with this ending. Give one that ends in {', '.join(TYPES)}.", file=path
        )
    if not path.is_file():
        raise ReviewError("there is no such file. Check what --media names.", file=path)
    return Media(path.resolve(), known)
