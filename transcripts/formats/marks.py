"""What was heard but is no word: how all formats write it. Knows no format.

Marks of a transcriber that stand for nothing that was understood are left out of a turn, and make the whole of one in
which nothing else is: `[unintelligible]`. Sounds that were named are kept in square brackets: `[laughs]`.
"""

from __future__ import annotations

import re

from mendline.transcripts.utterances import clean_text

UNINTELLIGIBLE = "[unintelligible]"

# PriMock57 and other corpora in TextGrid or ELAN files: <UNSURE>words</UNSURE>, <UNIN/>, <INAUDIBLE_SPEECH/>.
_TAG = re.compile(r"</?[A-Z][A-Z_]{0,40}/?>")
_TWO_STOPS = re.compile(r"(?<!\.)\.\.(?!\.)")
_SPACE_BEFORE = re.compile(r"\s+(?=[.,!?;]+(?:\s|$))")


def without_tags(label: str) -> str:
    """The words of a label without `<TAGS>` in capitals; `[unintelligible]` if it holds nothing else, "" if nothing."""
    words = clean_text(_TAG.sub(" ", label))
    return words or (UNINTELLIGIBLE if clean_text(label) else "")


def heard(name: str) -> str:
    """A sound as it stands in a turn: `DOOR_SLAMS` is `[door slams]`; empty where the name holds no letter."""
    words = re.sub(r"[\W_]+", " ", name).strip().lower()
    return f"[{words}]" if any(letter.isalpha() for letter in words) else ""


def joined_words(text: str, *, unintelligible: bool) -> str:
    """`text` in one line with its stops close to the words, once all marks are taken out of it.

    Where no letter or digit is left, it is `[unintelligible]` if there was a mark of that, and otherwise empty: nothing
    was said.
    """
    words = _TWO_STOPS.sub(".", _SPACE_BEFORE.sub("", clean_text(text))).lstrip(".,;- ")
    if any(character.isalnum() for character in re.sub(r"\[[^\[\]]*\]", "", words)):
        return words
    sounds = re.findall(r"\[[^\[\]]*\]", words)
    return " ".join(sounds) or (UNINTELLIGIBLE if unintelligible else "")
