"""Which files are the parts of one session: one file for each speaker, as Praat users keep them.

One rule: TextGrids in one folder whose names are the same up to the last `_` and end in a speaker (neither a number nor
a word such as `notes`) are one session if on each of them one tier speaks, or none. So
`day1_consultation01_doctor.TextGrid` and `day1_consultation01_patient.TextGrid` are the session `day1_consultation01`;
`week_1.TextGrid` and `week_2.TextGrid` are two, and so are files on each of which several people speak. A file that
cannot be read counts as a part, so that its session fails as a whole instead of losing a speaker.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from mendline.transcripts.document import Document
from mendline.transcripts.errors import TranscriptError
from mendline.transcripts.formats import textgrid
from mendline.transcripts.formats.tiers import holds_turns

_OCCASION_WORDS = """
pre post before after baseline intake followup follow first second third start mid middle end early late final old new
copy edited corrected v
"""
_OCCASIONS = frozenset(_OCCASION_WORDS.split())
_OCCASION = re.compile(
    r"(?:week|wk|session|sess|ses|visit|day|month|year|time|take|tape|part|pt|rec|recording|wave|phase|v)\W*\d+[a-z]?"
)


def sessions_in_parts(paths: Sequence[Path], *, encoding: str | None = None) -> list[tuple[Path, ...]]:
    """Return those of the files that belong together, two or more each, in the order in which they are given."""
    groups: dict[tuple[Path, str], list[Path]] = {}
    for path in paths:
        stem, _, speaker = path.stem.rpartition("_")
        if path.suffix.lower() in textgrid.EXTENSIONS and stem and _names_speaker(speaker):
            groups.setdefault((path.resolve().parent, stem), []).append(path)
    return [
        tuple(group) for group in groups.values() if len(group) > 1 and all(_is_part(path, encoding) for path in group)
    ]


def session_path(parts: Sequence[Path]) -> Path:
    """Return the name that a session of several files goes by: theirs without the speaker."""
    first = parts[0]
    return first.with_name(first.stem.rpartition("_")[0] + first.suffix)


def open_parts(parts: Sequence[Path], *, encoding: str | None = None) -> Document:
    """Return the files of one session as one document. Raises TranscriptError."""
    documents = [Document.from_path(path, encoding=encoding) for path in parts]
    return Document.of_parts(documents, path=session_path(parts))


def _names_speaker(text: str) -> bool:
    """Whether the end of a file's name can be a speaker's; an occasion (pre, week2) makes it a session of its own."""
    key = text.casefold()
    plain = bool(text) and not text.isdecimal() and holds_turns(text)
    return plain and key not in _OCCASIONS and _OCCASION.fullmatch(key) is None


def _is_part(path: Path, encoding: str | None) -> bool:
    try:
        document = Document.from_path(path, encoding=encoding)
        return not textgrid.takes(document) or textgrid.speaking_tiers(document) <= 1
    except TranscriptError:
        return True
