"""From what a transcription service returns, words or longer pieces, to turns. Shared by the readers of their JSON.

The rule, the same for every service: pieces stand in the order in which they start; consecutive pieces of one speaker
make one turn; a piece without words is a pause, not a turn. Words become pieces first: a speaker's run of words, within
one channel broken where a sentence ends or nothing is said for `PAUSE` seconds, so that two channels interleave by
sentences rather than by words. A word without a speaker belongs to whoever spoke before.

A speaker whom the service only numbers or letters is called "Speaker 0", "Speaker A", and "Channel 1" where each
speaker has a channel: these are the names that `--role` takes. `source_ids` of a turn are the ids of its pieces, or
`first-last`, the places of its words in the service's list, counted from 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mendline.transcripts.document import Document
from mendline.transcripts.formats.json_shapes import first_value
from mendline.transcripts.formats.json_text import parse
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.roles import speaker_key
from mendline.transcripts.speakers import UNKNOWN_SPEAKER
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.utterances import Utterance, clean_text, transcript_of

PAUSE = 1.0

_SENTENCE_END = (".", "?", "!", "。", "？", "！", "؟", "…")
_SECONDS = re.compile(r"([0-9]+(?:\.[0-9]+)?)s?")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of one speaker, in `text`. `glued` says that no space stands before it, as before a full stop."""

    text: str
    speaker: str | None = None
    start: float | None = None
    end: float | None = None
    source_id: str | None = None
    glued: bool = False


def service_object(document: Document, *, hint: str) -> dict[str, Any]:
    """Return the one JSON object of a file. Raises TranscriptError that ends in `hint`."""
    first = first_value(document)
    value = first.value if first is not None and first.alone else parse(document, document.text, line=1, hint=hint)
    if not isinstance(value, dict):
        raise document.error(f"this is not one JSON object. {hint}")
    return value


def objects(
    document: Document, container: Mapping[str, Any], key: str, *, where: str, hint: str
) -> list[dict[str, Any]]:
    """Return the list of objects under `key`, empty where there is none. Raises TranscriptError for anything else."""
    value = container.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        raise document.error(f'"{key}" of {where} is not a list of objects. {hint}')
    return value


def string(document: Document, container: Mapping[str, Any], key: str, *, where: str, hint: str) -> str:
    """Return the text under `key`, empty where it is missing or null. Raises TranscriptError for anything else."""
    value = container.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise document.error(f'"{key}" of {where} is not a text. {hint}')
    return value


def seconds(
    document: Document, container: Mapping[str, Any], key: str, *, where: str, hint: str, per_second: float = 1
) -> float | None:
    """Return the time under `key` in seconds, given in units of which a second has `per_second`; None without one.

    Reads numbers, texts such as "1.5" and "1.5s", and objects with seconds and nanos. Raises TranscriptError.
    """
    value = container.get(key)
    if value is None or value == "":
        return None
    time = _number(value)
    if not math.isfinite(time) or time < 0:
        raise document.error(f'"{key}" of {where} is not a time. {hint}')
    return time / per_second


def speaker_name(speaker: object, channel: object = None) -> str | None:
    """Return what a speaker is called, from what the service gives; None where it gives nothing."""
    name = clean_text(str(speaker)) if isinstance(speaker, str | int) and not isinstance(speaker, bool) else ""
    side = clean_text(str(channel)) if isinstance(channel, str | int) and not isinstance(channel, bool) else ""
    if len(name) == 1 or name.isdecimal():
        name = f"Speaker {name}"
    if not side:
        return name or None
    return f"{name} (channel {side})" if name else f"Channel {side}"


def pieces_of_words(words: Sequence[Piece], *, sentences: bool) -> list[Piece]:
    """Return the runs of words of one speaker; with `sentences`, broken at the ends of sentences and at pauses."""
    return [_run(words, first, last) for first, last in _runs(words, sentences=sentences)]


def transcript_of_pieces(
    document: Document, pieces: Iterable[Piece], options: ReadOptions, *, no_speakers: str
) -> Transcript:
    """Return the conversation that the pieces make. Raises TranscriptError, `no_speakers` where none has a speaker."""
    said = [piece for piece in pieces if clean_text(piece.text)]
    if said and not any(piece.speaker for piece in said):
        raise document.error(no_speakers)
    turns: list[list[Piece]] = []
    speaker = UNKNOWN_SPEAKER
    for piece in _in_order(said):
        before, speaker = speaker, piece.speaker or speaker
        if turns and speaker_key(before) == speaker_key(speaker):
            turns[-1].append(piece)
        else:
            turns.append([replace(piece, speaker=speaker)])
    return transcript_of(document, [_utterance(pieces) for pieces in turns], roles=options.roles)


def _number(value: object) -> float:
    if isinstance(value, bool):
        return math.nan
    if isinstance(value, dict):
        return _number(value.get("seconds", 0)) + _number(value.get("nanos", 0)) / 1e9
    if isinstance(value, str):
        match = _SECONDS.fullmatch(value.strip())
        return math.nan if match is None else float(match[1])
    try:
        return float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return math.nan


def _runs(words: Sequence[Piece], *, sentences: bool) -> Iterator[tuple[int, int]]:
    """The first and the last place of each run."""
    first = 0
    for place in range(1, len(words) + 1):
        if place == len(words) or _breaks(words[place - 1], words[place], words[first], sentences=sentences):
            if words:
                yield first, place - 1
            first = place


def _breaks(before: Piece, word: Piece, opening: Piece, *, sentences: bool) -> bool:
    if word.glued:
        return False
    if word.speaker is not None and word.speaker != opening.speaker:
        return True
    pause = before.end is not None and word.start is not None and word.start - before.end >= PAUSE
    return sentences and (pause or before.text.rstrip().endswith(_SENTENCE_END))


def _run(words: Sequence[Piece], first: int, last: int) -> Piece:
    run = words[first : last + 1]
    text = "".join(word.text if word.glued else f" {word.text}" for word in run)
    speaker = next((word.speaker for word in run if word.speaker is not None), None)
    starts = [word.start for word in run if word.start is not None]
    ends = [word.end for word in run if word.end is not None]
    return Piece(text, speaker, min(starts, default=None), max(ends, default=None), f"{first}-{last}")


def _in_order(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces by their start, if all have one; otherwise as they stand."""
    starts = [piece.start for piece in pieces if piece.start is not None]
    if len(starts) < len(pieces):
        return [*pieces]
    return [piece for _, piece in sorted(zip(starts, pieces, strict=True), key=lambda entry: entry[0])]


def _utterance(pieces: Sequence[Piece]) -> Utterance:
    """What one speaker says in consecutive pieces, of which the first names the speaker."""
    return Utterance(
        pieces[0].speaker or UNKNOWN_SPEAKER,
        " ".join(clean_text(piece.text) for piece in pieces),
        next((piece.start for piece in pieces if piece.start is not None), None),
        max((piece.end for piece in pieces if piece.end is not None), default=None),
        tuple(dict.fromkeys(piece.source_id for piece in pieces if piece.source_id is not None)),
    )
