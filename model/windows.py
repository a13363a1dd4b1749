"""How a conversation becomes model input, for training and annotating alike.

Consecutive turns stand in a window of limited length, `[CLS] role: text [SEP] role: text [SEP] …`, and are read
together. Neighbouring windows overlap; of the turns that stand in two, each belongs to the one that shows more of what
matters to it (`spans`). A turn longer than a window is split into pieces, scored in pieces and joined (`join`).
Knows the tokenizer, no network and no file format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from mendline.transcripts.errors import CheckpointError
from mendline.transcripts.transcript import Transcript, Turn

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """Lengths in tokens: a whole window, the earlier turns it repeats, and the later turns it reads ahead."""

    size: int
    left_context: int
    right_context: int

    def __post_init__(self) -> None:
        if not (self.size >= 16 and self.left_context >= 0 and self.right_context >= 0):
            raise ValueError("a window has at least 16 tokens, and no context is negative")
        if self.left_context + self.right_context > self.size // 2:
            raise ValueError("left and right context together take at most half of a window")


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """The ids that frame a window."""

    start: int
    separator: int
    padding: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A turn, or a part of one, as token ids that end in the separator."""

    turn: int
    token_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive pieces. Those from `own_start` up to `own_stop` (places in `pieces`) take their result from here."""

    pieces: tuple[Piece, ...]
    own_start: int
    own_stop: int

    @property
    def length(self) -> int:
        """Tokens, with the start token."""
        return 1 + sum(len(piece.token_ids) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Batch:
    """B windows of at most L tokens and P pieces.

    `input_ids` and `attention_mask` are int64 [B, L]. `pooling` is float32 [B, P, L]: row p holds 1/n at each of the n
    tokens of piece p, so that `pooling @ hidden` is the mean over each piece's tokens; rows beyond a window's last
    piece are zero.
    """

    input_ids: Integers
    attention_mask: Integers
    pooling: Floats


class Packer:
    """Packs transcripts into windows with one tokenizer."""

    def __init__(self, tokenizer: Tokenizer, special: SpecialTokens, settings: WindowSettings) -> None:
        self.special = special
        self.settings = settings
        self._tokenizer = tokenizer
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        # A transcript that holds the characters "[SEP]" must not end a turn.
        self._tokenizer.encode_special_tokens = True

    @classmethod
    def from_file(cls, path: Path, special: SpecialTokens, settings: WindowSettings) -> Packer:
        """Read a `tokenizer.json`. Raises CheckpointError."""
        try:
            return cls(Tokenizer.from_file(str(path)), special, settings)
        except Exception as error:  # The tokenizers library raises bare exceptions.
            raise CheckpointError("not a tokenizer. Get a fresh copy of the folder.", file=path) from error

    def pieces(self, transcript: Transcript) -> list[Piece]:
        """All pieces of a transcript in order, at least one for each turn."""
        return [piece for turn in transcript.turns for piece in self._pieces_of(turn)]

    def windows(self, transcript: Transcript) -> list[Window]:
        """The windows in which a transcript is read; each piece belongs to exactly one."""
        pieces = self.pieces(transcript)
        lengths = [len(piece.token_ids) for piece in pieces]
        return [
            Window(tuple(pieces[span.start : span.stop]), span.own_start - span.start, span.own_stop - span.start)
            for span in spans(lengths, self.settings)
        ]

    def _pieces_of(self, turn: Turn) -> Iterator[Piece]:
        head = self._ids(f"{turn.role}:")
        body = self._ids(turn.text)
        room = self.settings.size - 2 - len(head)
        parts = max(1, -(-len(body) // room))
        size = -(-len(body) // parts)
        for part in range(parts):
            yield Piece(turn.index, (*head, *body[part * size : (part + 1) * size], self.special.separator))

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids


@dataclass(frozen=True, slots=True)
class Span:
    """A window as positions in the list of pieces: all of it, and the part that takes its result from it."""

    start: int
    stop: int
    own_start: int
    own_stop: int


def spans(lengths: Sequence[int], settings: WindowSettings) -> Iterator[Span]:
    """Lay windows over pieces of the given lengths.

    A window repeats up to `left_context` tokens of what came before its own pieces and takes as many pieces as fit. The
    last of them, up to `right_context` tokens, are read ahead only and belong to the next window. The conversation's
    last window is filled up with earlier pieces.
    """
    room = settings.size - 1
    own_start = 0
    while own_start < len(lengths):
        start, used = _back(lengths, own_start, min(settings.left_context, room - lengths[own_start]))
        stop = own_start
        while stop < len(lengths) and used + lengths[stop] <= room:
            used += lengths[stop]
            stop += 1
        own_stop = stop
        if stop == len(lengths):
            start, _ = _back(lengths, own_start, room - sum(lengths[own_start:stop]))
        else:
            own_stop = max(own_start + 1, _back(lengths, stop, settings.right_context)[0])
        yield Span(start, stop, own_start, own_stop)
        own_start = own_stop


def _back(lengths: Sequence[int], position: int, tokens: int) -> tuple[int, int]:
    """Step back from `position` over whole pieces of together at most `tokens`; give the position and their tokens."""
    used = 0
    while position > 0 and used + lengths[position - 1] <= tokens:
        position -= 1
        used += lengths[position]
    return position, used


def collate(windows: Sequence[Window], special: SpecialTokens) -> Batch:
    """Lay windows side by side, padded to the longest."""
    length = max(window.length for window in windows)
    count = max(len(window.pieces) for window in windows)
    input_ids = np.full((len(windows), length), special.padding, dtype=np.int64)
    attention_mask = np.zeros((len(windows), length), dtype=np.int64)
    pooling = np.zeros((len(windows), count, length), dtype=np.float32)
    for row, window in enumerate(windows):
        input_ids[row, 0] = special.start
        attention_mask[row, : window.length] = 1
        position = 1
        for place, piece in enumerate(window.pieces):
            end = position + len(piece.token_ids)
            input_ids[row, position:end] = piece.token_ids
            pooling[row, place, position:end] = 1 / len(piece.token_ids)
            position = end
    return Batch(input_ids, attention_mask, pooling)


Network = Callable[[Batch], tuple[Floats, Floats]]
"""Anything that turns a batch into label logits [B, P, labels] and marker logits [B, P, markers]."""


def score(transcripts: Sequence[Transcript], packer: Packer, network: Network, *, batch_size: int) -> list[Floats]:
    """Label and marker logits of every turn, side by side: one array [turns, labels + markers] for each transcript.

    Windows of like length are read together, whichever transcript they come from.
    """
    windows = [(place, window) for place, one in enumerate(transcripts) for window in packer.windows(one)]
    windows.sort(key=lambda item: item[1].length)
    found: list[list[tuple[Piece, Floats]]] = [[] for _ in transcripts]
    for first in range(0, len(windows), batch_size):
        chunk = windows[first : first + batch_size]
        labels, markers = network(collate([window for _, window in chunk], packer.special))
        rows = np.concatenate([labels, markers], axis=-1)
        for (place, window), row in zip(chunk, rows, strict=True):
            found[place].extend(
                (window.pieces[position], row[position]) for position in range(window.own_start, window.own_stop)
            )
    return [join(pieces, len(one.turns)) for pieces, one in zip(found, transcripts, strict=True)]


def join(scored: Sequence[tuple[Piece, Floats]], turns: int) -> Floats:
    """Join the pieces of each turn: the mean of their logits, weighted by their tokens. Gives [turns, outputs]."""
    if not turns:
        return np.zeros((0, 0), dtype=np.float32)
    total = np.zeros((turns, len(scored[0][1])), dtype=np.float32)
    weight = np.zeros((turns, 1), dtype=np.float32)
    for piece, row in scored:
        total[piece.turn] += row * len(piece.token_ids)
        weight[piece.turn] += len(piece.token_ids)
    return total / weight
