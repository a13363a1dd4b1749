"""ELAN annotation files: the tiers of speakers, each annotation with words a turn of its own.

A tier that depends on no other one is a speaker; the tiers below it (words, glosses, translations) say the same again.
Only where it holds no words, or its name says that it holds something else (`ref@Anna`), does the first tier below it
that fits take its place. Which names those are, and in which order turns stand, is said in
`mendline.transcripts.formats.tiers`. The speaker is the participant of the tier or of one above it, or else what its
name says behind the last `@`, or its name. An annotation without words is no turn. One without times of its own has
those of the one that it is attached to; one at a time slot that is not aligned has none, and its place is behind the
last slot that is. The id of a turn is that of its annotation.

Labels go to a tier `rup@NAME` that depends on the tier NAME, each attached to the annotation that it is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from mendline.transcripts.document import Document
from mendline.transcripts.errors import OutputError
from mendline.transcripts.formats.eaf import LAST_ID, ROOT, Eaf, Tier, parse, tag_end
from mendline.transcripts.formats.kept import TIMES, Kept, leave
from mendline.transcripts.formats.marks import without_tags
from mendline.transcripts.formats.tiers import LABELS, holds_turns, in_time_order, new_tiers, notes_by_unit
from mendline.transcripts.notes import note_of_text
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.roles import speaker_key
from mendline.transcripts.speakers import UNKNOWN_SPEAKER, clean_name
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.turns import turns_of
from mendline.transcripts.utterances import Utterance, clean_text, transcript_of

NAME = "elan"
EXTENSIONS = (".eaf",)
SUMMARY = "ELAN annotations, one tier for each speaker"
KEEPS = (*TIMES, Kept.LABELS)
LIBRARY = "defusedxml"
COPY_KEEPS = "all other tiers, media, vocabularies, comments"

KIND = "rupture (Mendline)"
_STEREOTYPE = "Symbolic_Association"
_DESCRIPTION = "1-1 association with a parent annotation"
_HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<{ROOT} AUTHOR="" DATE="1970-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
        <PROPERTY NAME="{LAST_ID}">0</PROPERTY>
    </HEADER>"""
_KIND_OF_TURNS = '<LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="turn" TIME_ALIGNABLE="true"/>'
_ENCODING = re.compile(r"(<\?xml[^>]{0,200}?encoding\s*=\s*[\"'])[^\"']{0,60}([\"'])")
_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMBER = re.compile(r"\s*[0-9]+\s*")


def takes(document: Document) -> bool:
    """Whether the text opens as an ELAN file does."""
    return f"<{ROOT}" in document.text[:4000]


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError with the line that cannot be read."""
    turns = turns_of(_turns(document, parse(document)), options, drawn=True)
    return [transcript_of(document, turns, roles=options.roles)]


def write(transcript: Transcript, notes: Sequence[str | None]) -> str:
    """A tier for each speaker and one that depends on it for the notes. Raises OutputError without times.

    Which tiers there are is said at `mendline.transcripts.formats.tiers.new_tiers`. Times are rounded to milliseconds.
    Read again, the turns stand in the order in which they start. Raises OutputError as well for a character that no XML
    file can hold.
    """
    _check_characters(transcript, notes)
    tiers = new_tiers(transcript, format_name=NAME)
    times = {index: (round(1000 * start), round(1000 * end)) for tier in tiers for index, start, end in tier.turns}
    order = sorted((time, index, last) for index, span in times.items() for last, time in enumerate(span))
    slots = {(index, last): f"ts{number}" for number, (_, index, last) in enumerate(order, start=1)}
    lines = [
        f'    <TIME_SLOT TIME_SLOT_ID="ts{n}" TIME_VALUE="{time}"/>' for n, (time, *_) in enumerate(order, start=1)
    ]
    lines = ["<TIME_ORDER>", *lines, "</TIME_ORDER>"]
    for number, tier in enumerate(tiers):
        twins = sum(speaker_key(other.name) == speaker_key(tier.name) for other in tiers[:number])
        name = f"{tier.name} ({twins + 1})" if twins else tier.name
        attributes = f'LINGUISTIC_TYPE_REF="turn" PARTICIPANT={quoteattr(tier.speaker)} TIER_ID={quoteattr(name)}'
        lines.append(f"<TIER {attributes}>")
        for index, *_ in tier.turns:
            lines += _annotation(index, slots[index, 0], slots[index, 1], transcript.turns[index].text)
        lines.append("</TIER>")
    text = "\n    ".join([_HEAD, *lines, _KIND_OF_TURNS]) + f"\n</{ROOT}>\n"
    document = Document.from_bytes(text.encode(), name=transcript.session)
    placed = {f"a{index + 1}": clean_text(note) for index, note in enumerate(notes) if note is not None}
    return _edited(text, _added(document, parse(document), placed))


def _check_characters(transcript: Transcript, notes: Sequence[str | None]) -> None:
    for turn, note in zip(transcript.turns, notes, strict=True):
        if _NOT_IN_XML.search(turn.speaker + clean_text(turn.text) + clean_text(note or "")):
            raise OutputError(
                f"turn {turn.index + 1} of session {transcript.session} holds a character that ELAN's XML cannot keep, "
                "in its words, its note or its speaker's name. Take it out, or write plain text or a table instead."
            )


def _annotation(index: int, first: str, last: str, words: str) -> list[str]:
    place = f'TIME_SLOT_REF1="{first}" TIME_SLOT_REF2="{last}"'
    return [
        "    <ANNOTATION>",
        f'        <ALIGNABLE_ANNOTATION ANNOTATION_ID="a{index + 1}" {place}>',
        f"            <ANNOTATION_VALUE>{escape(clean_text(words))}</ANNOTATION_VALUE>",
        "        </ALIGNABLE_ANNOTATION>",
        "    </ANNOTATION>",
    ]


def annotated_copy(document: Document, transcript: Transcript, notes: Sequence[str | None]) -> str:
    """Return the file with a tier of labels for each tier that speaks; every other character stays.

    Tiers of labels from before are replaced. The copy is UTF-8 and says so. Raises OutputError where `transcript` was
    not read from the file, or where somebody made a tier that depends on one of labels.
    """
    eaf = parse(document)
    placed = notes_by_unit(document, transcript, _turns(document, eaf), notes)
    old = _old_labels(eaf)
    if any(tier.parent in {each.id for each in old} for tier in eaf.tiers.values()):
        message = "a tier depends on the labels of an earlier run. Delete that tier in ELAN, then write the copy."
        raise OutputError(message, file=document.name)
    edits = [(_with_space_before(document, tier.begin), tier.end, "") for tier in old]
    edits += _added(document, eaf, placed)
    return _ENCODING.sub(r"\1UTF-8\2", _edited(document.text, edits), count=1)


def _turns(document: Document, eaf: Eaf) -> list[Utterance]:
    """Every annotation with words on a tier that speaks, in the order in which they start."""
    units: list[tuple[float, Utterance]] = []
    moments = eaf.moments()
    notes = {each.attached_to: note_of_text(each.value) for tier in _old_labels(eaf) for each in tier.annotations}
    for tier in _speaking(eaf):
        speaker = clean_name(_speaker(eaf, tier)) or UNKNOWN_SPEAKER
        for each in tier.annotations:
            words = without_tags(each.value)
            if words and each.slots is not None:
                note = notes.get(each.id)
                said = Utterance(speaker, words, *eaf.seconds(each), (each.id,), each.line, note=note)
                units.append((moments[each.slots[0]], said))
    taken = {tier.id for tier in (*_speaking(eaf), *_old_labels(eaf))}
    if any(tier.has_words and tier.id not in taken for tier in eaf.tiers.values()):
        leave(document, "other tiers")
    if not units:
        raise document.error(
            "no tier holds what is said. Put the turns of each speaker on a tier that depends on no other one and is "
            "called after the speaker; tiers called words, gestures, notes and the like are left out."
        )
    return in_time_order(units)


def _speaking(eaf: Eaf) -> list[Tier]:
    below: dict[str | None, list[Tier]] = {}
    for tier in eaf.tiers.values():
        below.setdefault(tier.parent, []).append(tier)
    found = []
    for root in below.get(None, ()):
        waiting = [root]
        while waiting:
            tier = waiting.pop()
            if tier.kind != KIND and tier.has_words and holds_turns(tier.id):
                found.append(tier)
                break
            waiting += reversed(below.get(tier.id, ()))
    return found


def _speaker(eaf: Eaf, tier: Tier) -> str:
    for each in _with_those_above(eaf, tier):
        if each.participant.strip():
            return each.participant
    return tier.id.rpartition("@")[2] or tier.id


def _with_those_above(eaf: Eaf, tier: Tier) -> Iterator[Tier]:
    yield tier
    while tier.parent is not None:
        tier = eaf.tiers[tier.parent]
        yield tier


def _old_labels(eaf: Eaf) -> list[Tier]:
    return [tier for tier in eaf.tiers.values() if tier.kind == KIND and tier.id.startswith(LABELS)]


_Edit = tuple[int, int, str]


def _added(document: Document, eaf: Eaf, placed: Mapping[str, str]) -> list[_Edit]:
    """The tiers of labels, the type that they have and the constraint of that type, each where the format wants it."""
    text = document.text
    line_end = "\r\n" if "\r\n" in text else "\n"
    number = _highest_id(eaf)
    tiers = []
    for tier in _speaking(eaf):
        tiers += _label_tier(tier, placed, number)
        number += sum(each.id in placed for each in tier.annotations)
    parts = [("TIER", tiers)]
    if KIND not in eaf.kinds:
        kind = f'<LINGUISTIC_TYPE CONSTRAINTS="{_STEREOTYPE}" GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="{KIND}" '
        parts.append(("LINGUISTIC_TYPE", [kind + 'TIME_ALIGNABLE="false"/>']))
    if _STEREOTYPE not in eaf.constraints:
        parts.append(("CONSTRAINT", [f'<CONSTRAINT DESCRIPTION="{_DESCRIPTION}" STEREOTYPE="{_STEREOTYPE}"/>']))
    edits = []
    for name, lines in parts:
        place = _with_space_before(document, _place_behind(eaf, name))
        edits.append((place, place, "".join(f"{line_end}    {line}" for line in lines)))
    if eaf.last_id is not None:
        begin = tag_end(document, eaf.last_id)
        match = _NUMBER.match(text, begin)
        if match is not None:
            edits.append((begin, match.end(), str(number)))
    return edits


def _label_tier(tier: Tier, placed: Mapping[str, str], number: int) -> list[str]:
    attributes = f"LINGUISTIC_TYPE_REF={quoteattr(KIND)} PARENT_REF={quoteattr(tier.id)}"
    if tier.participant:
        attributes += f" PARTICIPANT={quoteattr(tier.participant)}"
    lines = [f"<TIER {attributes} TIER_ID={quoteattr(LABELS + tier.id)}>"]
    for each in tier.annotations:
        if each.id in placed:
            number += 1
            lines += [
                "    <ANNOTATION>",
                f'        <REF_ANNOTATION ANNOTATION_ID="a{number}" ANNOTATION_REF={quoteattr(each.id)}>',
                f"            <ANNOTATION_VALUE>{escape(placed[each.id])}</ANNOTATION_VALUE>",
                "        </REF_ANNOTATION>",
                "    </ANNOTATION>",
            ]
    return [*lines, "</TIER>"]


def _highest_id(eaf: Eaf) -> int:
    """The highest number in the id of an annotation that is not a label of before."""
    old = {each.id for tier in _old_labels(eaf) for each in tier.annotations}
    numbers = [re.search(r"[0-9]{1,15}\Z", name) for name in eaf.annotations if name not in old]
    return max((int(match[0]) for match in numbers if match is not None), default=0)


def _place_behind(eaf: Eaf, name: str) -> int:
    """Where an element of this name goes in the order of the format: behind all that come before it or are like it."""
    order = ["LICENSE", "HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "LOCALE", "LANGUAGE", "CONSTRAINT"]
    before = set(order[: order.index(name) + 1])
    last = max((place for place, (top, _) in enumerate(eaf.tops) if top in before), default=-1)
    return eaf.tops[last + 1][1]


def _with_space_before(document: Document, place: int) -> int:
    """The place at which the white space begins that ends at `place`."""
    return len(document.text[:place].rstrip())


def _edited(text: str, edits: Sequence[_Edit]) -> str:
    pieces, done = [], 0
    for begin, end, new in sorted(edits, key=lambda edit: edit[:2]):
        pieces += [text[done:begin], new]
        done = max(done, end)
    return "".join([*pieces, text[done:]])
