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
"""The target of a piece that has no marker; the value that torch's cross-entropy passes over."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A stretch of turns about as long as a window: its session's place in the corpus, first turn, number of turns."""

    session: int
    turn: int
    turns: int
    neutral: bool


def anchors(sessions: Sequence[LabelledSession], packer: Packer) -> list[Anchor]:
    """Cut each session into stretches that each fill a window."""
    found = []
    for place, session in enumerate(sessions):
        lengths = np.zeros(len(session.labels), dtype=int)
        for piece in packer.pieces(session.transcript):
            lengths[piece.turn] += len(piece.token_ids)
        first = 0
        while first < len(lengths):
            fitting = int(np.searchsorted(np.cumsum(lengths[first:]), packer.settings.size - 1, side="right"))
            stop = first + max(1, fitting)
            neutral = all(label == Label.NEUTRAL for label in session.labels[first:stop])
            found.append(Anchor(place, first, stop - first, neutral))
            first = stop
    return found


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
        found = anchors(sessions, packer)
        self._neutral = [anchor for anchor in found if anchor.neutral]
        self._marked = [anchor for anchor in found if not anchor.neutral]
        self._share = config.training.neutral_window_share

    def dataset(self) -> Dataset:
        """One row for each window of an epoch; a neutral row shows another neutral stretch each time."""
        neutral = round(self._share * len(self._neutral))
        rows = Dataset.from_dict({"anchor": [*range(len(self._marked)), *([-1] * neutral)]})
        rows.set_transform(self._transform)
        return rows

    def _transform(self, rows: Mapping[str, list[int]]) -> dict[str, list[Any]]:
        return {"window": [self._draw(anchor) for anchor in rows["anchor"]]}

    def _draw(self, place: int) -> tuple[Window, Any, Any]:
        anchor = self._marked[place] if place >= 0 else self._neutral[_random(len(self._neutral))]
        shares = torch.tensor([share for _, share in self._changes])
        pieces = self._pieces(anchor.session, int(torch.multinomial(shares, 1)))
        first = anchor.turn + _random(anchor.turns + 1) - anchor.turns // 2
        window = self._window(pieces, max(0, first))
        labels, markers = self._targets[anchor.session]
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
    """Label targets [turns, labels], each row summing to 1, and marker targets [turns]."""
    labels = np.zeros((len(session.labels), len(LABELS)), dtype=np.float32)
    for row, label, sure in zip(labels, session.labels, session.sure, strict=True):
        share = 0.0 if sure else unsure_neutral_share
        row[LABELS.index(label)] += 1 - share
        row[LABELS.index(Label.NEUTRAL)] += share
    if session.probabilities is not None:
        share = teacher_share if session.coded else 1.0
        labels = (1 - share) * labels + share * session.probabilities
    markers = [IGNORED if marker is None else MARKERS.index(marker) for marker in session.markers]
    return labels, np.array(markers, dtype=np.int64)


class Collator:
    """Lays training windows side by side as tensors; rows of padding have label targets of zero."""

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
