"""PDFs that hold text, in one column, where each turn starts a line: `Name: words` or `[0:05] Name: words`.

The lines of all pages, as pypdf finds them from top to bottom, are read as `mendline.transcripts.formats.text` reads
plain text. A PDF knows no paragraphs, so what stands above the first label on its first pages, up to 20 lines, is taken
for a heading. Page numbers and running heads are left out: a line at the top or bottom of a page that is a page number,
or that stands there, numbers aside, on at least three pages and more than half of them, unless a speaker opens it.
Words that are divided at the end of a line stay divided. Two columns, tables, side notes and line numbers are not
understood: save such a file as text, or give the file that the PDF was made from.

A page without text but with pictures is a scan, which nobody can read without recognising the letters first: such a
file is refused.
"""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mendline.transcripts.document import MAX_BYTES, Document
from mendline.transcripts.errors import TranscriptError
from mendline.transcripts.formats.kept import Kept
from mendline.transcripts.formats.laid_out import opening_line, plain, read_lines
from mendline.transcripts.formats.text import MAX_HEADING_LINES
from mendline.transcripts.options import ReadOptions
from mendline.transcripts.speakers import find_label
from mendline.transcripts.transcript import Transcript

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

NAME = "pdf"
EXTENSIONS = (".pdf",)
SUMMARY = "PDF with text (not scanned), one column, each turn on a new line as `Name: words`"
KEEPS = (Kept.STARTS,)
LIBRARY = "pypdf"
COPY_KEEPS = ""

MAX_PAGES = 5000

_NUMBER = re.compile(r"[0-9]+")
_PAGE_NUMBER = re.compile(
    r"\W*(?:[^\W\d]{1,6}\.?\s*)?([0-9]+)(?:\s*(?:/|\||of|von|de|sur|van|di)\s*[0-9]+)?\W*", re.IGNORECASE
)
_DAMAGED = "this PDF is damaged. Export it again, or save its text as a .txt file and give that file."
_LOCKED = "this PDF is locked with a password. Save it without one, or save its text as a .txt file and give that file."


def takes(document: Document) -> bool:
    """Whether it is a PDF."""
    return document.binary == "pdf"


def read(document: Document, options: ReadOptions) -> list[Transcript]:
    """Return the one conversation of the file. Raises TranscriptError; its line counts the lines of the text."""
    if document.binary != "pdf":
        raise document.error("this is not a PDF. Leave out --input-format, or name another format.")
    lines = [line for page in _without_page_furniture(_pages(document)) for line in page]
    first = opening_line(lines, options.roles) or 0
    if sum(bool(line.strip()) for line in lines[:first]) <= MAX_HEADING_LINES:
        lines[:first] = [""] * first
    return [read_lines(document, lines, options)]


def _pages(document: Document) -> list[list[str]]:
    """The lines of each page. Raises TranscriptError where the file is damaged, locked, or a scan."""
    try:
        with _quiet():
            return _lines_of_pages(document)
    except TranscriptError:
        raise
    # pypdf follows what a broken file says, so any class of error can come out of it.
    except Exception as error:
        raise document.error(_DAMAGED) from error


def _lines_of_pages(document: Document) -> list[list[str]]:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    reader = PdfReader(io.BytesIO(document.raw))
    try:
        # Most locked files only forbid changes; their password for reading is empty.
        if reader.is_encrypted and not reader.decrypt(""):
            raise document.error(_LOCKED)
        return _texts(document, reader)
    except DependencyError as error:
        raise document.error(_LOCKED) from error


def _texts(document: Document, reader: PdfReader) -> list[list[str]]:
    pages: list[list[str]] = []
    scanned: list[int] = []
    size = 0
    for number, page in enumerate(reader.pages, start=1):
        if number > MAX_PAGES:
            raise document.error(f"this PDF has more than {MAX_PAGES} pages. Split it.")
        text = page.extract_text()
        size += len(text)
        if size > MAX_BYTES:
            raise document.error(f"the text of this PDF is larger than {MAX_BYTES // 1024**2} MB. Split it.")
        if not text.strip() and _has_pictures(page):
            scanned.append(number)
        pages.append([plain(line) for line in re.split(r"\r\n|\r|\n", text)])
    if scanned:
        places = ", ".join(map(str, scanned[:10])) + (" and more" if len(scanned) > 10 else "")
        raise document.error(
            f"these pages are pictures without text, as of a scan: {places}. Run text recognition (OCR) on the file "
            "first, check the result, and give that."
        )
    if not any(line.strip() for page in pages for line in page):
        raise document.error("this PDF has no text. Give a file with text, or run text recognition (OCR) on it first.")
    return pages


def _has_pictures(page: PageObject) -> bool:
    resources = page.get("/Resources")
    return resources is not None and bool(resources.get_object().get("/XObject"))


def _without_page_furniture(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    """The pages without page numbers and running heads, as the docstring of this module says."""
    filled = [[line for line in page if line.strip()] for page in pages]
    edges = [{0, len(page) - 1} if page else set() for page in filled]
    seen = Counter(
        shape for page, places in zip(filled, edges, strict=True) for shape in {_shape(page[place]) for place in places}
    )
    often = {shape for shape, count in seen.items() if count >= 3 and count > len(filled) / 2}
    return [
        [
            line
            for place, line in enumerate(page)
            if not (
                place in places and (_shape(line) in often or _is_page_number(line, number)) and not find_label(line)
            )
        ]
        for number, (page, places) in enumerate(zip(filled, edges, strict=True), start=1)
    ]


def _shape(line: str) -> str:
    return _NUMBER.sub("#", " ".join(line.split()))


def _is_page_number(line: str, number: int) -> bool:
    match = _PAGE_NUMBER.fullmatch(line.strip())
    return match is not None and match[1].lstrip("0") == str(number)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pypdf from logging what it finds odd: its messages may quote the file."""
    logger = logging.getLogger("pypdf")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
