"""The lines and tables of a Word file, as they are read on the page. Finds no speaker; knows where each line came from.

Text is taken as it stands after all tracked changes: what was inserted counts, what was deleted does not. Headers,
footers, footnotes, comments and text boxes are not part of the talk. Before python-docx opens a file, its size when
unpacked is checked, and XML with a document type (through which entities could grow without end) is refused.
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mendline.transcripts.document import Document
from mendline.transcripts.formats.laid_out import plain

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

MAX_UNPACKED = 200 * 1024 * 1024
MAX_PART = 64 * 1024 * 1024

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SPACES = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_LEFT_OUT = frozenset(
    {f"{_W}del", f"{_W}moveFrom", f"{_W}txbxContent", f"{_W}pPr", f"{_W}rPr"}
    | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
)
_HEADINGS = ("heading", "title", "subtitle")
_DOCTYPE = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
# What a damaged zip file raises depends on where it is damaged.
_ZIP_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(ArithmeticError, EOFError, LookupError, OSError, RuntimeError, ValueError),
)
_DAMAGED = (
    "this Word file is damaged or of an unusual kind. Open it in Word or LibreOffice, save it as .docx (not .docm or "
    ".dotx), and give that file."
)


@dataclass(frozen=True, slots=True)
class WordLine:
    """One line of a paragraph. `runs` are the places in `text` at which runs start, each with its run.

    `heading` says that the paragraph is styled as a title or heading; `whole` that it has no other line with words.
    """

    text: str
    runs: tuple[tuple[int, Any], ...] = ()
    heading: bool = False
    whole: bool = True

    def runs_from(self, position: int) -> list[Any]:
        """Return the runs with the text from `position` on."""
        ends = [start for start, _ in self.runs[1:]] + [len(self.text)]
        return [run for (_, run), end in zip(self.runs, ends, strict=True) if end > position]


@dataclass(frozen=True, slots=True)
class WordTable:
    """The rows of a table, each a list of cells, each a list of lines."""

    rows: tuple[tuple[tuple[WordLine, ...], ...], ...]


def open_word(document: Document) -> WordDocument:
    """Return the file opened by python-docx. Raises TranscriptError where it is damaged or would grow too large."""
    if document.binary != "docx":
        raise document.error("this is not a Word file (.docx). Leave out --input-format, or name another format.")
    _check_archive(document)
    import docx

    try:
        word = docx.Document(io.BytesIO(document.raw))
        body, _ = word.element.body, word.styles.element
    # What python-docx and lxml raise for a broken file has no common class.
    except Exception as error:
        raise document.error(_DAMAGED) from error
    if body is None:
        raise document.error(_DAMAGED)
    if next(body.iter(f"{_W}altChunk"), None) is not None:
        raise document.error(
            "another file is embedded in this one. Open it in Word, save it again, and give that file."
        )
    return word


def blocks_of(word: WordDocument) -> list[WordLine | WordTable]:
    """Return the lines and tables of the body, in order. An empty paragraph is an empty line."""
    headings = _heading_styles(word)
    return [block for element in _content(word.element.body) for block in _block(element, headings)]


def _check_archive(document: Document) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(document.raw)) as archive:
            parts = archive.infolist()
            xml = [part for part in parts if part.filename.lower().endswith((".xml", ".rels"))]
            if sum(part.file_size for part in parts) > MAX_UNPACKED or any(part.file_size > MAX_PART for part in xml):
                raise document.error(
                    f"this Word file unpacks to more than {MAX_UNPACKED // 1024**2} MB, or its text to more than "
                    f"{MAX_PART // 1024**2} MB. Save it without pictures, or split it."
                )
            # Reads in small steps, so that a part which unpacks to more than it says does no harm.
            if archive.testzip() is not None:
                raise document.error(_DAMAGED)
            for part in xml:
                content = archive.read(part)
                if any(mark in content for mark in _DOCTYPE):
                    raise document.error(f"{_DAMAGED} (Its XML has a document type, which no Word file has.)")
    except _ZIP_DAMAGE as error:
        raise document.error(_DAMAGED) from error


def _heading_styles(word: WordDocument) -> frozenset[str]:
    """The ids of the styles for titles and headings, whose ids, but not names, differ by language."""
    return frozenset(
        style.get(f"{_W}styleId", "")
        for style in word.styles.element.iter(f"{_W}style")
        for name in style.iter(f"{_W}name")
        if (name.get(f"{_W}val") or "").casefold().startswith(_HEADINGS)
    )


def _content(element: Any) -> Iterator[Any]:  # noqa: ANN401  (lxml)
    """The children that are paragraphs, tables, rows or cells, also those inside content controls and the like."""
    for child in element.iterchildren():
        if child.tag in {f"{_W}p", f"{_W}tbl", f"{_W}tr", f"{_W}tc"}:
            yield child
        elif isinstance(child.tag, str) and child.tag not in _LEFT_OUT:
            yield from _content(child)


def _block(element: Any, headings: frozenset[str]) -> list[WordLine | WordTable]:  # noqa: ANN401
    if element.tag == f"{_W}tbl":
        rows = (row for row in _content(element) if row.tag == f"{_W}tr")
        return [WordTable(tuple(tuple(_cell(cell, headings) for cell in _content(row)) for row in rows))]
    if element.tag == f"{_W}p":
        return [*_lines(element, headings)]
    return [block for child in _content(element) for block in _block(child, headings)]


def _cell(cell: Any, headings: frozenset[str]) -> tuple[WordLine, ...]:  # noqa: ANN401
    return tuple(line for paragraph in _paragraphs(cell) for line in _lines(paragraph, headings))


def _paragraphs(element: Any) -> Iterator[Any]:  # noqa: ANN401
    """The paragraphs in a cell, those of tables within it among them."""
    for child in _content(element):
        if child.tag == f"{_W}p":
            yield child
        else:
            yield from _paragraphs(child)


def _lines(paragraph: Any, headings: frozenset[str]) -> list[WordLine]:  # noqa: ANN401
    lines: list[tuple[str, list[tuple[int, Any]]]] = [("", [])]
    for run in _runs(paragraph):
        lines[-1][1].append((len(lines[-1][0]), run))
        first, *others = _text(run).split("\n")
        text, runs = lines[-1]
        lines[-1] = (text + first, runs)
        lines += [(other, [(0, run)]) for other in others]
    style = next((name.get(f"{_W}val", "") for name in paragraph.iter(f"{_W}pStyle")), "")
    whole = sum(bool(text.strip()) for text, _ in lines) == 1
    return [WordLine(plain(text), tuple(runs), style in headings, whole) for text, runs in lines]


def _runs(element: Any) -> Iterator[Any]:  # noqa: ANN401
    for child in element.iterchildren():
        if child.tag == f"{_W}r":
            yield child
        elif isinstance(child.tag, str) and child.tag not in _LEFT_OUT:
            yield from _runs(child)


def _text(run: Any) -> str:  # noqa: ANN401
    pieces = []
    for child in run.iterchildren():
        if child.tag == f"{_W}t":
            pieces.append((child.text or "").replace("\n", " "))
        elif child.tag == f"{_W}ruby":
            pieces += [part.text or "" for base in child.iter(f"{_W}rubyBase") for part in base.iter(f"{_W}t")]
        elif isinstance(child.tag, str) and child.tag.startswith(_W):
            pieces.append(_SPACES.get(child.tag.removeprefix(_W), ""))
    return "".join(pieces)
