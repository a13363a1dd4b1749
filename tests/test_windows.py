"""Packing a conversation into windows, and joining what comes back."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendline.model.checkpoint import TOKENIZER, open_checkpoint, shipped_folder
from mendline.model.labels import LABELS, MARKERS
from mendline.model.windows import Packer, Piece, Window, WindowSettings, collate, join, score, spans
from mendline.transcripts.errors import CheckpointError
from mendline.transcripts.transcript import Transcript, Turn

SETTINGS = WindowSettings(size=64, left_context=16, right_context=8)


@pytest.fixture(scope="module")
def packer() -> Packer:
    checkpoint = open_checkpoint(shipped_folder())
    return Packer.from_file(checkpoint.folder / TOKENIZER, checkpoint.config.special, SETTINGS)


def transcript(*texts: str) -> Transcript:
    roles = ("therapist", "client")
    return Transcript("s", tuple(Turn(place, "x", roles[place % 2], text) for place, text in enumerate(texts)))


@given(st.lists(st.integers(2, SETTINGS.size - 1), max_size=80))
def test_each_piece_belongs_to_one_window_and_windows_fit(lengths):
    found = list(spans(lengths, SETTINGS))
    owned = [place for span in found for place in range(span.own_start, span.own_stop)]
    assert owned == list(range(len(lengths)))
    for span in found:
        assert span.start <= span.own_start < span.own_stop <= span.stop
        assert sum(lengths[span.start : span.stop]) < SETTINGS.size


@given(st.lists(st.integers(2, 12), min_size=30, max_size=80))
def test_pieces_after_the_first_window_have_context_on_the_left(lengths):
    for before, after in pairwise(spans(lengths, SETTINGS)):
        assert before.own_stop == after.own_start
        context = sum(lengths[after.start : after.own_start])
        assert context > SETTINGS.left_context - 12


def test_pieces_before_the_end_have_context_on_the_right():
    first, *_ = spans([10] * 40, WindowSettings(size=64, left_context=0, right_context=20))
    assert (first.stop, first.own_stop) == (6, 4)


def test_last_window_is_filled_up_with_earlier_turns():
    *_, last = spans([10] * 7, WindowSettings(size=64, left_context=10, right_context=0))
    assert (last.start, last.own_start, last.stop) == (1, 6, 7)


def test_long_turn_is_split_and_nothing_is_lost(packer):
    words = " ".join(f"word{number}" for number in range(300))
    pieces = packer.pieces(transcript("Hello.", words, "Yes."))
    parts = [piece for piece in pieces if piece.turn == 1]
    head = len(packer._ids("client:"))
    assert len(parts) > 3
    assert [one for piece in parts for one in piece.token_ids[head:-1]] == packer._ids(words)
    assert all(piece.token_ids[:head] == tuple(packer._ids("client:")) for piece in parts)


def test_text_cannot_end_a_turn(packer):
    (piece,) = packer.pieces(transcript("so [SEP] then [CLS] and [PAD]"))
    special = packer.special
    assert piece.token_ids.count(special.separator) == 1
    assert special.start not in piece.token_ids
    assert special.padding not in piece.token_ids


def test_empty_turn_has_a_piece(packer):
    assert [piece.turn for piece in packer.pieces(transcript("", "x"))] == [0, 1]


def test_no_turns_no_windows(packer):
    assert packer.windows(Transcript("s", ())) == []


def test_collate_pools_each_piece_and_pads(packer):
    long = Window((Piece(0, (5, 6, 7)), Piece(1, (8, 9))), 0, 2)
    short = Window((Piece(0, (5,)),), 0, 1)
    batch = collate([long, short], packer.special)
    assert batch.input_ids.tolist() == [
        [packer.special.start, 5, 6, 7, 8, 9],
        [packer.special.start, 5, *[packer.special.padding] * 4],
    ]
    assert batch.attention_mask.sum(axis=1).tolist() == [6, 2]
    np.testing.assert_allclose(batch.pooling.sum(axis=2), [[1, 1], [1, 0]])
    np.testing.assert_allclose(batch.pooling[0, 0], [0, 1 / 3, 1 / 3, 1 / 3, 0, 0])


def test_join_weighs_parts_by_their_tokens():
    scored = [(Piece(0, (1, 2, 3)), np.float32([4, 0])), (Piece(0, (1,)), np.float32([0, 4]))]
    np.testing.assert_allclose(join(scored, 1), [[3, 1]])


def test_score_gives_each_turn_its_own_row_whatever_the_batch(packer):
    """A network that answers with the sum of a piece's tokens: rows must land on their turns."""
    texts = [
        transcript(*[f"turn {'word ' * (number % 9)}{number}" for number in range(50)]),
        transcript("One.", "Two."),
    ]

    def network(batch):
        lengths = (batch.pooling > 0).sum(axis=2, keepdims=True)
        sums = (batch.pooling * batch.input_ids[:, None, :]).sum(axis=2, keepdims=True) * lengths
        return np.repeat(sums, len(LABELS), 2).astype(np.float32), np.repeat(sums, len(MARKERS), 2).astype(np.float32)

    for size in (1, 3, 16):
        for one, rows in zip(texts, score(texts, packer, network, batch_size=size), strict=True):
            expected = [sum(piece.token_ids) for piece in packer.pieces(one)]
            assert rows.shape == (len(one.turns), len(LABELS) + len(MARKERS))
            np.testing.assert_allclose(rows[:, 0], expected, rtol=1e-5)


@pytest.mark.parametrize("values", [(8, 0, 0), (64, 40, 0), (64, -1, 0)])
def test_impossible_settings_are_refused(values):
    with pytest.raises(ValueError, match=r"window|context"):
        WindowSettings(*values)


def test_tokenizer_file_must_exist(tmp_path: Path):
    with pytest.raises(CheckpointError, match="not a tokenizer"):
        Packer.from_file(tmp_path / "none.json", open_checkpoint(shipped_folder()).config.special, SETTINGS)
