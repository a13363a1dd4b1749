"""What of a transcript a file that was written does not hold: found out by reading the file again. Knows no format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mendline.transcripts.document import Document
from mendline.transcripts.errors import TranscriptError
from mendline.transcripts.notes import PLAIN_LABEL, TurnNote
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import format_named
from mendline.transcripts.transcript import Transcript, Turn

# Files round times to a thousandth of a second at most; text has whole seconds where these are whole.
_SAME_TIME = 0.0015


def losses(transcripts: Sequence[Transcript], data: bytes, *, format_name: str) -> Counter[str]:
    """Return how many turns lost what, by what it is, in a file that was written of `transcripts`."""
    lost: Counter[str] = Counter()
    again = _read_again(transcripts, data, format_name)
    for transcript, written in zip(transcripts, again, strict=True):
        if len(written.turns) != len(transcript.turns):
            lost["turns"] += abs(len(written.turns) - len(transcript.turns)) or 1
            continue
        lost["setting"] += len(transcript.turns) * (transcript.setting is not None and not written.setting)
        for place, other in _pairs(transcript, written):
            lost.update(_lost(transcript, place, written, other))
    return +lost


def _read_again(transcripts: Sequence[Transcript], data: bytes, format_name: str) -> list[Transcript]:
    """The transcripts in the file, empty ones where it cannot be read or holds another number of them."""
    known = format_named(format_name)
    name = f"{transcripts[0].session}{next(iter(known.EXTENSIONS), '')}"
    try:
        again = known.read(Document.from_bytes(data, name=name), ReadOptions(format=format_name))
    except TranscriptError:
        again = []
    return again if len(again) == len(transcripts) else [Transcript(each.session, ()) for each in transcripts]


def _pairs(transcript: Transcript, written: Transcript) -> list[tuple[int, int]]:
    """The places of each turn, before and after: the same, or where tiers put the turns into the order of time."""
    places = range(len(transcript.turns))
    if all(_same(transcript.turns[place], written.turns[place]) for place in places):
        return [(place, place) for place in places]
    if any(turn.start is None for turn in transcript.turns):
        return [(place, place) for place in places]
    # Of turns that start together, the speaker and the words say which is which.
    order = sorted(places, key=lambda place: _moment(transcript.turns[place]))
    moved = sorted(places, key=lambda place: _moment(written.turns[place]))
    return list(zip(order, moved, strict=True))


def _moment(turn: Turn) -> tuple[float, str, str]:
    return round(turn.start or 0.0, 3), turn.speaker, turn.text


def _same(turn: Turn, other: Turn) -> bool:
    return (turn.speaker, turn.text) == (other.speaker, other.text)


def _lost(transcript: Transcript, place: int, written: Transcript, other: int) -> list[str]:
    turn, again = transcript.turns[place], written.turns[other]
    found = [
        (place != other, "order"),
        (turn.text != again.text, "exact words"),
        (turn.speaker != again.speaker, "speaker's name"),
        (turn.role != again.role, "role"),
        (_differ(turn.start, again.start), "start"),
        (_differ(turn.end, again.end), "end" if turn.end is not None else "that the end is not known"),
        (bool(turn.source_ids) and turn.source_ids != again.source_ids, "ids in the source"),
        (len(turn.source_times) > 1 and not _same_units(turn, again), "times of units"),
        *_lost_of_note(_note(transcript, place), _note(written, other)),
    ]
    return [what for is_lost, what in found if is_lost]


def _same_units(turn: Turn, again: Turn) -> bool:
    pairs = [*zip(turn.source_times, again.source_times, strict=False)]
    return len(turn.source_times) == len(again.source_times) and not any(
        _differ(time, other) for one, two in pairs for time, other in zip(one, two, strict=True)
    )


def _lost_of_note(note: TurnNote | None, again: TurnNote | None) -> list[tuple[bool, str]]:
    if note is None or note.label is None:
        return [(again is not None and again.label is not None, "that there is no label")]
    if again is None or again.label is None:
        return [(True, f"label {PLAIN_LABEL}" if note.text is None else "label")]
    same = note.values.items() <= again.values.items()
    return [(note.label != again.label, "label"), (not same, "some values of the label")]


def _differ(time: float | None, again: float | None) -> bool:
    if time is None or again is None:
        return time is not again
    return abs(time - again) > _SAME_TIME


def _note(transcript: Transcript, place: int) -> TurnNote | None:
    return transcript.notes[place] if transcript.notes else None
