"""Speaker labels at the start of a line: where they stand and which of them are meant. Knows no file format.

A line such as `I said: no` looks much like `Anna: no`. So a label counts as a speaker only if its name looks like one
(see `looks_like_name`) and one of these holds:

1. the name states a role ("T", "Therapist", "Mum", "Speaker 2"), or it was named by `--role`;
2. the line starts with a time, or the name stands in square brackets (`[00:01:02] Anna: …`, `[SPEAKER_00]: …`);
3. the same name opens at least two lines;
4. every line, or every paragraph, opens with a label, so that the layout leaves no doubt.

What looks like a label but is none of these is part of what is being said.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mendline.transcripts.roles import NUMBER_WORDS, known_role, speaker_key
from mendline.transcripts.times import CLOCK, seconds_of_clock

UNKNOWN_SPEAKER = "unknown"
MAX_NAME = 40
MAX_NAME_WORDS = 4

_INVISIBLE = "\u200b-\u200f\u202a-\u202e\u2066-\u2069"
# Possessive: a line of many spaces or marks of direction is passed over once, not once from each of them.
_STAMP = re.compile(
    rf"\s*+[\[(]?\s*+(?P<start>{CLOCK})(?:\s*(?:-->|-|–|—|to)\s*(?P<end>{CLOCK}))?\s*[\])]?(?![0-9:])(?:\s*[-–—]\s)?\s*"
)
_LABEL = re.compile(
    rf"[\s{_INVISIBLE}]*+(?:(?P<number>[0-9]{{1,6}})[.)]?[ \t]+)?"
    r"(?P<name>\[[^\[\]:：<>]{1,60}\](?=[:：])|[^\s:：<>\[\]][^:：<>\[\]\t]{0,60}?)"
    rf"\s*+(?:[\[(]\s*(?P<start>{CLOCK})\s*[\])])?[{_INVISIBLE}]*+"
    r"(?:：|:(?=\s|$|[^\W\d]|[\"“‘'«\[…¿¡-]))\s*"
)
_NAME = re.compile(rf"[^\W_][\w .,'’/&()#{_INVISIBLE}-]*")
_SPEAKER_N = re.compile(
    r"(?:speaker|participant|person|voice|interviewer|interviewee|respondent)"
    rf"(?:[ _#-]*[0-9]+|[ _#-](?:[a-z]|{'|'.join(NUMBER_WORDS)}))?"
)
# Words that head a file or start a sentence much more often than they name somebody.
_HEADINGS = frozenset(
    {"case", "date", "duration", "end", "file", "id", "keywords", "language", "length", "location", "name", "names"}
    | {"note", "notes", "participants", "participant(s)", "place", "present", "project", "recorded", "recording"}
    | {"session", "setting", "source", "speakers", "start", "subject", "summary", "time", "title", "topic"}
    | {"transcribed", "transcriber", "transcript", "version"}
)
_SENTENCE_WORDS = frozenset(
    {"also", "and", "anyway", "answer", "because", "but", "example", "he", "it", "like", "no", "now", "ok", "okay"}
    | {"or", "ps", "question", "right", "she", "so", "that", "then", "they", "this", "we", "well", "yes"}
)


@dataclass(frozen=True, slots=True)
class Label:
    """A label found at the start of a line. `end_of_label` is where the words begin, `certain` is rule 2.

    `number` is the number of the turn, where the line starts with one ("12. Anna: …").
    """

    name: str
    end_of_label: int
    start: float | None = None
    end: float | None = None
    certain: bool = False
    number: str | None = None


def find_stamp(text: str) -> tuple[float, float | None, int] | None:
    """Return the time, or the two times, at the start of a line and the place where they end; None without one."""
    match = _STAMP.match(text)
    start = None if match is None else seconds_of_clock(match["start"])
    if match is None or start is None:
        return None
    end = None if match["end"] is None else seconds_of_clock(match["end"])
    return start, end, match.end()


def find_label(text: str, position: int = 0) -> Label | None:
    """Return the label at `position` of a line, with a time before the name or after it; None where there is none."""
    stamp = find_stamp(text[position:])
    start, end, skipped = stamp or (None, None, 0)
    match = _LABEL.match(text, position + skipped)
    if match is None:
        return None
    bracketed = match["name"].startswith("[")
    name = clean_name(match["name"].strip("[]"))
    if not looks_like_name(name):
        return None
    if start is None and match["start"] is not None:
        start = seconds_of_clock(match["start"])
    return Label(name, match.end(), start, end, bracketed or start is not None, match["number"])


def clean_name(name: str) -> str:
    """Return a speaker's name on one line, without marks of direction and HTML entities."""
    return " ".join(re.sub(f"[{_INVISIBLE}\x00-\x1f\x7f-\x9f]", " ", html.unescape(name)).split())


def looks_like_name(name: str) -> bool:
    """Whether it is up to four words and 40 characters, with letters, and begins and ends as names do.

    Of several words the first and the last are not wholly in lower case, unless the name states a role ("speaker one").
    What stands in brackets at the end ("Anna (she/her)") does not count as words.
    """
    words = re.sub(r"(?<=\S)\s*\([^()]*\)$", "", name).split()
    if not (0 < len(words) <= MAX_NAME_WORDS and len(name) <= MAX_NAME and _NAME.fullmatch(name)):
        return False
    if not any(letter.isalpha() for letter in name):
        return False
    return len(words) == 1 or states_role(name) or not (words[0].islower() or words[-1].islower())


def states_role(name: str) -> bool:
    """Whether a name by itself says that it is a speaker: a role, "Speaker 2", or the T and C of a session."""
    key = speaker_key(name)
    return known_role(name) is not None or key in {"t", "c"} or _SPEAKER_N.fullmatch(key) is not None


def is_plain_label(name: str) -> bool:
    """Whether `name:` at the start of a line can only be read as a speaker in a text where every line has a label."""
    return looks_like_name(name) and speaker_key(name) not in _HEADINGS | _SENTENCE_WORDS


def is_heading(text: str) -> bool:
    """Whether a line is such as `Date: …`, which heads a file and names nobody."""
    label = find_label(text)
    return label is not None and speaker_key(label.name) in _HEADINGS


def speakers_among(labels: Sequence[Label | None], *, openings: Sequence[bool], known: Iterable[str]) -> frozenset[str]:
    """Return the keys (`speaker_key`) of the labels that are meant as speakers, by the rules above.

    `labels` holds one entry for each line that has text, `openings` says which of them open a paragraph. `known` are
    names that a person gave.
    """
    sure = {speaker_key(name) for name in known}
    keys = [None if label is None else speaker_key(label.name) for label in labels]
    often = {key for key, count in Counter(keys).items() if count > 1 and key is not None}
    found = set()
    for label, key in zip(labels, keys, strict=True):
        if label is None or key is None:
            continue
        plain = key not in _HEADINGS | _SENTENCE_WORDS
        if key in sure or states_role(label.name) or (plain and (label.certain or key in often)):
            found.add(key)
    return frozenset(found | _names_by_layout(keys, openings))


def _names_by_layout(keys: Sequence[str | None], openings: Sequence[bool]) -> set[str]:
    """Rule 4: every name, if from the first plain label on each line, or each of several paragraphs, opens with one."""
    unsure = _HEADINGS | _SENTENCE_WORDS
    first = next((place for place, key in enumerate(keys) if key is not None and key not in unsure), None)
    if first is None:
        return set()
    rest = keys[first:]
    opened = [key for key, opens in zip(rest, openings[first:], strict=True) if opens]
    for units in (rest, opened):
        if len(units) > 1 and all(key is not None and key not in unsure for key in units):
            return {key for key in units if key is not None}
    return set()
