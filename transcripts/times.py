"""Points in a recording, as people and programs write them, to seconds and back. Knows no file format."""

from __future__ import annotations

import math
import re

CLOCK = r"(?:[0-9]{1,3}:)?[0-9]{1,3}:[0-9]{1,3}(?:[.,][0-9]{1,9})?"
_CLOCK = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,3}):([0-9]{1,3})(?:[.,]([0-9]{1,9}))?")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")


def seconds_of_clock(text: str) -> float | None:
    """Seconds of `m:ss` or `h:mm:ss`, with a fraction or without; None where it is no such time."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds, fraction = match.groups()
    if int(seconds) > 59 or (hours is not None and int(minutes) > 59):
        return None
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}")


def seconds_of(text: str, *, milliseconds: bool = False) -> float | None:
    """Seconds of a plain number (of milliseconds, if so) or of a clock time; None where it is neither."""
    text = text.strip()
    if _NUMBER.fullmatch(text) is None:
        return seconds_of_clock(text)
    number = float(text.replace(",", "."))
    if not math.isfinite(number):
        return None
    return number / 1000 if milliseconds else number


def clock(seconds: float, *, milliseconds: bool | None = None) -> str:
    """`hh:mm:ss` with `.mmm`: always, never, or (None) only where the time is not a whole second."""
    total = round(seconds * 1000)
    rest, fraction = divmod(total, 1000)
    text = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    wanted = fraction > 0 if milliseconds is None else milliseconds
    return f"{text}.{fraction:03d}" if wanted else text
