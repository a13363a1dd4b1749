"""Word files: paragraphs, tables, Teams' exports, tracked changes, and files that would do harm."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given, settings
from hypothesis import strategies as st

from mendline.transcripts.document import Document
from mendline.transcripts.errors import MendlineError, TranscriptError
from mendline.transcripts.formats import word
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import FORMATS, read_transcripts
from mendline.transcripts.transcript import Transcript


def made(fill: Callable[[object], None]) -> bytes:
    file = docx.Document()
    fill(file)
    stream = io.BytesIO()
    file.save(stream)
    return stream.getvalue()


def paragraphs(*texts: str, heading: str | None = None) -> bytes:
    def fill(file):
        if heading:
            file.add_heading(heading, 1)
        for text in texts:
            file.add_paragraph(text)

    return made(fill)


def add_table(file, rows: Sequence[Sequence[str]]) -> None:
    table = file.add_table(len(rows), len(rows[0]))
    for cells, row in zip(table.rows, rows, strict=True):
        for cell, text in zip(cells.cells, row, strict=True):
            cell.text = text


def tables(*several: Sequence[Sequence[str]], above: Sequence[str] = (), below: Sequence[str] = ()) -> bytes:
    def fill(file):
        for text in above:
            file.add_paragraph(text)
        for rows in several:
            add_table(file, rows)
            file.add_paragraph()
        for text in below:
            file.add_paragraph(text)

    return made(fill)


def document(raw: bytes) -> Document:
    return Document.from_bytes(raw, name="talk.docx", path=Path("talk.docx"))


def read(raw: bytes, **options) -> Transcript:
    (transcript,) = read_transcripts(document(raw), ReadOptions(**options))
    return transcript


def said(transcript: Transcript) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in transcript.turns]


def with_part(raw: bytes, name: str, content: bytes, *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(stream, "w", compression) as target:
        for part in source.infolist():
            if part.filename != name:
                target.writestr(part, source.read(part))
        target.writestr(name, content)
    return stream.getvalue()


TALK = paragraphs("T: How was it?", "", "C: Fine.", "I suppose.", "T: You suppose?")


def test_paragraphs_are_lines_of_plain_text() -> None:
    assert [each.NAME for each in FORMATS if each.takes(document(TALK))] == ["docx"]
    transcript = read(TALK)
    assert transcript.session == "talk"
    assert said(transcript) == [("T", "How was it?"), ("C", "Fine. I suppose."), ("T", "You suppose?")]
    assert [turn.role for turn in transcript.turns] == ["therapist", "client", "therapist"]


def test_a_styled_heading_needs_no_empty_line_and_a_plain_one_does() -> None:
    talk = ("[00:01] Anna: One", "[00:02] Ben: Two")
    assert said(read(paragraphs(*talk, heading="Third session"))) == [("Anna", "One"), ("Ben", "Two")]
    with pytest.raises(TranscriptError, match=r"^talk\.docx:1: these words come before the first speaker"):
        read(paragraphs("Third session", *talk))
    assert len(read(paragraphs("Third session", "", *talk)).turns) == 2


def test_speakers_named_by_a_person() -> None:
    raw = paragraphs("Outlook: grim", "and wet", "Ben: Two", "and so", "Ben: three", heading="Weather")
    assert said(read(raw, roles={"Outlook": "friend"}))[0] == ("Outlook", "grim and wet")


def teams(*entries: tuple[str, str, str], space: str = "   ") -> bytes:
    def fill(file):
        for text in ("Weekly talk", "3 May 2024, 10:00AM", "33m 2s", "Anna Reed started transcription"):
            file.add_paragraph(text)
        for name, time, words in entries:
            paragraph = file.add_paragraph()
            paragraph.add_run(name).bold = True
            paragraph.add_run(space + time)
            paragraph.add_run().add_break()
            paragraph.add_run(words)
        file.add_paragraph("Anna Reed stopped transcription")

    return made(fill)


@pytest.mark.parametrize("space", ["   ", "\u00a0\u00a0\u00a0"])
def test_an_export_of_teams(space: str) -> None:
    transcript = read(teams(("Anna Reed", "0:05", "Hi."), ("Ben", "1:00:09", "Well: no"), space=space))
    assert [(turn.speaker, turn.text, turn.start) for turn in transcript.turns] == [
        ("Anna Reed", "Hi.", 5),
        ("Ben", "Well: no", 3609),
    ]


def test_an_older_export_of_teams_on_three_lines() -> None:
    def fill(file):
        file.add_paragraph("Weekly talk")
        for lines in (("0:0:0.0 --> 0:0:3.820", "Anna Reed", "Hi."), ("0:0:4.0 --> 0:1:5.5", "Ben", "No: never")):
            paragraph = file.add_paragraph()
            for line in lines:
                paragraph.add_run(line).add_break()

    turns = read(made(fill)).turns
    assert [(turn.speaker, turn.text, turn.start, turn.end) for turn in turns] == [
        ("Anna Reed", "Hi.", 0, 3.82),
        ("Ben", "No: never", 4, 65.5),
    ]


def test_a_table_with_names_of_columns_and_a_second_one_that_goes_on() -> None:
    header = ("Time", "Speaker", "Text", "Codes")
    raw = tables(
        (header, ("[0:01]", "T:", "Hello", ""), ("0:03", "C", "No.\nNever.", "w")),
        (header, ("0:05", "T", "Oh", "")),
        above=["Therapist: Dr Shah", "Date: 3 May"],
        below=["End of the talk"],
    )
    turns = read(raw).turns
    assert [(turn.speaker, turn.text, turn.start) for turn in turns] == [
        ("T", "Hello", 1),
        ("C", "No. Never.", 3),
        ("T", "Oh", 5),
    ]


@pytest.mark.parametrize(
    ("rows", "times"),
    [
        ((("T:", "One"), ("C:", "Two"), ("T:", "Three")), [None, None, None]),
        ((("0:01", "T", "One"), ("0:02", "C", "Two"), ("0:03", "T", "Three")), [1, 2, 3]),
        ((("1", "T", "One"), ("2.", "C", "Two"), ("3", "T", "Three")), [None, None, None]),
        ((("T", "One", ""), ("C", "Two", ""), ("T", "Three", "")), [None, None, None]),
    ],
)
def test_a_table_without_names_of_columns(rows, times) -> None:
    turns = read(tables(rows)).turns
    assert [turn.text for turn in turns] == ["One", "Two", "Three"]
    assert [turn.speaker for turn in turns] == ["T", "C", "T"]
    assert [turn.start for turn in turns] == times


def test_a_table_whose_columns_a_person_names() -> None:
    raw = tables((("Wer", "Was"), ("Anna", "Eins"), ("Ben", "Zwei")))
    turns = read(raw, speaker_column="Wer", text_column="Was").turns
    assert [(turn.speaker, turn.text) for turn in turns] == [("Anna", "Eins"), ("Ben", "Zwei")]


def test_a_table_of_facts_above_the_talk_is_no_talk() -> None:
    def fill(file):
        add_table(file, (("Date", "3 May"), ("Place", "Leeds")))
        file.add_paragraph("T: One")
        file.add_paragraph("C: Two")

    assert said(read(made(fill))) == [("T", "One"), ("C", "Two")]


def test_what_is_inserted_counts_and_what_is_deleted_does_not() -> None:
    first = (
        "<w:p {0}><w:r><w:t>T: One</w:t></w:r><w:ins w:id='1' w:author='a'><w:r><w:t xml:space='preserve'> two"
        "</w:t></w:r></w:ins><w:del w:id='2' w:author='a'><w:r><w:delText>gone</w:delText></w:r></w:del>"
        "<w:moveFrom w:id='3' w:author='a'><w:r><w:t>moved</w:t></w:r></w:moveFrom></w:p>"
    )
    second = (
        "<w:sdt {0}><w:sdtContent><w:p><w:r><w:t>C:</w:t><w:tab/><w:t>three</w:t><w:noBreakHyphen/><w:t>four</w:t>"
        "</w:r><w:hyperlink><w:r><w:t xml:space='preserve'> five</w:t></w:r></w:hyperlink></w:p></w:sdtContent></w:sdt>"
    )

    def fill(file):
        body = file.element.body
        for xml in (first, second):
            body.insert(len(body) - 1, parse_xml(xml.format(nsdecls("w"))))

    assert said(read(made(fill))) == [("T", "One two"), ("C", "three-four five")]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (paragraphs(), "no speakers found"),
        (paragraphs("secretwords and prose"), "no speakers found"),
        (paragraphs("T: secretwords", "C:"), r"talk\.docx:2: this turn has no words"),
        (tables((("Speaker", "Text"), ("T", "secretwords"), ("C", ""))), r"talk\.docx:3: 1 row has no text"),
        (tables((("Speaker", "Text"), ("T", "secretwords")), (("a", "b", "c"),)), r":3: this row has 3 cells and"),
        (tables((("Speaker", "Text"), ("T", "x")), below=["T: secretwords"]), "speakers outside it"),
        (tables((("Speaker", "Text"), ("T", "x")), above=["long"] * 21), "a long text"),
        (tables((("a", "secretwords"),), above=["T: One", "C: Two"]), "a table stands among the turns"),
        (with_part(TALK, "word/document.xml", b"<broken"), "damaged"),
        (with_part(TALK, "word/_rels/document.xml.rels", b"<Relationships/>"), "damaged"),
        (with_part(TALK, "word/document.xml", b'<!DOCTYPE x [<!ENTITY a "secretwords">]><x>&a;</x>'), "document type"),
        (with_part(TALK, "[Content_Types].xml", b"<Types/>"), "damaged"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read(raw: bytes, message: str) -> None:
    with pytest.raises(TranscriptError, match=message) as caught:
        read(raw)
    assert "secretwords" not in str(caught.value)


def test_another_file_embedded_in_the_text_is_not_passed_over() -> None:
    def fill(file):
        file.add_paragraph("T: One")
        body = file.element.body
        body.insert(0, parse_xml(f"<w:altChunk {nsdecls('w', 'r')} r:id='rId99'/>"))

    with pytest.raises(TranscriptError, match="another file is embedded"):
        read(made(fill))


def test_a_file_that_grows_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = with_part(TALK, "word/media/picture.bin", b"\0" * 5_000_000)
    assert len(bomb) < 60_000
    assert len(read(bomb).turns) == 3
    monkeypatch.setattr(word, "MAX_UNPACKED", 4_000_000)
    with pytest.raises(TranscriptError, match="unpacks to more than"):
        read(bomb)
    monkeypatch.undo()
    monkeypatch.setattr(word, "MAX_PART", 1_000)
    with pytest.raises(TranscriptError, match="its text to more than"):
        read(TALK)


def test_a_part_that_lies_about_its_size_is_damage() -> None:
    raw = bytearray(with_part(TALK, "word/media/picture.bin", b"\0" * 5_000_000))
    size = (5_000_000).to_bytes(4, "little")
    for _ in range(2):  # in the part's own header and in the directory
        place = raw.index(size)
        raw[place : place + 4] = (100).to_bytes(4, "little")
    with pytest.raises(TranscriptError, match="damaged"):
        read(bytes(raw))


def test_other_zip_files_are_told_apart() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    for raw in (stream.getvalue(), TALK[:-30]):
        with pytest.raises(TranscriptError, match="Word, Excel or zip file"):
            document(raw)


def test_a_format_named_for_the_wrong_file() -> None:
    with pytest.raises(TranscriptError, match="this is not a Word file"):
        read_transcripts(Document.from_bytes(b"T: x\n", name="x"), ReadOptions(format="docx"))
    for name in ("text", "csv", "tsv", "jsonl", "whisper", "webvtt", "srt", "pdf", "parquet", "aws", "convokit"):
        with pytest.raises(MendlineError):
            read(TALK, format=name)


with zipfile.ZipFile(io.BytesIO(TALK)) as archive:
    PARTS = {part.filename: archive.read(part) for part in archive.infolist()}
XML = st.sampled_from([b"<w:p>", b"</w:p>", b"<w:tbl/>", b"<w:tr/>", b"&a;", b"\0", b"<w:r><w:t>T: x</w:t></w:r>", b""])


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    name=st.sampled_from(["word/document.xml", "word/styles.xml", "[Content_Types].xml", "_rels/.rels"]),
    whole=st.booleans(),
)
def test_changed_files_give_turns_or_one_of_our_errors(data: st.DataObject, name: str, whole: bool) -> None:
    source = TALK if whole else PARTS[name]
    place = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(place, min(len(source), place + 200)))
    changed = source[:place] + data.draw(st.one_of(XML, st.binary(max_size=8))) + source[end:]
    raw = changed if whole else with_part(TALK, name, changed)
    with contextlib.suppress(MendlineError):
        assert read_transcripts(document(raw))[0].turns
