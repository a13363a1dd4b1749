"""How the units of a source become turns: one rule for all formats that cut talk into units. Knows no format.

A unit is what the source sets down as one: a cue of subtitles, a segment or a run of words of a speech recogniser, an
annotation, an interval, a line of CHAT or TRN. Units stand in the order in which they start, or as the file has them
where its order is that of the talk (subtitles, CHAT, TRN); overlapping units are not torn apart or moved together.

1. A unit is joined to the one right before it if the same person speaks and the source does not say that somebody else
   starts. So whatever another person says in between, a "mm-hm" too, is a turn of its own and ends the one before it.
2. By default, units that a program cut (subtitles, Whisper, speech services, TRN) are joined however long the pause:
   they end where a line is full or a breath is drawn, and a silence in which nobody else speaks belongs to the turn.
   The model learned from turns of that kind. Units that a person drew (CHAT, ELAN, TextGrid) stay as they were drawn.
3. With `join_gap`, units of every such format are joined where the pause between them is at most so many seconds, and
   only there. Where one of the two has no time, rule 2 decides.
4. With `keep_units`, every unit is a turn.

Tables, plain text, Word and annotation tools have one turn a row or label, and the rule is not for them. A turn lasts
from the start of its first unit to the latest end, and keeps the ids and times of all its units, in order.
"""

from __future__ import annotations

from collections.abc import Sequence

from mendline.transcripts.options import ReadOptions
from mendline.transcripts.roles import speaker_key
from mendline.transcripts.utterances import Utterance, joined


def turns_of(units: Sequence[Utterance], options: ReadOptions, *, drawn: bool = False) -> list[Utterance]:
    """Return the turns that the units make. `drawn` says that a person drew their borders, not a program."""
    return [joined(group) for group in groups_of(units, options, drawn=drawn)]


def groups_of(units: Sequence[Utterance], options: ReadOptions, *, drawn: bool = False) -> list[list[Utterance]]:
    """Return the units of each turn."""
    groups: list[list[Utterance]] = []
    latest: float | None = None
    for unit in units:
        if groups and _goes_on(groups[-1][-1], unit, latest, options, drawn=drawn):
            groups[-1].append(unit)
            latest = unit.end if latest is None or unit.end is None else max(latest, unit.end)
        else:
            groups.append([unit])
            latest = unit.end
    return groups


def _goes_on(before: Utterance, unit: Utterance, latest: float | None, options: ReadOptions, *, drawn: bool) -> bool:
    """Whether a unit carries on the turn that `before` belongs to and that lasts until `latest`, if that is known."""
    if options.keep_units or unit.apart or speaker_key(before.speaker) != speaker_key(unit.speaker):
        return False
    if options.join_gap is None or latest is None or unit.start is None:
        return not drawn
    # Times are written in thousandths: what rounding makes of a pause is none.
    return unit.start - latest <= options.join_gap + 0.0005
