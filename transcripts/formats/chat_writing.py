"""A fresh CHAT file for a transcript of any source. What stands in a CHAT file is said in `chat` and `chat_words`.

Codes of speakers are capital letters and digits, as CLAN wants them, and roles are those of the CHAT manual. A comment
says whose code it is where the name is no such code itself, and another what the role is where CHAT has no word for it.
Utterances need no full stop at their end (`@Options: CA`) where the words have none. A turn that has a start but no end
gets one as `mendline.transcripts.formats.spans` says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mendline.transcripts.formats.chat_words import marked_words
from mendline.transcripts.formats.spans import end_of
from mendline.transcripts.roles import UNKNOWN_ROLE, base_role
from mendline.transcripts.transcript import Transcript, Turn
from mendline.transcripts.utterances import clean_text

_CODE = re.compile(r"[A-Z][A-Z0-9]{0,6}")
_MILLISECONDS = 1000
# The words of the CHAT manual for base roles; those that it has no word for take part.
_CHAT_ROLES = {
    **{role: role.title() for role in ("therapist", "partner", "child", "sibling", "friend", "nurse", "doctor")},
    "teacher": "Teacher",
    "relative": "Relative",
    "teen": "Teenager",
    UNKNOWN_ROLE: "Unidentified",
}
_OTHER_ROLE = "Participant"
_ENDED = (".", "?", "!", "+...")


def write_chat(transcript: Transcript, notes: Sequence[str | None], *, label_tier: str) -> str:
    """Return a file with one utterance for each turn, and a tier `label_tier` below each that has a note."""
    roles = {turn.speaker: turn.role for turn in transcript.turns}
    codes = _codes(list(roles))
    spoken = [marked_words(clean_text(turn.text)) for turn in transcript.turns]
    lines = ["@UTF8", "@Begin", "@Languages:\teng"]
    lines.append("@Participants:\t" + ", ".join(_participant(codes[name], name, role) for name, role in roles.items()))
    if not all(words.endswith(_ENDED) for words in spoken):
        lines.append("@Options:\tCA")
    lines += [f"@ID:\teng|mendline|{codes[name]}|||||{_role(role)}|||" for name, role in roles.items()]
    lines += [f"@Comment:\tMendline: {code} is {clean_text(name)}" for name, code in codes.items() if code != name]
    lines += [
        f"@Comment:\tMendline: the role of {codes[name]} is {base_role(role)}"
        for name, role in roles.items()
        if base_role(role) not in _CHAT_ROLES
    ]
    turns = transcript.turns
    for turn, following, words, note in zip(turns, [*turns[1:], None], spoken, notes, strict=True):
        lines.append(f"*{codes[turn.speaker]}:\t{words}{_bullet(turn, following)}")
        if note is not None:
            lines.append(f"{label_tier}:\t{clean_text(note)}")
    return "\n".join([*lines, "@End"]) + "\n"


def _codes(names: Sequence[str]) -> Mapping[str, str]:
    """A code for each name: the name itself if it is one, else its first letters, numbered where they are taken."""
    codes = {name: name for name in names if _CODE.fullmatch(name)}
    taken = set(codes)
    for name in names:
        if name in codes:
            continue
        letters = re.sub(r"[^A-Z]", "", name.upper())[:3].ljust(3, "X")
        number = 1
        code = letters
        while code in taken:
            number += 1
            code = f"{letters}{number}"
        codes[name] = code
        taken.add(code)
    return {name: codes[name] for name in names}


def _participant(code: str, name: str, role: str) -> str:
    plain = "_".join(re.findall(r"[^\W_]+", name))
    return f"{code} {plain} {_role(role)}" if plain and plain != code else f"{code} {_role(role)}"


def _role(role: str) -> str:
    return _CHAT_ROLES.get(base_role(role), _OTHER_ROLE)


def _bullet(turn: Turn, following: Turn | None) -> str:
    if turn.start is None:
        return ""
    first = round(turn.start * _MILLISECONDS)
    last = round(end_of(turn.start, turn, following) * _MILLISECONDS)
    return f" \x15{first}_{last}\x15"
