"""Training windows: where they start, what they show, and the targets of their turns.

A window starts at a random turn near its anchor, so that each epoch cuts the sessions elsewhere. Packing and collating
are those of `mendline.model.windows`, the same as in annotating.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from datasets import Dataset

from mendline.model.labels import LABELS, MARKERS, Label
from mendline.model.windows import Floats, Integers, Packer, Piece, Window, collate
from mendline.training.augmentation import changes
from mendline.training.config import Config
from mendline.training.corpus import LabelledSession

IGNORED = -100
"""The target of a piece that has no marker or that nobody coded; the value that torch's cross-entropy passes over."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A stretch of turns about as long as a window: its session's place in the corpus, first turn, number of turns."""

    session: int
    turn: int
    turns: int
    neutral: bool


def anchors(sessions: Sequence[LabelledSession], packer: Packer) -> list[Anchor]:
    """Cut each session into stretches that each fill a window; those without any turn to learn from are left out.

    A stretch is neutral where all that can be learned from it is.
    """
    found = []
    for place, session in enumerate(sessions):
        lengths = np.zeros(len(session.labels), dtype=int)
        for piece in packer.pieces(session.transcript):
            lengths[piece.turn] += len(piece.token_ids)
        first = 0
        while first < len(lengths):
            fitting = int(np.searchsorted(np.cumsum(lengths[first:]), packer.settings.size - 1, side="right"))
            stop = first + max(1, fitting)
            learned = [session.labels[turn] for turn in range(first, stop) if session.learned(turn)]
            if learned:
                found.append(Anchor(place, first, stop - first, all(label == Label.NEUTRAL for label in learned)))
            first = stop
    return found


def pools(found: Sequence[Anchor], sources: Sequence[str], config: Config) -> list[Sequence[Anchor]]:
    """What each window of an epoch is drawn from: one stretch, or several of which each epoch shows another.

    Every stretch that is not neutral has a window of its own, unless `source_balance` makes its source rarer; neutral
    ones are drawn. `sources` has the source of each session.
    """
    settings = config.training
    by_source: dict[str, tuple[list[Anchor], list[Anchor]]] = {}
    for anchor in found:
        by_source.setdefault(sources[anchor.session], ([], []))[anchor.neutral].append(anchor)
    sizes = {
        source: len(marked) + settings.neutral_window_share * len(neutral)
        for source, (marked, neutral) in by_source.items()
    }
    powers = {source: size ** (1 - settings.source_balance) for source, size in sizes.items() if size}
    drawn: list[Sequence[Anchor]] = []
    for source, power in powers.items():
        marked, neutral = by_source[source]
        factor = power / sizes[source] * sum(sizes.values()) / sum(powers.values())
        wanted = round(factor * len(marked))
        own = [[anchor] for anchor in marked] if wanted >= len(marked) else []
        drawn += [*own, *[marked] * (wanted - len(own))]
        drawn += [neutral] * round(factor * settings.neutral_window_share * len(neutral))
    return drawn


class TrainingWindows:
    """Builds the windows of an epoch. Randomness comes from torch's generator, so that a resumed run repeats it."""

    def __init__(self, sessions: Sequence[LabelledSession], packer: Packer, config: Config) -> None:
        self._sessions = sessions
        self._packer = packer
        self._changes = changes(config.augmentation.caption_share, config.augmentation.anonymous_share)
        self._targets = [
            targets(session, config.training.unsure_neutral_share, config.distillation.teacher_share)
            for session in sessions
        ]
        self._pieces = cache(self._pack)
        self._pools = pools(anchors(sessions, packer), [one.source for one in sessions], config)

    def dataset(self) -> Dataset:
        """One row for each window of an epoch."""
        rows = Dataset.from_dict({"pool": range(len(self._pools))})
        rows.set_transform(self._transform)
        return rows

    def _transform(self, rows: Mapping[str, list[int]]) -> dict[str, list[Any]]:
        return {"window": [self._draw(self._pools[place]) for place in rows["pool"]]}

    def _draw(self, pool: Sequence[Anchor]) -> tuple[Window, Any, Any]:
        anchor = pool[_random(len(pool)) if len(pool) > 1 else 0]
        shares = torch.tensor([share for _, share in self._changes])
        pieces = self._pieces(anchor.session, int(torch.multinomial(shares, 1)))
        labels, markers = self._targets[anchor.session]
        turns: list[int] = []
        # Where few turns are coded the window may miss them; it is then laid anew. One that starts at a coded turn, or
        # in the middle of the stretch before it, always shows it.
        while not labels[turns].any():
            first = anchor.turn + _random(anchor.turns + 1) - anchor.turns // 2
            window = self._window(pieces, max(0, first))
            turns = [piece.turn for piece in window.pieces]
        return window, labels[turns], markers[turns]

    def _window(self, pieces: Sequence[Piece], first: int) -> Window:
        """As many pieces as fit from turn `first` on, and before it where the session ends too soon."""
        room = self._packer.settings.size - 1
        start = next((place for place, piece in enumerate(pieces) if piece.turn >= first), len(pieces))
        stop = start
        while stop < len(pieces) and len(pieces[stop].token_ids) <= room:
            room -= len(pieces[stop].token_ids)
            stop += 1
        while start > 0 and stop == len(pieces) and len(pieces[start - 1].token_ids) <= room:
            start -= 1
            room -= len(pieces[start].token_ids)
        return Window(tuple(pieces[start:stop]), 0, stop - start)

    def _pack(self, session: int, change: int) -> list[Piece]:
        return self._packer.pieces(self._changes[change][0](self._sessions[session].transcript))


def targets(session: LabelledSession, unsure_neutral_share: float, teacher_share: float) -> tuple[Floats, Integers]:
    """Label targets [turns, labels] and marker targets [turns].

    Each row of label targets sums to 1, or to 0 where there is nothing to learn: neither a person's label nor a
    teacher's probabilities.
    """
    labels = np.zeros((len(session.labels), len(LABELS)), dtype=np.float32)
    for row, label, sure in zip(labels, session.labels, session.sure, strict=True):
        share = 0.0 if sure else unsure_neutral_share
        row[LABELS.index(label)] += 1 - share
        row[LABELS.index(Label.NEUTRAL)] += share
    coded = np.array(session.coded, dtype=np.float32)[:, None]
    if session.probabilities is None:
        labels *= coded
    else:
        share_of_coder = (1 - teacher_share) * coded
        labels = share_of_coder * labels + (1 - share_of_coder) * session.probabilities
    markers = [
        IGNORED if marker is None or not session.learned(turn) else MARKERS.index(marker)
        for turn, marker in enumerate(session.markers)
    ]
    return labels, np.array(markers, dtype=np.int64)


class Collator:
    """Lays training windows side by side as tensors; what there is nothing to learn from has targets of zero."""

    def __init__(self, packer: Packer) -> None:
        self._packer = packer

    def __call__(self, rows: Sequence[Mapping[str, tuple[Window, Any, Any]]]) -> dict[str, torch.Tensor]:
        """One batch as the trainer wants it."""
        windows, labels, markers = zip(*(row["window"] for row in rows), strict=True)
        batch = collate(windows, self._packer.special)
        size = batch.pooling.shape[:2]
        label_targets = np.zeros((*size, len(LABELS)), dtype=np.float32)
        marker_targets = np.full(size, IGNORED, dtype=np.int64)
        for place, (label, marker) in enumerate(zip(labels, markers, strict=True)):
            label_targets[place, : len(label)] = label
            marker_targets[place, : len(marker)] = marker
        return {
            "input_ids": torch.from_numpy(batch.input_ids),
            "attention_mask": torch.from_numpy(batch.attention_mask),
            "pooling": torch.from_numpy(batch.pooling),
            "label_targets": torch.from_numpy(label_targets),
            "marker_targets": torch.from_numpy(marker_targets),
        }


def _random(below: int) -> int:
    return int(torch.randint(below, (1,)))
