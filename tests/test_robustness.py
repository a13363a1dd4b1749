"""What no file may do to any reader: crash it, hang it, make it quote the file, or come out as something else."""

from __future__ import annotations

import io
import math
import re
import signal
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from samples import CANARY, SAMPLES, TIMES, TURNS, WORDS, Turns, made

from mendline.transcripts import document as document_module
from mendline.transcripts.document import Document
from mendline.transcripts.errors import MendlineError, TranscriptError
from mendline.transcripts.formats import word
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.reading import FORMATS, format_named, read_transcripts
from mendline.transcripts.transcript import Transcript

READERS = [known.NAME for known in FORMATS]
BINARY = {"docx", "pdf", "parquet"}
TEXT = [name for name in READERS if name not in BINARY]
JSON = [name for name in TEXT if SAMPLES[name].raw.lstrip().startswith((b"{", b"["))]
SECONDS = 10


class Hangs(BaseException):
    """No `Exception`, so that no reader takes it for damage."""


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Raise `Hangs` after so many seconds of this process's own time, however busy the machine is.

    Windows cannot tell.
    """

    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise Hangs(f"not done after {seconds} seconds")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def check(raw: bytes, name: str, *, taken: bool = True) -> list[Transcript] | None:
    """Read bytes as a format. What comes of it is sound, or one of our errors without a word of the file (None)."""
    file = SAMPLES[name].name
    try:
        with within(SECONDS):
            document = Document.from_bytes(raw, name=file, path=Path(file))
            if taken:
                for known in FORMATS:
                    known.takes(document)
            transcripts = format_named(name).read(document, ReadOptions(format=name))
    except MendlineError as error:
        message = str(error)
    else:
        message = ""
    if message:
        assert CANARY not in message
        assert CANARY[::-1] not in message
        return None
    assert transcripts
    for transcript in transcripts:
        assert transcript.turns
        for turn in transcript.turns:
            assert turn.text == " ".join(turn.text.split())
            assert all(each.strip() for each in (turn.text, turn.speaker, turn.role))
            assert re.search(r"[\x00-\x1f\x7f-\x9f]", turn.text + turn.speaker) is None
            (turn.text + turn.speaker + turn.role).encode()
            for time in (turn.start, turn.end):
                assert time is None or (math.isfinite(time) and time >= 0)
    return transcripts


def replaced(name: str, old: str, new: str) -> bytes:
    return SAMPLES[name].raw.decode().replace(old, new).encode(errors="surrogatepass")


def with_word_xml(change: Callable[[bytes], bytes], part: str = "word/document.xml") -> bytes:
    """The Word sample with one of its parts changed."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(SAMPLES["docx"].raw)) as source,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for each in source.namelist():
            content = source.read(each)
            target.writestr(each, change(content) if each == part else content)
    return stream.getvalue()


def test_there_is_a_sample_of_every_format_and_it_is_read() -> None:
    assert set(SAMPLES) == set(READERS)
    for name, sample in SAMPLES.items():
        transcripts = check(sample.raw, name)
        assert transcripts is not None
        (transcript,) = transcripts
        assert [turn.text for turn in transcript.turns] == list(WORDS)
        if sample.timed:
            assert [(turn.start, turn.end) for turn in transcript.turns] == list(TIMES)


# Any bytes, and valid files that were changed

NASTY = st.sampled_from(
    [
        *(b"\0", b"\r", b"\n\n", b"\t", b"\x1a", b"\x15", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\\ud800", b"\\u0000"),
        *("\u202e".encode(), "\u0301".encode(), "\u2028".encode(), "\x85".encode(), "\ufeff".encode(), b"PK\x03\x04"),
        *(b"NaN", b"Infinity", b"-1", b"1e999", b"9" * 5000, b"null", b"true", b"[" * 2000, b'{"a":' * 2000, b"[]"),
        *(b'"', b"'", b":", b",", b"{", b"}", b"]", b"<", b">", b"</", b"&lt;", b"&#0;", b"&x;", b"<!DOCTYPE x>"),
        *(b"99:59:59.999", b" --> ", b"00:00:00.000", CANARY.encode(), CANARY[::-1].encode() + b": "),
    ]
)
PLACE = st.floats(0, 1)


def _at(raw: bytes, place: float) -> int:
    return min(int(place * len(raw)), len(raw))


def cut(raw: bytes, place: float, _: float, __: bytes) -> bytes:
    return raw[: _at(raw, place)]


def put(raw: bytes, place: float, _: float, piece: bytes) -> bytes:
    return raw[: _at(raw, place)] + piece + raw[_at(raw, place) :]


def overwrite(raw: bytes, place: float, _: float, piece: bytes) -> bytes:
    return raw[: _at(raw, place)] + piece + raw[_at(raw, place) + len(piece) :]


def flip(raw: bytes, place: float, other: float, _: bytes) -> bytes:
    at = _at(raw, place)
    return raw[:at] + bytes(byte ^ (1 << int(other * 7)) for byte in raw[at : at + 1]) + raw[at + 1 :]


def drop(raw: bytes, place: float, other: float, _: bytes) -> bytes:
    first, last = sorted((_at(raw, place), _at(raw, other)))
    return raw[:first] + raw[last:]


def double(raw: bytes, place: float, other: float, _: bytes) -> bytes:
    first, last = sorted((_at(raw, place), _at(raw, other)))
    return raw[:last] + raw[first:]


def drop_line(raw: bytes, place: float, _: float, __: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    return b"".join(lines[: int(place * len(lines))] + lines[int(place * len(lines)) + 1 :])


def move_line(raw: bytes, place: float, other: float, _: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    if lines:
        lines.insert(int(other * len(lines)), lines.pop(min(int(place * len(lines)), len(lines) - 1)))
    return b"".join(lines)


def double_line(raw: bytes, place: float, _: float, __: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    at = int(place * len(lines))
    return b"".join(lines[: at + 1] + lines[at:])


CODECS = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-8-sig", "utf-7", "cp037", "cp1252"]


def recode(raw: bytes, place: float, other: float, _: bytes) -> bytes:
    """All of it, or the rest from some place on, in another encoding."""
    at = 0 if other < 0.5 else _at(raw, place)
    codec = CODECS[min(int(place * len(CODECS)), len(CODECS) - 1)]
    return raw[:at] + raw[at:].decode("utf-8", "replace").encode(codec, "replace")


CHANGES = st.lists(
    st.tuples(
        st.sampled_from([cut, put, overwrite, flip, drop, double, drop_line, move_line, double_line, recode]),
        PLACE,
        PLACE,
        st.one_of(NASTY, st.binary(max_size=6)),
    ),
    min_size=1,
    max_size=4,
)
Changes = list[tuple[Callable[[bytes, float, float, bytes], bytes], float, float, bytes]]


def changed(raw: bytes, changes: Changes) -> bytes:
    for change, place, other, piece in changes:
        raw = change(raw, place, other, piece)
    return raw


many = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", READERS)
@many
@given(changes=CHANGES)
def test_changed_files(name: str, changes: Changes) -> None:
    check(changed(SAMPLES[name].raw, changes), name)


@pytest.mark.parametrize("name", READERS)
@many
@given(raw=st.one_of(st.binary(max_size=300), st.lists(NASTY, max_size=8).map(b"".join), st.text().map(str.encode)))
def test_any_bytes(name: str, raw: bytes) -> None:
    check(raw, name)
    check(SAMPLES[name].raw[:40] + raw, name)


@pytest.mark.parametrize("part", ["word/document.xml", "[Content_Types].xml", "word/styles.xml", "_rels/.rels"])
@many
@given(changes=CHANGES)
def test_changed_parts_of_a_word_file(part: str, changes: Changes) -> None:
    check(with_word_xml(lambda raw: changed(raw, changes), part), "docx")


# Long and deep

LONG = 50_000
PIECES = ["a", " ", "\t", "(", "[", "<", "<v ", "{\\", '""', ":", ":a", "-", ".", "0", "1:1 ", "@", "+", "&=", "\u200b"]
PIECES += ["\u0301", "x(", "a1", "A b ", "\x15", ">> ", "T: "]


@pytest.mark.parametrize("name", TEXT)
def test_no_line_takes_more_than_its_length(name: str) -> None:
    """Each piece many times over: in what is said, in front of it, and in a name."""
    text = SAMPLES[name].raw.decode()
    speaker = "CLI" if name == "chat" else "CLIENT" if name == "trn" else "Client" if "Client" in text else None
    for piece in PIECES:
        escaped = piece.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") if name in JSON else piece
        long = escaped * (LONG // len(piece))
        check(text.replace("How was", f"{long}How was").replace(CANARY, long).encode(), name)
        if speaker is not None:
            check(text.replace(speaker, long + speaker).encode(), name)
            check(text.replace(speaker, speaker + long).encode(), name)
        first, line_end, rest = text.partition("\n")
        check((first + line_end + long + "x\n" + rest).encode(), name, taken=name not in JSON)


@pytest.mark.parametrize("name", JSON)
@pytest.mark.parametrize(
    "value",
    [
        *("NaN", "Infinity", "-Infinity", "-1", "1e999", "9" * 400, "9" * 4301, "-0.0", "true", "null", '"x"', '"1e3"'),
        *("[" * 100_000, '{"a":' * 100_000, "[" * 900 + "]" * 900, '{"seconds":' * 900 + "1" + "}" * 900, "{}", "[]"),
        *('"9999999999999999999"', '"PT' + "9" * 400 + 'S"', f'"{"9" * 400}"', '"\\ud800"', '"-1s"'),
    ],
    ids=lambda value: value[:12],
)
def test_numbers_that_are_none(name: str, value: str) -> None:
    """In place of each number and each text of the file in turn."""
    text = SAMPLES[name].raw.decode()
    places = list(re.finditer(r'(?<=[:,\[] )(?:[0-9.]+|"[^"\n]*"(?!:))', text))
    assert places
    for place in places[:60]:
        check((text[: place.start()] + value + text[place.end() :]).encode(), name)


@pytest.mark.parametrize("name", JSON)
def test_keys_that_stand_twice(name: str) -> None:
    text = SAMPLES[name].raw.decode()
    twice = re.sub(r'("(?:text|speaker|start|word|words|segments|results)": )', r"\1null, \1", text)
    assert twice != text
    transcripts = check(twice.encode(), name)
    assert transcripts is not None
    assert [turn.text for turn in transcripts[0].turns] == list(WORDS)


@pytest.mark.parametrize("name", JSON)
def test_json_as_deep_as_the_parser_goes(name: str) -> None:
    """Somewhere between what is parsed and what is not, everything after the parser still has to hold."""
    text = SAMPLES[name].raw.decode()
    place = next(re.finditer(r"(?<=[:,\[] )[0-9.]+", text))
    for depth in range(800, 1000, 10):
        for opening, closing in (("[", "]"), ('{"seconds":', "}")):
            deep = opening * depth + "1" + closing * depth
            check((text[: place.start()] + deep + text[place.end() :]).encode(), name, taken=False)


def test_a_name_of_nothing_but_brackets() -> None:
    """Roles are looked for inside of brackets."""
    assert check(f"speaker,text\n{'(' * 5000}{')' * 5000},One\nT,Two\n".encode(), "csv")


# Bombs

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
DOCTYPES = [
    f'<!DOCTYPE x [<!ENTITY l0 "{CANARY}">{LAUGHS}]>',
    '<!DOCTYPE x [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE x [<!ENTITY % l SYSTEM "file:///etc/passwd"> %l;]>',
    '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
]


@pytest.mark.parametrize("doctype", DOCTYPES, ids=["laughs", "file", "parameter", "remote"])
def test_entities_are_refused(doctype: str) -> None:
    eaf = replaced("elan", "<ANNOTATION_DOCUMENT", f"{doctype}<ANNOTATION_DOCUMENT").replace(b"was", b"&l9;")
    with pytest.raises(TranscriptError, match="document type or an entity is declared here"):
        read_transcripts(Document.from_bytes(eaf, name="x.eaf"))
    for part in ("word/document.xml", "word/styles.xml", "[Content_Types].xml", "_rels/.rels", "docProps/core.xml"):
        file = with_word_xml(lambda raw: re.sub(rb"(\?>\s*)", rb"\1" + doctype.encode(), raw, count=1), part)
        with pytest.raises(TranscriptError, match="Its XML has a document type"):
            read_transcripts(Document.from_bytes(file, name="x.docx"))


def test_an_entity_that_nobody_declared() -> None:
    assert check(replaced("elan", "was", "&l9;"), "elan") is None
    assert check(with_word_xml(lambda raw: raw.replace(b"was", b"&l9;")), "docx") is None


def _zip(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _said_to_be(raw: bytes, size: int, claimed: int) -> bytes:
    """A zip file in which what unpacks to `size` bytes says that it unpacks to fewer."""
    assert raw.count(size.to_bytes(4, "little")) == 2
    return raw.replace(size.to_bytes(4, "little"), claimed.to_bytes(4, "little"))


def test_zip_bombs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word, "MAX_UNPACKED", 5 * 1024**2)
    monkeypatch.setattr(word, "MAX_PART", 4 * 1024**2)
    size = 4 * 1024**2 + 1
    bomb = with_word_xml(lambda raw: b" " * size)
    assert len(bomb) < 50_000
    with pytest.raises(
        TranscriptError, match="this Word file unpacks to more than 5 MB, or its text to more than 4 MB"
    ):
        read_transcripts(Document.from_bytes(bomb, name="x.docx"))
    with pytest.raises(TranscriptError, match="this Word file is damaged"):
        read_transcripts(Document.from_bytes(_said_to_be(bomb, size, 1000), name="x.docx"))
    pictures = _zip({"word/document.xml": b"<x/>", **{f"word/media/{n}.png": b"\0" * 1024**2 for n in range(6)}})
    with pytest.raises(TranscriptError, match="this Word file unpacks to more than 5 MB"):
        read_transcripts(Document.from_bytes(pictures, name="x.docx"))


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("x.xlsx", _zip({"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": b" " * 10_000_000})),
        ("x.docx", _zip({f"{n}.xml": b"" for n in range(20_000)})),
        ("x.docx", _zip({"x.docx": _zip({"x.docx": b"\0" * 10_000_000})})),
    ],
    ids=["xlsx", "parts", "nested"],
)
def test_other_archives_are_not_unpacked(name: str, raw: bytes) -> None:
    with within(SECONDS), pytest.raises(TranscriptError, match="a Word, Excel or zip file"):
        read_transcripts(Document.from_bytes(raw, name=name))


@pytest.mark.parametrize("depth", [60, 120, 240, 300, 5000])
@pytest.mark.parametrize("tag", ["tbl w:tr w:tc", "sdt w:sdtContent", "ins", "smartTag"])
def test_a_word_file_as_deep_as_the_parser_goes(tag: str, depth: int) -> None:
    tags = tag.split(" w:")
    before = "".join(f"<w:{each}>" for each in tags) * depth
    after = "".join(f"</w:{each}>" for each in reversed(tags)) * depth
    said = "".join(f"<w:p><w:r><w:t>{name}: {CANARY}</w:t></w:r></w:p>" for name in "TC")
    inside = f"<w:p>{before}<w:r><w:t>T: {CANARY}</w:t></w:r>{after}</w:p>"
    opening = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    for body in (before + said + after, inside):
        check(with_word_xml(lambda _, body=body: f"{opening}{body}</w:body></w:document>".encode()), "docx")


@pytest.mark.parametrize(
    "part", ["word/document.xml", "word/styles.xml", "word/_rels/document.xml.rels", "_rels/.rels"]
)
@pytest.mark.parametrize("content", [b"", b"<x/>", b"\0" * 100, b"<?xml version='1.0' encoding='klingon'?><x/>"])
def test_broken_parts_of_a_word_file(part: str, content: bytes) -> None:
    read = check(with_word_xml(lambda _: content, part), "docx")
    assert read is None or (part, content) == ("word/styles.xml", b"<x/>")


def test_broken_compression_in_a_word_file() -> None:
    raw = SAMPLES["docx"].raw
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for part in archive.infolist():
            start = part.header_offset + 30 + len(part.filename)
            assert check(raw[:start] + b"\xff" * 8 + raw[start + 8 :], "docx") is None


def _pdf(filters: str, data: bytes) -> bytes:
    """The PDF sample with another stream in place of its page's."""
    raw = SAMPLES["pdf"].raw
    start = raw.index(b"stream\n") + 7
    end = raw.index(b"\nendstream")
    head = raw[:start]
    opening = head.rindex(b"<<")
    length = f"<< /Length {len(data)} /Filter {filters} >>\nstream\n".encode()
    return head[:opening] + length + data + raw[end:]


def test_pdf_bombs() -> None:
    page = b"BT /F 11 Tf 14 TL 60 760 Td (T: One) Tj T* (C: Two) Tj ET"
    assert check(_pdf("/FlateDecode", zlib.compress(page)), "pdf") is not None
    once = zlib.compress(page + b" " * 80_000_000, 9)
    check(_pdf("/FlateDecode", once), "pdf")
    check(_pdf("[/FlateDecode /FlateDecode]", zlib.compress(once, 9)), "pdf")
    check(_pdf("[" + "/ASCIIHexDecode " * 5000 + "]", b"20>"), "pdf")
    check(_pdf("/LZWDecode", b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01" * 10_000), "pdf")
    check(_pdf("/RunLengthDecode", b"\x81 " * 1_000_000), "pdf")


# Letters

SCRIPTS = {
    "right to left": "שלום, \u202bאיך היה?\u202c مرحبا \u200fכן",
    "combining": "e\u0301te\u0301 a\u0308 \u1112\u1161\u11ab Z\u0351\u036bA\u0343\u033b",
    "beyond the first plane": "👩\u200d👩\u200d👧 🇬🇧 𝒜 𐍈",
    "asian": "嗯，我们昨天说过。 はい 네",
}
FULL = ["utf-8", "utf-8-sig", "utf-16", "utf-32"]
WITHOUT_MARK = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("name", TEXT)
@pytest.mark.parametrize("script", SCRIPTS)
def test_letters_of_all_scripts_stay_what_they_are(name: str, script: str) -> None:
    words = SCRIPTS[script]
    turns = [(speaker, text.replace(CANARY, words), start, end) for speaker, text, start, end in TURNS]
    content = made(name, turns).raw.decode()
    for codec in FULL:
        transcripts = check(content.encode(codec), name)
        assert transcripts is not None, codec
        assert transcripts[0].turns[0].text == f"How was the {words} week?"


@pytest.mark.parametrize("name", TEXT)
@pytest.mark.parametrize("codec", WITHOUT_MARK)
def test_wide_encodings_without_a_mark(name: str, codec: str) -> None:
    transcripts = check(SAMPLES[name].raw.decode().encode(codec), name)
    assert transcripts is not None
    assert [turn.text for turn in transcripts[0].turns] == list(WORDS)


def test_letters_in_binary_files() -> None:
    words = " ".join(SCRIPTS.values())
    raw = with_word_xml(lambda xml: xml.replace(CANARY.encode(), words.encode()))
    transcripts = check(raw, "docx")
    assert transcripts is not None
    assert transcripts[0].turns[0].text == f"How was the {words} week?"
    stream = io.BytesIO()
    parquet.write_table(pyarrow.table({"speaker": ["T"], "text": [words]}), stream)
    transcripts = check(stream.getvalue(), "parquet")
    assert transcripts is not None
    assert transcripts[0].turns[0].text == words


@pytest.mark.parametrize("name", TEXT)
def test_encodings_that_are_mixed_are_an_error_with_the_line(name: str) -> None:
    lines = SAMPLES[name].raw.decode().replace("Fine", "Finé").replace("I do", "Já do").splitlines(keepends=True)
    last = max(place for place, line in enumerate(lines) if "Já" in line)
    raw = b"".join(line.encode("cp1252" if place == last else "utf-8") for place, line in enumerate(lines))
    with pytest.raises(TranscriptError, match=rf":{last + 1}: this line is not UTF-8, though others are.*--encoding"):
        read_transcripts(Document.from_bytes(raw, name="x"))
    assert read_transcripts(Document.from_bytes(raw, name=SAMPLES[name].name, encoding="cp1252"))


@pytest.mark.parametrize("name", TEXT)
def test_a_nul_is_an_error_with_the_line(name: str) -> None:
    head, _, _ = SAMPLES[name].raw.partition(b"Fine")
    line = head.count(b"\n") + 1
    raw = SAMPLES[name].raw.replace(b"Fine", b"Fi\0ne")
    with pytest.raises(TranscriptError, match=rf":{line}: this is a binary file.*delete"):
        read_transcripts(Document.from_bytes(raw, name="x"))


@pytest.mark.parametrize("name", JSON)
def test_half_a_character_is_an_error(name: str) -> None:
    with pytest.raises(TranscriptError, match="half of a character"):
        read_transcripts(Document.from_bytes(replaced(name, CANARY, "\\ud83d"), name=SAMPLES[name].name))
    assert check(replaced(name, CANARY, "\\ud83d\\ude00"), name) is not None
    assert check(replaced(name, CANARY, "\\u0000"), name) is not None


# Times


@pytest.mark.parametrize("name", [name for name in TEXT if SAMPLES[name].timed])
def test_times_that_run_backwards(name: str) -> None:
    """Turns of which each starts before the last one, or ends before it starts, stay or are refused."""
    later_first = [(*turn[:2], *times) for turn, times in zip(TURNS, reversed(TIMES), strict=True)]
    ends_first = [(speaker, text, end, start) for speaker, text, start, end in TURNS]
    for turns in (later_first, ends_first):
        transcripts = check(made(name, turns).raw, name)
        if transcripts is not None:
            said = sorted(" ".join(turn.text for turn in transcripts[0].turns).split())
            assert said == sorted(" ".join(WORDS).split())
    # The pauses that Praat has between intervals would run backwards too.
    assert name == "textgrid" or check(made(name, later_first).raw, name) is not None


@pytest.mark.parametrize(
    "name", ["csv", "tsv", "jsonl", "whisper", "revai", "labelstudio", "doccano", "textgrid", "trn"]
)
@pytest.mark.parametrize("time", ["-1", "-0.5", "1e999", "9" * 30, "1e12", "inf", "nan", "NaN", "0x10", "1_0", "٣"])
def test_times_that_are_none(name: str, time: str) -> None:
    """In place of the end of the last turn."""
    raw = replaced(name, "7.5", time)
    assert raw != SAMPLES[name].raw
    transcripts = check(raw, name)
    assert transcripts is None or transcripts[0].turns[-1].end is None


@pytest.mark.parametrize("name", ["srt", "webvtt"])
def test_the_latest_time_that_subtitles_can_have(name: str) -> None:
    mark = "," if name == "srt" else "."
    assert check(replaced(name, f"00:00:07{mark}500", f"99:59:59{mark}999"), name) is not None
    check(replaced(name, f"00:00:07{mark}500", f"{'9' * 5000}:59:59{mark}999"), name)


def test_times_in_words_that_are_too_long() -> None:
    azure = replaced("azure", '"offsetMilliseconds": 500', f'"offset": "PT{"9" * 400}S"')
    with pytest.raises(TranscriptError, match="a time here is beyond all measure"):
        read_transcripts(Document.from_bytes(azure, name="x.json"))
    csv = replaced("csv", ",0.5,", f",{int(1.7e12)},")
    with pytest.raises(TranscriptError, match=r"x\.csv:2: a time here is beyond all measure.*_ms"):
        read_transcripts(Document.from_bytes(csv, name="x.csv"))


# Speakers and turns


@pytest.mark.parametrize("name", [name for name in TEXT if b"Client" in SAMPLES[name].raw])
def test_a_speaker_with_a_very_long_name(name: str) -> None:
    check(replaced(name, "Client", f"{CANARY} " * 20_000 + "Client"), name)


@pytest.mark.parametrize("name", READERS)
def test_turns_without_words(name: str) -> None:
    """They are left out where pauses look like that (a cue, an interval), and an error where somebody's words lack."""
    empty = SAMPLES[name].raw.replace(b"Fine.", b"") if name in TEXT else SAMPLES[name].raw
    empty = with_word_xml(lambda raw: raw.replace(b"Fine.", b"")) if name == "docx" else empty
    transcripts = check(empty, name)
    if transcripts is not None and empty != SAMPLES[name].raw:
        # Where units are joined to turns, there is nothing between the first and the third one any more.
        assert " ".join(turn.text for turn in transcripts[0].turns) == " ".join(WORDS).replace(" Fine.", "")


def talk(turns: int, speakers: tuple[str, ...] = ("Therapist", "Client")) -> Turns:
    return [(speakers[turn % len(speakers)], f"Turn {turn + 1}.", 2.0 * turn, 2.0 * turn + 1) for turn in range(turns)]


@pytest.mark.parametrize("name", READERS)
def test_long_sessions(name: str) -> None:
    """What goes back to the first turn for each one would need minutes. `benchmarks/large.py` has 100,000 turns."""
    transcripts = check(made(name, talk(3_000)).raw, name)
    assert transcripts is not None
    assert [turn.text for turn in transcripts[0].turns] == [text for _, text, _, _ in talk(3_000)]


@pytest.mark.parametrize("name", ["webvtt", "srt", "chat", "elan", "textgrid", "trn", "jsonl"])
def test_long_sessions_of_one_speaker(name: str) -> None:
    """In some formats, all becomes one turn."""
    transcripts = check(made(name, talk(3_000, ("Therapist",))).raw, name)
    assert transcripts is not None
    assert " ".join(turn.text for turn in transcripts[0].turns).split()[-1] == "3000."


def test_a_chat_tier_that_is_carried_on_for_long() -> None:
    transcripts = check(replaced("chat", "week ?", "week\n" + "\tand on\n" * 20_000 + "\t?"), "chat")
    assert transcripts is not None
    assert transcripts[0].turns[0].text.count("and on") == 20_000


def test_elan_annotations_that_are_attached_in_a_circle() -> None:
    attached = '<REF_ANNOTATION ANNOTATION_ID="a1" ANNOTATION_REF="a2">'
    text = SAMPLES["elan"].raw.decode()
    circle = re.sub(r'<ALIGNABLE_ANNOTATION ANNOTATION_ID="a1"[^>]*>', attached, text)
    circle = re.sub(
        r'<ALIGNABLE_ANNOTATION ANNOTATION_ID="a2"[^>]*>', attached.replace("a1", "x").replace("a2", "a1"), circle
    ).replace('"x"', '"a2"')
    circle = re.sub(r"(REF_ANNOTATION.*?)</ALIGNABLE_ANNOTATION>", r"\1</REF_ANNOTATION>", circle, flags=re.DOTALL)
    with pytest.raises(TranscriptError, match="attached to none that has times"):
        read_transcripts(Document.from_bytes(circle.encode(), name="x.eaf"))


def test_elan_tiers_in_a_circle_do_not_lose_their_words() -> None:
    tiers = replaced("elan", 'TIER_ID="Client"', 'TIER_ID="Client" PARENT_REF="Client"')
    with pytest.raises(TranscriptError, match="this tier depends on itself"):
        read_transcripts(Document.from_bytes(tiers, name="x.eaf"))


# Size


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A gap in a file takes no place on the disk: this one says that it holds 2 GB in one line."""
    path = tmp_path / "line.txt"
    with path.open("wb") as file:
        file.write(b"T: ")
        file.truncate(2 * 1024**3)
    monkeypatch.setattr(Document, "from_bytes", None)
    with within(SECONDS), pytest.raises(TranscriptError, match=r"larger than 200 MB\. Split it"):
        read_transcripts(path)


def test_a_pipe_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer) -> int:
            buffer[:] = b"T" * len(buffer)
            return len(buffer)

    monkeypatch.setattr(document_module, "MAX_BYTES", 1024**2)
    with within(SECONDS), pytest.raises(TranscriptError, match=r"larger than 1 MB\. Split it"):
        Document.from_stream(io.BufferedReader(Endless()))


@pytest.mark.parametrize("name", TEXT)
def test_one_line_of_half_a_megabyte(name: str) -> None:
    """In one turn. CSV has cells of up to 128 KB, and says so; everything else reads it."""
    words = "and so on " * 50_000
    transcripts = check(replaced(name, CANARY, words), name, taken=False)
    if name in {"csv", "tsv"}:
        assert transcripts is None
    else:
        assert transcripts is not None
        assert transcripts[0].turns[0].text.count("and so on") == 50_000


def test_an_encoding_is_found_in_a_part_of_a_large_file() -> None:
    raw = ("T: plain words only\n" * 100_000 + "C: wir müssen darüber reden, weißt du\n" * 10_000).encode("cp1252")
    with within(SECONDS):
        found = Document.from_bytes(raw, name="x")
    assert (found.encoding, found.encoding_guessed) == ("cp1252", True)


# What the search of `benchmarks/fuzz.py` found


def test_a_quotation_mark_without_a_second_one_at_the_end_of_a_textgrid() -> None:
    """It was passed over, and then swallowed the tier of labels that a copy has behind it."""
    raw = SAMPLES["textgrid"].raw.rstrip() + b'"\n'
    with pytest.raises(TranscriptError, match="the text of an interval should stand here"):
        read_transcripts(Document.from_bytes(raw, name="x.TextGrid"))
