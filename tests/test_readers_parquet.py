"""Parquet tables: kinds of columns, sessions, missing library, broken and growing files."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet as arrow

from mendline.transcripts.document import Document
from mendline.transcripts.errors import MendlineError, OutputError, TranscriptError
from mendline.transcripts.formats import parquet
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import FORMATS, read_transcripts
from mendline.transcripts.transcript import Transcript


def table(columns: Mapping[str, Sequence[Any] | pyarrow.Array], **options: Any) -> bytes:
    stream = io.BytesIO()
    arrow.write_table(pyarrow.table(dict(columns)), stream, **options)
    return stream.getvalue()


def document(raw: bytes) -> Document:
    return Document.from_bytes(raw, name="talks.parquet", path=Path("talks.parquet"))


def read(raw: bytes, **options: Any) -> list[Transcript]:
    return read_transcripts(document(raw), ReadOptions(**options))


TALKS = {
    "session": ["s1", "s2", "s1", "s2"],
    "speaker": ["T", "A", "C", "B"],
    "text": ["One", "x", "Two", "y"],
    "start": [0.5, None, 2.0, float("nan")],
    "utterance_id": [10, 11, 12, 13],
    "vectors": [[1.0], [], None, [2.0]],
}
RAW = table(TALKS)


def test_sessions_are_sorted_out_and_columns_that_nobody_needs_are_left() -> None:
    assert [each.NAME for each in FORMATS if each.takes(document(RAW))] == ["parquet"]
    first, second = read(RAW)
    assert (first.session, second.session) == ("s1", "s2")
    assert [(turn.speaker, turn.text, turn.start, turn.source_ids) for turn in first.turns] == [
        ("T", "One", 0.5, ("10",)),
        ("C", "Two", 2, ("12",)),
    ]
    assert [turn.start for turn in second.turns] == [None, None]


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        ([1, 2], [1, 2]),
        ([Decimal("1.5"), Decimal("2.5")], [1.5, 2.5]),
        ([timedelta(seconds=1), timedelta(minutes=1)], [1, 60]),
        ([datetime(2024, 5, 3, 10, 0, 1), datetime(2024, 5, 3, 10, 0, 3)], [0, 2]),
        (["0:01", "1:00:00"], [1, 3600]),
        (pyarrow.array(["0:01", "0:02"]).dictionary_encode(), [1, 2]),
    ],
)
def test_kinds_of_times(times: Any, seconds: list[float]) -> None:
    (transcript,) = read(table({"name": ["T", "C"], "utterance": ["One", "Two"], "start": times}))
    assert [turn.start for turn in transcript.turns] == seconds
    assert transcript.session == "talks"


def test_columns_that_a_person_names_and_texts_kept_as_bytes() -> None:
    raw = table({"wer": [b"Anna", b"Ben"], "was": ["Größe".encode(), b"Two"]})
    (transcript,) = read(raw, speaker_column="wer", text_column="was")
    assert [(turn.speaker, turn.text) for turn in transcript.turns] == [("Anna", "Größe"), ("Ben", "Two")]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (table({"a": ["secretwords"]}), "no column has a usual name for the text"),
        (table({"speaker": ["T", "C"], "text": ["secretwords", None]}), r"talks\.parquet:2: 1 row has no text"),
        (table({"speaker": ["T"], "text": [["secretwords"]]}), r":1: 'text' is neither a text nor a number"),
        (table({"speaker": [True], "text": ["secretwords"]}), r":1: 'speaker' is neither a text nor a number"),
        (table({"speaker": ["T"], "text": [b"\xff\xfe"]}), r":1: 'text' holds bytes that are not UTF-8"),
        (table({"speaker": ["T"], "text": ["secretwords"], "start": [-1.0]}), r":1: the column 'start' holds no time"),
        (table({"speaker": pyarrow.array([], pyarrow.string()), "text": pyarrow.array([], pyarrow.string())}),
         "no rows"),
        (RAW[:50] + b"\0" * 80 + RAW[130:], "damaged"),
        (RAW[:-30] + b"\xff" * 20 + RAW[-10:], "damaged"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read(raw: bytes, message: str) -> None:
    with pytest.raises(TranscriptError, match=message) as caught:
        read(raw)
    assert "secretwords" not in str(caught.value)


def test_a_file_that_breaks_off_and_one_that_is_none() -> None:
    with pytest.raises(TranscriptError, match="a Parquet file that breaks off"):
        document(RAW[:-4])
    with pytest.raises(TranscriptError, match="this is not a Parquet file"):
        read(b"T: x\n", format="parquet")


def test_a_small_file_with_a_huge_table(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = table({"speaker": ["T"] * 20_000, "text": ["x" * 5_000] * 20_000}, compression="zstd")
    assert len(raw) < 20_000
    monkeypatch.setattr(parquet, "MAX_BYTES", 10_000_000)
    with pytest.raises(TranscriptError, match="the text of this table is larger than 9 MB"):
        read(raw)
    monkeypatch.setattr(parquet, "MAX_UNPACKED", 1_000)
    with pytest.raises(TranscriptError, match="this table unpacks to more than"):
        read(raw)


def test_without_pyarrow_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(TranscriptError, match=r"^talks\.parquet: .*pip install 'mendline\[parquet\]'"):
        read(RAW)
    with pytest.raises(OutputError, match=r"pip install 'mendline\[parquet\]'"):
        parquet.write_file([], [])


@settings(max_examples=80, deadline=None)
@given(place=st.integers(4, len(RAW) - 4), cut=st.integers(0, 6), put=st.binary(max_size=6))
def test_changed_files_give_turns_or_one_of_our_errors(place: int, cut: int, put: bytes) -> None:
    with contextlib.suppress(MendlineError):
        assert read(RAW[:place] + put + RAW[min(place + cut, len(RAW) - 4) :])[0].turns
