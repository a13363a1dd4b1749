"""Other ways in which the same session might have come: without punctuation, without roles."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from mendline.transcripts.roles import UNKNOWN_ROLE, role_words
from mendline.transcripts.transcript import Transcript

# Automatic captions keep apostrophes within words, and bracketed notes.
_PUNCTUATION = re.compile(r"[^\w\s'’\[\]()]|(?<!\w)['’]|['’](?!\w)")


def as_captions(transcript: Transcript) -> Transcript:
    """The transcript as automatic captions would show it: lower case, no punctuation."""
    turns = (
        replace(turn, text=" ".join(_PUNCTUATION.sub(" ", turn.text).lower().split())) for turn in transcript.turns
    )
    return replace(transcript, turns=tuple(turns))


def without_roles(transcript: Transcript) -> Transcript:
    """The transcript as it reads when nobody's role is known: "speaker one", "speaker two"."""
    roles = list(dict.fromkeys(turn.role for turn in transcript.turns))
    words = role_words(roles, dict.fromkeys(roles, UNKNOWN_ROLE))
    return replace(transcript, turns=tuple(replace(turn, role=words[turn.role]) for turn in transcript.turns))


def both(transcript: Transcript) -> Transcript:
    """Captions without roles."""
    return as_captions(without_roles(transcript))


def unchanged(transcript: Transcript) -> Transcript:
    """The transcript itself."""
    return transcript


Change = Callable[[Transcript], Transcript]


def changes(caption_share: float, anonymous_share: float) -> list[tuple[Change, float]]:
    """Each change with the share of the windows that show it; the shares sum to 1."""
    return [
        (unchanged, (1 - caption_share) * (1 - anonymous_share)),
        (as_captions, caption_share * (1 - anonymous_share)),
        (without_roles, (1 - caption_share) * anonymous_share),
        (both, caption_share * anonymous_share),
    ]
