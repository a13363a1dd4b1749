"""ELAN: which tiers speak, times, attached annotations, broken and hostile files, any bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mendline.transcripts.document import Document
from mendline.transcripts.errors import MendlineError, TranscriptError
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import format_of, read_transcripts
from mendline.transcripts.transcript import Transcript

Timed = tuple[str, str, str, str]


def slots(*values: int | None) -> str:
    lines = (
        f'<TIME_SLOT TIME_SLOT_ID="ts{number}"' + ("/>" if value is None else f' TIME_VALUE="{value}"/>')
        for number, value in enumerate(values, start=1)
    )
    return "<TIME_ORDER>\n" + "\n".join(lines) + "\n</TIME_ORDER>\n"


def tier(name: str, *annotations: Timed, attributes: str = "") -> str:
    """A tier of annotations: id, first slot, second slot and value."""
    inside = "".join(
        f'<ANNOTATION>\n<ALIGNABLE_ANNOTATION ANNOTATION_ID="{key}" TIME_SLOT_REF1="{first}" '
        f'TIME_SLOT_REF2="{second}">\n'
        f"<ANNOTATION_VALUE>{value}</ANNOTATION_VALUE>\n</ALIGNABLE_ANNOTATION>\n</ANNOTATION>\n"
        for key, first, second, value in annotations
    )
    return f'<TIER LINGUISTIC_TYPE_REF="x" TIER_ID="{name}" {attributes}>\n{inside}</TIER>\n'


def below(name: str, parent: str, *annotations: tuple[str, str, str]) -> str:
    """A tier that depends on another one: id, the id that it is attached to, and value."""
    inside = "".join(
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{key}" ANNOTATION_REF="{to}">\n'
        f"<ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>\n"
        for key, to, value in annotations
    )
    return f'<TIER LINGUISTIC_TYPE_REF="y" TIER_ID="{name}" PARENT_REF="{parent}">\n{inside}</TIER>\n'


def eaf(*parts: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ANNOTATION_DOCUMENT>\n' + "".join(parts) + "</ANNOTATION_DOCUMENT>\n"
    )


def document(content: str | bytes, name: str = "talk.eaf") -> Document:
    raw = content.encode() if isinstance(content, str) else content
    return Document.from_bytes(raw, name=name, path=Path(name))


def read(content: str | bytes) -> Transcript:
    (transcript,) = read_transcripts(document(content))
    return transcript


TALK = eaf(
    slots(0, 500, 1500, 2250, None, 4000),
    tier("Therapist", ("a1", "ts1", "ts3", "How &lt;are&gt;\n you?"), ("a2", "ts4", "ts6", "Mm &amp; hm")),
    tier(
        "B",
        ("a3", "ts2", "ts4", "I don't know <![CDATA[<x>]]>"),
        ("a4", "ts5", "ts6", " "),
        attributes='PARTICIPANT="Cleo"',
    ),
    below("words@B", "B", ("a5", "a3", "I")),
)


def test_tiers_are_speakers_and_overlap_stays_in_order_of_time() -> None:
    assert format_of(document(TALK, "x")).NAME == "elan"
    assert [(t.speaker, t.role, t.text, t.start, t.end, t.source_ids) for t in read(TALK).turns] == [
        ("Therapist", "therapist", "How <are> you?", 0.0, 1.5, ("a1",)),
        ("Cleo", "speaker one", "I don't know <x>", 0.5, 2.25, ("a3",)),
        ("Therapist", "therapist", "Mm & hm", 2.25, 4.0, ("a2",)),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_the_bytes_decide_over_the_declared_encoding(encoding: str) -> None:
    content = TALK.replace("Mm", "Mmé")
    assert read(content.encode(encoding)).turns[2].text == "Mmé & hm"


def test_slots_that_are_not_aligned() -> None:
    talk = eaf(
        slots(0, None, 2000, 3000),
        tier("A", ("a1", "ts1", "ts2", "one"), ("a2", "ts2", "ts3", "two"), ("a4", "ts3", "ts4", "four")),
        tier("B", ("a3", "ts3", "ts4", "three")),
    )
    assert [(t.text, t.start, t.end) for t in read(talk).turns] == [
        ("one", 0.0, None),
        ("two", None, 2.0),
        ("four", 2.0, 3.0),
        ("three", 2.0, 3.0),
    ]


def test_a_tier_of_references_hands_over_to_the_words_below_it() -> None:
    talk = eaf(
        slots(0, 1000, 2000),
        tier(
            "ref@Anna", ("a1", "ts1", "ts2", "text.001"), ("a2", "ts2", "ts3", "text.002"), attributes='PARTICIPANT=""'
        ),
        below(
            "tx@Anna",
            "ref@Anna",
            ("a3", "a1", "hello"),
            ("a4", "a2", "you &lt;UNIN/&gt;"),
            ("a5", "a2", "&lt;UNIN/&gt;"),
        ),
        below("ft@Anna", "ref@Anna", ("a6", "a1", "bonjour")),
        below("ge@Anna", "tx@Anna", ("a7", "a3", "GREET")),
    )
    assert [(t.speaker, t.text, t.start, t.end, t.source_ids) for t in read(talk).turns] == [
        ("Anna", "hello", 0.0, 1.0, ("a3",)),
        ("Anna", "you", 1.0, 2.0, ("a4",)),
        ("Anna", "[unintelligible]", 1.0, 2.0, ("a5",)),
    ]


@pytest.mark.parametrize("name", ["gesture", "Anna-gaze", "Notes", "rup@Anna"])
def test_tiers_that_hold_something_else_are_left_out(name: str) -> None:
    talk = eaf(slots(0, 1000), tier("Anna", ("a1", "ts1", "ts2", "hi")), tier(name, ("a2", "ts1", "ts2", "x")))
    assert [turn.speaker for turn in read(talk).turns] == ["Anna"]
    with pytest.raises(TranscriptError, match="no tier holds what is said"):
        read(eaf(slots(0, 1000), tier(name, ("a2", "ts1", "ts2", "x"))))


ONE = tier("A", ("a1", "ts1", "ts2", "secretwords"))
BOMB = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n'


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (eaf(slots(0, 1), ONE)[:-30], 13, "XML is broken here or breaks off"),
        (eaf(slots(0, 1), ONE.replace("</ANNOTATION_VALUE>", "&nbsp;</ANNOTATION_VALUE>")), 10, "XML is broken here"),
        (eaf(slots(0, 1), ONE.replace("secretwords", "secretwords\x01")), 10, "XML is broken here"),
        (eaf(slots(0), ONE), 8, "at a time slot that is not in the file"),
        (eaf(slots(0, 1)).replace('TIME_VALUE="1"', 'TIME_VALUE="1.5"'), 5, "not a whole number of milliseconds"),
        (eaf(slots(0, 1)).replace('TIME_VALUE="1"', 'TIME_VALUE="-1"'), 5, "not a whole number of milliseconds"),
        (eaf(slots(0, 1)).replace('"ts2"', '"ts1"'), 5, "stands further up as well"),
        (eaf(slots(0, 1), ONE, ONE), 14, "stands further up as well"),
        (eaf(slots(0, 1), ONE, ONE.replace('"A"', '"B"')), 16, "stands further up as well"),
        (eaf(slots(0, 1), ONE, below("b", "C")), 14, "depends on one that is not in the file"),
        (eaf(slots(0, 1), ONE, below("b", "A", ("a2", "a9", "x"))), 15, "attached to none that has times"),
        (eaf(slots(0, 1), ONE, below("b", "A", ("a2", "a3", "x"), ("a3", "a2", "y"))), None, "attached to none"),
        (eaf(slots(0, 1), ONE.replace(' TIER_ID="A"', "")), 7, "TIER has no TIER_ID"),
        (eaf(slots(0, 1), ONE.replace(' TIME_SLOT_REF2="ts2"', "")), 9, "has no TIME_SLOT_REF2"),
        (eaf(slots(0, 1)), None, "no tier holds what is said"),
        ("<html>\n</html>", 1, "does not start with ANNOTATION_DOCUMENT"),
        (eaf(slots(0, 1), ONE).replace("<ANNOTATION_DOCUMENT>", BOMB + "<ANNOTATION_DOCUMENT>"), 2, "not safe to read"),
        (eaf(slots(0, 1), ONE).replace("?>\n", '?>\n<!DOCTYPE x SYSTEM "http://localhost/x.dtd">\n', 1), 2, "not safe"),
    ],
)
def test_broken_and_hostile_files(content: str, line: int | None, what: str) -> None:
    with pytest.raises(TranscriptError, match=what) as caught:
        read_transcripts(document(content), ReadOptions(format="elan"))
    assert str(caught.value).startswith("talk.eaf:" + ("" if line is None else f"{line}:"))
    assert "secretwords" not in str(caught.value)


def test_deep_nesting_is_no_danger() -> None:
    talk = eaf(slots(0, 1), ONE, "<x>" * 100_000, "</x>" * 100_000)
    assert len(read(talk).turns) == 1
    tiers = [below(f"t{number + 1}", f"t{number}") for number in range(1, 3000)]
    chain = [("b1", "a1", "x"), *((f"b{number}", f"b{number - 1}", "x") for number in range(2, 3000))]
    last = below("t3001", "t3000", *reversed(chain))
    assert len(read(eaf(slots(0, 1), ONE, tier("t1"), *tiers, last)).turns) == 3000


def test_tiers_that_depend_on_each_other_are_refused() -> None:
    with pytest.raises(TranscriptError, match="this tier depends on itself"):
        read(eaf(slots(0, 1), ONE.replace('"A" ', '"A" PARENT_REF="A" ')))


@settings(max_examples=120, deadline=None)
@given(
    mutations=st.lists(
        st.tuples(
            st.integers(0, len(TALK)),
            st.integers(0, 25),
            st.sampled_from(["", '"', "\n", "0", "<x>", "</TIER>", "<!ENTITY a 'b'>", "&a;", "ts1", "a1", "é", "\x00"]),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_a_changed_file_is_read_or_refused(mutations: list[tuple[int, int, str]]) -> None:
    content = TALK
    for place, length, new in mutations:
        content = content[:place] + new + content[place + length :]
    try:
        (transcript,) = read_transcripts(document(content), ReadOptions(format="elan"))
    except MendlineError:
        return
    assert all(turn.text and turn.source_ids for turn in transcript.turns)


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=150), opened=st.booleans())
def test_any_bytes(raw: bytes, opened: bool) -> None:
    with pytest.raises(MendlineError):
        read_transcripts(document((b"<ANNOTATION_DOCUMENT>" if opened else b"") + raw), ReadOptions(format="elan"))
