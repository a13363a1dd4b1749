"""What ELAN and Praat files have in common: tiers that run beside each other, of which some hold what is said.

A tier is a speaker. Left out are the tiers whose name says that they hold something else: words, sounds, glosses,
translations, gestures, notes (`Anna - words`, `gesture@Anna`). Each unit of a tier that has words is a turn of its own;
turns stand in the order in which they start, and those that start together in the order of the tiers. Nothing is
joined: overlaps, and pauses within what one person says, stay as the transcriber drew them.

Labels go to a tier of their own, `rup@` and the name of the tier that they belong to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mendline.transcripts.document import Document
from mendline.transcripts.formats.spans import spans
from mendline.transcripts.roles import speaker_key
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.utterances import Utterance, clean_text, other_turns

LABELS = "rup@"

_OTHER_THAN_TURNS = frozenset(
    {"word", "words", "phone", "phones", "phoneme", "phonemes", "segment", "segments", "sound", "sounds"}
    | {"syllable", "syllables", "mau", "maus", "morph", "morphs", "morpheme", "morphemes", "gloss"}
    | {"glosses", "pos", "lemma", "lemmas", "ipa", "translation", "translations", "gesture", "gestures"}
    | {"gaze", "hand", "hands", "head", "face", "posture", "movement", "movements", "prosody", "pitch"}
    | {"intonation", "tone", "tones", "note", "notes", "comment", "comments", "remark", "remarks", "event"}
    | {"events", "noise", "noises", "silence", "silences", "pause", "pauses", "topic", "topics", "code"}
    | {"codes", "coding", "section", "sections", "episode", "episodes"}
)
# Short names of Toolbox and ELAN templates, which could also be somebody's initials: only as in `ge@Anna`.
_SHORT_TYPES = frozenset({"ref", "id", "mb", "mot", "ge", "gl", "ps", "ft", "fte", "nt"})


def holds_turns(name: str) -> bool:
    """Whether the name of a tier leaves it open that the tier holds what somebody says."""
    key = speaker_key(name)
    kind, at, _ = key.partition("@")
    typed = bool(at) and re.split(r"[\W_]+", kind.strip())[-1] in _SHORT_TYPES
    return not (key.startswith(LABELS) or typed or set(re.split(r"[\W_]+", key)) & _OTHER_THAN_TURNS)


def in_time_order(units: Sequence[tuple[float, Utterance]]) -> list[Utterance]:
    """Return the units by the moment at which each starts; units of the same moment keep their order."""
    return [unit for _, unit in sorted(units, key=lambda each: each[0])]


@dataclass(frozen=True, slots=True)
class NewTier:
    """A tier of a fresh file: who speaks on it, and its turns (index, start, end), in order, none over another."""

    name: str
    speaker: str
    turns: tuple[tuple[int, float, float], ...]


def new_tiers(transcript: Transcript, *, format_name: str) -> list[NewTier]:
    """Return a tier for each speaker, and further ones of the same name where turns of one speaker overlap.

    When each turn starts and ends is said at `mendline.transcripts.formats.spans.spans`. A speaker whose name says that
    a tier holds something else is called by the role. Raises OutputError where a turn has no start.
    """
    spans_of: dict[str, list[tuple[int, float, float]]] = {}
    turns = transcript.turns
    for turn, (start, end) in zip(turns, spans(transcript, format_name=format_name), strict=True):
        spans_of.setdefault(turn.speaker, []).append((turn.index, start, end))
    found = []
    for speaker, spoken in spans_of.items():
        role = turns[spoken[0][0]].role
        name = speaker if speaker.strip() and holds_turns(speaker) else role.title()
        found += [NewTier(name, speaker, tuple(lane)) for lane in _apart(spoken)]
    return found


def _apart(spans: Sequence[tuple[int, float, float]]) -> list[list[tuple[int, float, float]]]:
    lanes: list[list[tuple[int, float, float]]] = []
    for span in sorted(spans, key=lambda each: each[1:]):
        lane = next((lane for lane in lanes if lane[-1][2] <= span[1]), None)
        if lane is None:
            lanes.append([span])
        else:
            lane.append(span)
    return lanes


def notes_by_unit(
    document: Document, transcript: Transcript, units: Sequence[Utterance], notes: Sequence[str | None]
) -> dict[str, str]:
    """Return the note of each unit that gets one, by the unit's id: the first unit of the turn, if it has several.

    `units` are what the document holds, each with one id. Raises OutputError where `transcript` was not read from it.
    """
    words = {unit.source_ids[0]: unit.text for unit in units}
    placed: dict[str, str] = {}
    for turn, note in zip(transcript.turns, notes, strict=True):
        if not turn.source_ids or " ".join(words.get(each, "") for each in turn.source_ids) != turn.text:
            raise other_turns(document)
        if note is not None:
            placed[turn.source_ids[0]] = clean_text(note)
    return placed
