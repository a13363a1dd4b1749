"""From the pieces of speech that a transcription service returns to turns. Knows no service.

Pieces stand in the order in which they start; which of them make one turn is said in `mendline.transcripts.turns`. A
piece without words is a pause, not a turn. Words become pieces first: a speaker's run of words, broken where a sentence
ends or nothing is said for `PAUSE` seconds if the file has several channels, so that these interleave by sentences
rather than by words, or if a person asks for the units or for a longest pause. A word without a speaker belongs to
whoever spoke before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mendline.transcripts.document import Document
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.speakers import UNKNOWN_SPEAKER
from mendline.transcripts.transcript import Transcript
from mendline.transcripts.turns import turns_of
from mendline.transcripts.utterances import Utterance, clean_text, transcript_of

PAUSE = 1.0

_SENTENCE_END = (".", "?", "!", "。", "？", "！", "؟", "…")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of one speaker, in `text`. `glued` says that no space stands before it, as before a full stop."""

    text: str
    speaker: str | None = None
    start: float | None = None
    end: float | None = None
    source_id: str | None = None
    glued: bool = False


def pieces_of_words(words: Sequence[Piece], options: ReadOptions, *, channels: bool) -> list[Piece]:
    """Return the runs of words of one speaker. `channels` says that the file has several."""
    sentences = channels or options.keep_units
    pause = PAUSE if sentences else None
    if options.join_gap is not None:
        pause = min(options.join_gap, PAUSE) if channels else options.join_gap
    return [_run(words, first, last) for first, last in _runs(words, sentences=sentences, pause=pause)]


def transcript_of_pieces(
    document: Document, pieces: Iterable[Piece], options: ReadOptions, *, no_speakers: str
) -> Transcript:
    """Return the conversation that the pieces make. Raises TranscriptError, `no_speakers` where none has a speaker."""
    said = [piece for piece in pieces if clean_text(piece.text)]
    if said and not any(piece.speaker for piece in said):
        raise document.error(no_speakers)
    units: list[Utterance] = []
    speaker = UNKNOWN_SPEAKER
    for piece in _in_order(said):
        speaker = piece.speaker or speaker
        ids = () if piece.source_id is None else (piece.source_id,)
        units.append(Utterance(speaker, clean_text(piece.text), piece.start, piece.end, ids))
    return transcript_of(document, turns_of(units, options), roles=options.roles)


def _runs(words: Sequence[Piece], *, sentences: bool, pause: float | None) -> Iterator[tuple[int, int]]:
    """The first and the last place of each run."""
    first = 0
    for place in range(1, len(words) + 1):
        if place < len(words) and not _breaks(words[first], words[place - 1], words[place], sentences, pause):
            continue
        if words:
            yield first, place - 1
        first = place


def _breaks(opening: Piece, before: Piece, word: Piece, sentences: bool, pause: float | None) -> bool:
    if word.glued:
        return False
    if word.speaker is not None and word.speaker != opening.speaker:
        return True
    if pause is not None and before.end is not None and word.start is not None and word.start - before.end >= pause:
        return True
    return sentences and before.text.rstrip().endswith(_SENTENCE_END)


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
