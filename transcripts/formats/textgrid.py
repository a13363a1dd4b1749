"""Praat TextGrids, long and short: the interval tiers of speakers, each interval with words a turn of its own.

Which tiers are speakers, and in which order their turns stand, is said in `mendline.transcripts.formats.tiers`; the
name of the tier is the speaker. An interval without words is a pause. The id of a turn is `tier.interval`, both counted
from 1 as Praat does. Points (TextTier) are no turns.

A session may come as several files with one speaking tier each, one for every speaker, as
`mendline.transcripts.parts` joins them: the speaker is then what stands after the last `_` of the file's name, and the
tiers are counted through all files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mendline.transcripts.document import Document
from mendline.transcripts.formats.grid import Grid, Interval, Tier, parse
from mendline.transcripts.formats.kept import TIMES, Kept, leave
from mendline.transcripts.formats.marks import without_tags
from mendline.transcripts.formats.tiers import LABELS, NewTier, holds_turns, in_time_order, new_tiers, notes_by_unit
from mendline.transcripts.notes import TurnNote, note_of_text
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.speakers import UNKNOWN_SPEAKER, clean_name
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.turns import turns_of
from mendline.transcripts.utterances import Utterance, clean_text, transcript_of

NAME = "textgrid"
EXTENSIONS = (".textgrid",)
SUMMARY = "Praat TextGrid, one tier for each speaker, or one file (NAME_doctor.TextGrid, NAME_patient.TextGrid)"
KEEPS = (*TIMES, Kept.LABELS)
LIBRARY = "own reader"
COPY_KEEPS = "all other tiers and points"

# What stands in the silent intervals of files that a program made.
_SILENCES = frozenset({"sil", "sp", "silent", "<sil>", "<sp>", "<p>", "<p:>", "#"})
_ITEM = re.compile(r"(item\s*\[)\s*[0-9]+(\s*\])")


def takes(document: Document) -> bool:
    """Whether the first lines say that it is a TextGrid in text form."""
    head = document.text[:300]
    return "ooTextFile" in head and '"TextGrid"' in head


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file or files. Raises TranscriptError with the line that cannot be read."""
    turns = turns_of(_utterances(document, _grids(document)), options, drawn=True)
    return [transcript_of(document, turns, roles=options.roles)]


def speaking_tiers(document: Document) -> int:
    """Return on how many tiers of one file somebody speaks. Raises TranscriptError."""
    return len(_speaking(parse(document)))


def write(transcript: Transcript, notes: Sequence[str | None]) -> str:
    """A tier for each speaker and one below it for the notes, in the long form. Raises OutputError without times.

    Which tiers there are is said at `mendline.transcripts.formats.tiers.new_tiers`. Read again, the turns stand in the
    order in which they start.
    """
    tiers = new_tiers(transcript, format_name=NAME)
    last = _seconds(max((end for tier in tiers for *_, end in tier.turns), default=0.0))
    # A word that stands for silence elsewhere would be read as a pause.
    spoken = {turn.index: f"[{turn.text}]" if _is_silence(turn.text) else turn.text for turn in transcript.turns}
    noted = {index: note or "" for index, note in enumerate(notes)}
    names = _numbered([tier.name for tier in tiers])
    new = [_New(tier.name, ("0", last), _entries(tier, spoken, last)) for tier in tiers]
    new += [_New(name, ("0", last), _entries(tier, noted, last)) for name, tier in zip(names, tiers, strict=True)]
    return _file(new, "0", last)


def annotated_copy(document: Document, transcript: Transcript, notes: Sequence[str | None]) -> str:
    """Return the file with a tier of labels below its own for each tier that speaks; every other character stays.

    The intervals of a tier of labels are those of its tier, with the note where there is one. Such tiers from before
    are replaced. Several files of one session become one new file, in the long form: all their tiers, those that speak
    under the names of their speakers, the others with these in front. A tier that ends before the last one gets an
    empty interval at its end, as Praat's own `Merge` does.
    """
    grids = _grids(document)
    placed = notes_by_unit(document, transcript, _utterances(document, grids), notes)
    if len(grids) > 1:
        return _joined(grids, placed)
    (grid,) = grids
    return _with_labels(grid, placed)


def _grids(document: Document) -> list[Grid]:
    return [parse(part) for part in document.parts or (document,)]


def _speaks(tier: Tier) -> bool:
    return holds_turns(tier.name) and any(_words(interval) for interval in tier.intervals or ())


def _speaking(grid: Grid) -> list[int]:
    """The places of the tiers that hold turns."""
    return [place for place, tier in enumerate(grid.tiers) if _speaks(tier)]


def _label_tiers(grid: Grid) -> dict[int, int]:
    """The places of the tiers with labels, by those of the tiers that they belong to."""
    places = {tier.name: place for place, tier in enumerate(grid.tiers) if tier.name.startswith(LABELS)}
    return {place: places[name] for place, name in enumerate(_label_names(grid.tiers)) if name in places}


def _utterances(document: Document, grids: Sequence[Grid]) -> list[Utterance]:
    """Every interval with words, in the order in which they start."""
    units: list[tuple[float, Utterance]] = []
    before = 0
    for grid in grids:
        speaking, labels = _speaking(grid), _label_tiers(grid)
        for place in speaking:
            tier = grid.tiers[place]
            speaker = tier.name if len(grids) == 1 else _speaker(grid, tier, alone=len(speaking) == 1)
            notes = _notes(grid.tiers[labels[place]]) if place in labels else {}
            units += _units(tier, clean_name(speaker) or UNKNOWN_SPEAKER, before + place + 1, notes)
        before += len(grid.tiers)
        if len({*speaking, *labels.values()}) < len([tier for tier in grid.tiers if tier.intervals or tier.points]):
            leave(document, "other tiers")
    if not units:
        raise document.error(
            "no tier holds what is said. Put the turns of each speaker on an interval tier that is called after the "
            "speaker; tiers called words, phones, notes and the like are left out."
        )
    return in_time_order(units)


def _units(
    tier: Tier, speaker: str, number: int, notes: Mapping[tuple[str, str], TurnNote]
) -> Iterator[tuple[float, Utterance]]:
    for count, interval in enumerate(tier.intervals or (), start=1):
        words = _words(interval)
        if words:
            ids, note = (f"{number}.{count}",), notes.get(interval.raw[:2])
            yield interval.start, Utterance(speaker, words, interval.start, interval.end, ids, interval.line, note=note)


def _notes(labels: Tier) -> dict[tuple[str, str], TurnNote]:
    """The notes on a tier of labels, by where they stand."""
    return {each.raw[:2]: note_of_text(each.text) for each in labels.intervals or () if each.text.strip()}


def _words(interval: Interval) -> str:
    return "" if _is_silence(interval.text) else without_tags(interval.text)


def _is_silence(text: str) -> bool:
    return text.strip().casefold() in _SILENCES


def _speaker(grid: Grid, tier: Tier, *, alone: bool) -> str:
    name = grid.document.session.rpartition("_")[2]
    return name if alone else f"{name} {tier.name}"


def _label_names(tiers: Sequence[Tier]) -> list[str]:
    return _numbered([tier.name for tier in tiers])


def _numbered(names: Sequence[str]) -> list[str]:
    """The name of the tier of labels for each tier, numbered where several tiers share one name."""
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(f"{LABELS}{name}" + (f" ({seen[name]})" if seen[name] > 1 else ""))
    return numbered


def _with_labels(grid: Grid, placed: Mapping[str, str]) -> str:
    """The text of one file, with a tier of labels for each tier that speaks, in its own form and line ends."""
    text = grid.document.text
    old = set(_label_tiers(grid).values())
    kept = [place for place in range(len(grid.tiers)) if place not in old]
    names = _label_names(grid.tiers)
    added = [_labels(grid.tiers[place], names[place], place + 1, placed) for place in _speaking(grid)]
    start = len(kept) + 1
    pieces = [text[: grid.size[0]], str(len(kept) + len(added)), text[grid.size[1] : grid.tiers[0].begin]]
    for number, place in enumerate(kept, start=1):
        tier = grid.tiers[place]
        head = text[tier.begin : tier.body]
        pieces.append(head if number == place + 1 else _ITEM.sub(rf"\g<1>{number}\2", head))
        pieces.append(text[tier.body : tier.end])
    rendered = "".join(_rendered(tier, number, long=grid.long) for number, tier in enumerate(added, start=start))
    line_end = "\r\n" if "\r\n" in text else "\n" if "\n" in text else "\r"
    apart = "" if pieces[-1].endswith(("\n", "\r")) else line_end
    return "".join([*pieces, apart, rendered.replace("\n", line_end), text[grid.tiers[-1].end :]])


@dataclass(frozen=True, slots=True)
class _New:
    """A tier to be written: its limits and entries (start, end, text, or time, text) as a file has them."""

    name: str
    limits: tuple[str, str]
    entries: tuple[tuple[str, ...], ...]
    points: bool = False

    def within(self, first: str, last: str) -> _New:
        """The tier from `first` to `last`, with empty intervals where it was shorter."""
        if self.points:
            return replace(self, limits=(first, last))
        before = ((first, self.limits[0], '""'),) if float(first) < float(self.limits[0]) else ()
        after = ((self.limits[1], last, '""'),) if float(self.limits[1]) < float(last) else ()
        return replace(self, limits=(first, last), entries=(*before, *self.entries, *after))


def _labels(tier: Tier, name: str, number: int, placed: Mapping[str, str]) -> _New:
    entries = tuple(
        (*interval.raw[:2], _quoted(placed.get(f"{number}.{count}", "")))
        for count, interval in enumerate(tier.intervals or (), start=1)
    )
    return _New(name, tier.limits, entries)


def _joined(grids: Sequence[Grid], placed: Mapping[str, str]) -> str:
    """One new file in the long form for the files of one session."""
    tiers = [tier for grid in grids for tier in _renamed(grid)]
    names = _label_names(tiers)
    old = [_kept(tier) for tier in tiers if tier.name]
    places = [place for place, tier in enumerate(tiers) if tier.name and _speaks(tier)]
    new = [_labels(tiers[place], names[place], place + 1, placed) for place in places]
    limits = [limit for grid in grids for limit in grid.limits] + [limit for tier in old for limit in tier.limits]
    first, last = min(limits, key=float), max(limits, key=float)
    return _file([each.within(first, last) for each in (*old, *new)], first, last)


def _file(tiers: Sequence[_New], first: str, last: str) -> str:
    """A whole file in the long form."""
    head = (
        f'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = {first} \nxmax = {last} \n'
        f"tiers? <exists> \nsize = {len(tiers)} \nitem []: \n"
    )
    return head + "".join(_rendered(tier, number, long=True) for number, tier in enumerate(tiers, start=1))


def _entries(tier: NewTier, texts: Mapping[int, str], last: str) -> tuple[tuple[str, ...], ...]:
    """The intervals of a fresh tier, with empty ones between the turns."""
    entries: list[tuple[str, ...]] = []
    done = "0"
    for index, start, end in tier.turns:
        if float(done) < start:
            entries.append((done, _seconds(start), '""'))
        done = _seconds(end)
        entries.append((_seconds(start), done, _quoted(texts[index])))
    return (*entries, (done, last, '""')) if float(done) < float(last) else tuple(entries)


def _seconds(time: float) -> str:
    return str(int(time)) if time.is_integer() else repr(time)


def _renamed(grid: Grid) -> Iterator[Tier]:
    """All tiers of one of several files, named so that they can stand in one file; those with old labels unnamed."""
    speaking, labels = _speaking(grid), set(_label_tiers(grid).values())
    for place, tier in enumerate(grid.tiers):
        if place in labels:
            yield replace(tier, name="")
        elif place in speaking:
            yield replace(tier, name=_speaker(grid, tier, alone=len(speaking) == 1))
        else:
            yield replace(tier, name=f"{_speaker(grid, tier, alone=True)} - {tier.name}")


def _kept(tier: Tier) -> _New:
    if tier.intervals is None:
        return _New(tier.name, tier.limits, tier.points, points=True)
    return _New(tier.name, tier.limits, tuple(each.raw for each in tier.intervals))


def _rendered(tier: _New, number: int, *, long: bool) -> str:
    """A tier as Praat writes it, in the long or the short form."""
    kind, plural = ("TextTier", "points") if tier.points else ("IntervalTier", "intervals")
    keys = ("number", "mark") if tier.points else ("xmin", "xmax", "text")
    if not long:
        entries = "".join("".join(f"{value}\n" for value in entry) for entry in tier.entries)
        return f'"{kind}"\n{_quoted(tier.name)}\n{tier.limits[0]}\n{tier.limits[1]}\n{len(tier.entries)}\n{entries}'
    lines = [
        f"    item [{number}]:",
        f'        class = "{kind}" ',
        f"        name = {_quoted(tier.name)} ",
        f"        xmin = {tier.limits[0]} ",
        f"        xmax = {tier.limits[1]} ",
        f"        {plural}: size = {len(tier.entries)} ",
    ]
    for count, entry in enumerate(tier.entries, start=1):
        lines.append(f"        {plural} [{count}]:")
        lines += [f"            {key} = {value} " for key, value in zip(keys, entry, strict=True)]
    return "".join(f"{line}\n" for line in lines)


def _quoted(text: str) -> str:
    return '"' + clean_text(text).replace('"', '""') + '"'
