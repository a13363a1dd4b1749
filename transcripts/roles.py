"""From the names of speakers to the words that the model reads instead of them. Knows no file format.

A role word says what somebody is in the conversation ("therapist", "parent"), never who. Titles, family words and the
usual short forms are known; personal names are not and become "speaker one", "speaker two" in the order in which they
first speak. Speakers who share a role are numbered in the same way ("partner one", "partner two"); a single one is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from mendline.transcripts.errors import TranscriptError
from mendline.transcripts.transcript import Transcript

BASE_ROLES = (
    "therapist",
    "client",
    "partner",
    "parent",
    "child",
    "teen",
    "sibling",
    "friend",
    "nurse",
    "doctor",
    "teacher",
    "coach",
    "relative",
)
UNKNOWN_ROLE = "speaker"
LONGEST = 40
LONGEST_NAME = 200
NUMBER_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

_NAMES_OF = {
    "therapist": "th ther therapist counsellor counselor psychologist psychotherapist clinician",
    "client": "cl client pt patient",
    "partner": "partner husband wife spouse boyfriend girlfriend fiancé fiancée fiance fiancee",
    "parent": "parent mum mom mam mummy mommy mother dad daddy father stepmother stepfather stepmum stepmom stepdad",
    "child": "child kid son daughter stepson stepdaughter",
    "teen": "teen teenager adolescent",
    "sibling": "sibling brother sister stepbrother stepsister",
    "friend": "friend",
    "nurse": "nurse",
    "doctor": "dr doctor gp physician psychiatrist",
    "teacher": "teacher",
    "coach": "coach",
    "relative": "relative grandma grandmother granny gran nan nana grandpa grandad granddad grandfather grandparent "
    "aunt auntie aunty uncle cousin niece nephew mother-in-law father-in-law sister-in-law brother-in-law",
}
_ROLE_OF = {name: role for role, names in _NAMES_OF.items() for name in names.split()}
_PROFESSIONS = frozenset({"therapist", "doctor", "nurse", "coach", "teacher"})
_TITLED = _PROFESSIONS | {"client", "relative"}
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SHORT_ROLES = {"t": "therapist", "c": "client", "gp": "doctor"}


def speaker_key(name: str) -> str:
    """Return what two spellings of one speaker's name have in common: case, spaces and marks of direction aside."""
    visible = _INVISIBLE.sub("", unicodedata.normalize("NFC", name))
    return " ".join(visible.split()).casefold()


def number_word(number: int) -> str:
    """Return `number` (from 1) as a word up to twelve, in digits from there."""
    return NUMBER_WORDS[number - 1] if number <= len(NUMBER_WORDS) else str(number)


def role_words(speakers: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """One role word for each speaker, unique among them.

    `speakers` are names in the order in which they speak; repeats are welcome. `given` maps names, in any case, to base
    roles and wins over what the names say. Numbers always follow the order of first appearance, also where `given`
    holds numbered roles, so the words are the same whoever made them. Raises TranscriptError for a role that is none.
    """
    names = list(dict.fromkeys(speakers))
    stated = {speaker_key(name): base_role(role) for name, role in given.items()}
    guessed = guess_roles(names)
    bases = [stated.get(speaker_key(name)) or guessed.get(name, UNKNOWN_ROLE) for name in names]
    shared = Counter(bases)
    seen: Counter[str] = Counter()
    words = {}
    for name, base in zip(names, bases, strict=True):
        seen[base] += 1
        alone = shared[base] == 1 and base != UNKNOWN_ROLE
        words[name] = base if alone else f"{base} {number_word(seen[base])}"
    return words


def base_role(role: str) -> str:
    """Return a role as a person or a file states it, in the words of the model and without a number.

    "Mum" is "parent", "Partner 2" is "partner", "social worker" stays. Raises TranscriptError unless it is one to three
    words of letters.
    """
    plain = speaker_key(role.replace("_", " "))
    if not plain:
        raise TranscriptError("a role is empty. Give a word, such as --role NAME=client.")
    known = _SHORT_ROLES.get(plain) or known_role(plain)
    if known is not None:
        return known
    base = _without_number(plain.replace("-", " "))
    words = base.split()
    if not 3 <= len(base) <= LONGEST or len(words) > 3 or not all(word.isalpha() for word in words):
        raise TranscriptError(
            "a role is not one to three words of letters, such as therapist, client or social worker. "
            f"Use one of {', '.join(BASE_ROLES)}, or another plain word: --role NAME=ROLE."
        )
    return base


def known_role(name: str) -> str | None:
    """Return the base role that a name states by itself: "Mum", "Dr Shah", "client 2", "Anna (therapist)".

    What is longer than `LONGEST_NAME` characters is no name and states none.
    """
    if len(name) > LONGEST_NAME:
        return None
    plain = re.sub(r"[ -]in[ -]law\b", "-in-law", speaker_key(name.replace("_", " ")))
    inside = re.fullmatch(r"(.*?)\s*[(\[](.*?)[)\]]", plain)
    if inside is not None:
        return known_role(inside[1]) or known_role(inside[2])
    words = [word.strip(".,#") for word in _without_number(plain).split()]
    if not words or len(words) > 3:
        return None
    if len(words) == 1:
        return _ROLE_OF.get(words[0])
    first, last = _ROLE_OF.get(words[0]), _ROLE_OF.get(words[-1])
    if first in _TITLED:
        return first
    return last if last in _PROFESSIONS else None


def guess_roles(names: Sequence[str]) -> dict[str, str]:
    """Return base roles of those names that state one, alone or by the company they are in.

    Single letters count only in company that settles them: T is the therapist beside any known role or beside C, P, A,
    B, H or W; C is the client beside a professional; P is the client (patient) beside a therapist or beside D; D is the
    doctor beside P where there is no therapist; H and W are partners where both speak. A and B say nothing.
    """
    roles = {name: role for name in names if (role := known_role(name)) is not None}
    letter_of = {name: _letter(name) for name in names if name not in roles}
    letters = set(letter_of.values()) - {None}
    meant: dict[str | None, str] = {}
    if "t" in letters and (roles or letters & set("cpabhw")):
        meant["t"] = "therapist"
    helped = "t" in meant or bool(_PROFESSIONS & set(roles.values()))
    has_therapist = "t" in meant or "therapist" in roles.values()
    if "c" in letters and helped:
        meant["c"] = "client"
    if "p" in letters and (has_therapist or "doctor" in roles.values() or "d" in letters):
        meant["p"] = "client"
        if "d" in letters and not has_therapist:
            meant["d"] = "doctor"
    if {"h", "w"} <= letters:
        meant |= {"h": "partner", "w": "partner"}
    return roles | {name: meant[letter] for name, letter in letter_of.items() if letter in meant}


def parse_roles(choices: Iterable[str]) -> dict[str, str]:
    """Return the mapping that several `NAME=ROLE` make, as `--role` takes them. Raises TranscriptError."""
    roles: dict[str, str] = {}
    for choice in choices:
        name, equals, role = choice.rpartition("=")
        if not equals or not name.strip() or not role.strip():
            raise TranscriptError(f"--role {choice!r} is not NAME=ROLE. Write it like --role Anna=client.")
        if speaker_key(name) in map(speaker_key, roles):
            raise TranscriptError(f"--role names {name.strip()!r} twice. Give each speaker one role.")
        base_role(role)
        roles[name.strip()] = role.strip()
    return roles


def check_roles_used(roles: Mapping[str, str], transcripts: Iterable[Transcript]) -> None:
    """Raise TranscriptError where a name in `roles` speaks in none of the transcripts, of all files together."""
    spoken = {speaker_key(turn.speaker) for transcript in transcripts for turn in transcript.turns}
    for name, role in roles.items():
        if speaker_key(name) not in spoken:
            raise TranscriptError(
                f"--role {name}={role}: no speaker of this name speaks in what was read. "
                "Write the name as the transcript has it, or leave the option out."
            )


def _without_number(plain: str) -> str:
    """`plain` without a number, a number word or a single letter at its end, unless nothing else would be left."""
    shorter = re.sub(r"(?<=[^\W\d])[\s#.-]*[0-9]+$", "", plain)
    *others, last = shorter.split() or [""]
    if others and (last in NUMBER_WORDS or (len(last) == 1 and last.isalpha())):
        return " ".join(others)
    return shorter


def _letter(name: str) -> str | None:
    """Return the single letter that a name is, its number aside ("C", "c2"), or None."""
    match = re.fullmatch(r"([a-z])[.]?[0-9]*", speaker_key(name))
    return None if match is None else match[1]
