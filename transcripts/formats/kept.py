"""The words in which each format says what of a talk it keeps, and a reader what it leaves aside. Knows no format."""

from __future__ import annotations

from enum import StrEnum

from mendline.transcripts.document import Document


class Kept(StrEnum):
    """What a fresh file of a format holds besides speakers and words, or what is read from one that is only read."""

    SESSIONS = "several sessions"
    SETTING = "setting"
    ROLES = "roles"
    STARTS = "starts"
    ENDS = "ends"
    IDS = "ids"
    UNIT_TIMES = "times of units"
    LABELS = "labels"
    PROBABILITIES = "probabilities"


TIMES = (Kept.STARTS, Kept.ENDS)
"""When turns start and end."""
TABLE = (Kept.SESSIONS, Kept.SETTING, Kept.ROLES, *TIMES, Kept.IDS, Kept.LABELS, Kept.PROBABILITIES)
"""What a table with a column for everything holds."""

_LEFT = "left aside"


def leave(document: Document, what: str) -> None:
    """Note that a file holds something that its reader does not take, in a few words without any of its text."""
    document.found.setdefault(_LEFT, {})[what] = None


def left_aside(document: Document) -> list[str]:
    """Return what the reader of a file left aside, once it has read it."""
    return list(document.found.get(_LEFT, {}))
