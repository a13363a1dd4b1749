"""From when to when each turn lasts, for the formats that cannot do without times. Knows no format."""

from __future__ import annotations

from mendline.transcripts.errors import OutputError
from mendline.transcripts.transcript import Transcript, Turn

# What is left of a turn whose end nobody knows, in seconds.
_SHORT = 1.0
# A little more than a millisecond: rounded to whole ones, start and end still differ.
_SHORTEST = 0.0011


def spans(transcript: Transcript, *, format_name: str) -> list[tuple[float, float]]:
    """Return the start and end of each turn, in seconds. Raises OutputError where a turn has no start.

    A turn without an end lasts until the next one starts, and one second where that is no later or there is none. One
    whose end is no later than its start lasts a second, or until the next one starts if that is sooner.
    """
    turns = transcript.turns
    found = []
    for turn, following in zip(turns, [*turns[1:], None], strict=True):
        if turn.start is None:
            raise OutputError(
                f"turn {turn.index + 1} of session {transcript.session} has no time, and {format_name} needs one for "
                "each. If a column of the source holds the times, name it with --start-column; otherwise write plain "
                "text, CHAT, Word or a table instead."
            )
        found.append((turn.start, end_of(turn.start, turn, following)))
    return found


def end_of(start: float, turn: Turn, following: Turn | None) -> float:
    """Return when a turn that starts at `start` ends, as `spans` has it: later, also in whole milliseconds."""
    then = None if following is None or following.start is None or following.start <= start else following.start
    if turn.end is None:
        end = start + _SHORT if then is None else then
    elif turn.end <= start:
        end = start + _SHORT if then is None else min(then, start + _SHORT)
    else:
        end = turn.end
    return max(end, start + _SHORTEST)
