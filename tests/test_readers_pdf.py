"""PDFs: text line by line, headings, page numbers, scans, locked and broken files."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mendline.transcripts.document import Document
from mendline.transcripts.errors import MendlineError, TranscriptError
from mendline.transcripts.formats import pdf as pdf_format
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import FORMATS, read_transcripts
from mendline.transcripts.transcript import Transcript

PICTURE = "a page that is a picture"


def pdf(*pages: Sequence[str] | str) -> bytes:
    """A PDF with the lines of each page in Helvetica, by hand; `PICTURE` makes a page with an image only."""
    bodies = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    bodies.append("<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 "
                  "/Length 1 >>\nstream\n0\nendstream")  # fmt: skip
    kids = []
    for page in pages:
        picture = page == PICTURE
        lines = [] if picture else [line.translate({92: "\\\\", 40: "\\(", 41: "\\)"}) for line in page]
        shown = " ".join(f"({line}) Tj T*" for line in lines)
        stream = "q 500 0 0 500 0 0 cm /I Do Q" if picture else f"BT /F 11 Tf 14 TL 60 760 Td {shown} ET"
        resources = "/XObject << /I 4 0 R >>" if picture else "/Font << /F 3 0 R >>"
        kids.append(f"{len(bodies) + 1} 0 R")
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << {resources} >> "
            f"/Contents {len(bodies) + 2} 0 R >>"
        )
        bodies.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    bodies[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(bodies) + 1
    trailer = f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return (out + f"xref\n0 {size}\n0000000000 65535 f \n{table}" + trailer).encode("latin-1")


def locked(raw: bytes, *, user: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(raw))
    writer.encrypt(user, "owner", algorithm="RC4-128")
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def document(raw: bytes) -> Document:
    return Document.from_bytes(raw, name="talk.pdf", path=Path("talk.pdf"))


def read(raw: bytes, **options) -> Transcript:
    (transcript,) = read_transcripts(document(raw), ReadOptions(**options))
    return transcript


def said(transcript: Transcript) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in transcript.turns]


TALK = pdf(["Third session", "Leeds, 3 May", "T: How was it?", "C: Fine (I", "suppose).", "T: You suppose?"])


def test_lines_with_labels_below_a_heading() -> None:
    assert [each.NAME for each in FORMATS if each.takes(document(TALK))] == ["pdf"]
    transcript = read(TALK)
    assert transcript.session == "talk"
    assert said(transcript) == [("T", "How was it?"), ("C", "Fine (I suppose)."), ("T", "You suppose?")]


def test_times_and_roles() -> None:
    raw = pdf(["[00:01:02] Anna: One", "[00:01:05] Ben: Two"])
    turns = read(raw, roles={"ben": "partner"}).turns
    assert [(turn.speaker, turn.role, turn.start) for turn in turns] == [
        ("Anna", "speaker one", 62),
        ("Ben", "partner", 65),
    ]


def test_page_numbers_and_running_heads_are_no_words_and_lines_run_on_over_pages() -> None:
    pages = [
        ["Interview 12, confidential", "T: One", "Page 1 of 3"],
        ["Interview 12, confidential", "goes on", "C: Two 2", "Page 2 of 3"],
        ["Interview 12, confidential", "and on", "T: Three", "Page 3 of 3"],
    ]
    assert said(read(pdf(*pages))) == [("T", "One goes on"), ("C", "Two 2 and on"), ("T", "Three")]
    assert said(read(pdf(["T: One", "1"], ["7", "C: Two", "- 2 -"]))) == [("T", "One 7"), ("C", "Two")]


def test_turns_that_stand_at_the_top_of_every_page_stay() -> None:
    assert len(read(pdf(*[["T: Mhm.", "C: Well."]] * 4)).turns) == 8


def test_an_empty_page_is_no_scan() -> None:
    assert len(read(pdf(["T: One"], [], ["C: Two"])).turns) == 2


def test_a_password_only_against_changes_does_no_harm() -> None:
    assert said(read(locked(TALK, user=""))) == said(read(TALK))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (pdf(PICTURE, PICTURE), r"pages are pictures without text, as of a scan: 1, 2\. Run text recognition \(OCR\)"),
        (pdf(["T: secretwords"], PICTURE), r"as of a scan: 2\."),
        (pdf([]), "this PDF has no text"),
        (pdf(), "this PDF has no text"),
        (pdf(["secretwords and prose"]), "no speakers found"),
        (pdf(*[["secretwords"] * 11] * 2, ["T: One", "C: Two"]), "more than 20 lines|come before the first speaker"),
        (locked(TALK, user="secretwords"), "locked with a password"),
        (TALK.replace(b"/Pages", b"/Pegas"), "damaged|no text"),
        (TALK.replace(b"/Catalog", b"/Catolag").replace(b"/Root", b"/Ruut"), "damaged|no text"),
    ],
)
def test_files_that_cannot_be_read(raw: bytes, message: str) -> None:
    with pytest.raises(TranscriptError, match=message) as caught:
        read(raw)
    assert "secretwords" not in str(caught.value)


def test_a_file_that_breaks_off_and_one_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TranscriptError, match="a PDF that breaks off"):
        document(TALK[:300])
    with pytest.raises(TranscriptError, match="this is not a PDF"):
        read_transcripts(Document.from_bytes(b"T: x", name="x"), ReadOptions(format="pdf"))
    monkeypatch.setattr(pdf_format, "MAX_PAGES", 1)
    with pytest.raises(TranscriptError, match="more than 1 pages"):
        read(pdf(["T: One"], ["C: Two"]))
    monkeypatch.setattr(pdf_format, "MAX_BYTES", 3)
    with pytest.raises(TranscriptError, match="the text of this PDF is larger"):
        read(TALK)


def test_pypdf_says_nothing_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    broken = TALK.replace(b"startxref\n", b"startxref\n9")
    assert said(read(broken)) == said(read(TALK))
    assert not caplog.records


@settings(max_examples=60, deadline=None)
@given(
    place=st.integers(0, len(TALK)),
    cut=st.integers(0, 60),
    put=st.one_of(
        st.binary(max_size=8), st.sampled_from([b"2 0 R", b"<<", b">>", b"[", b"9" * 30, b"/Length 0", b")"])
    ),
)
def test_changed_files_give_turns_or_one_of_our_errors(place: int, cut: int, put: bytes) -> None:
    with contextlib.suppress(MendlineError):
        assert read_transcripts(document(TALK[:place] + put + TALK[place + cut :]))[0].turns
