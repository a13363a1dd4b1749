"""A file as it was found: its bytes, its text and what it is called.

Knows encodings and by which bytes a binary file is recognised, but no transcript format.
"""

from __future__ import annotations

import io
import os
import re
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from charset_normalizer import from_bytes

from mendline.transcripts.errors import TranscriptError

MAX_BYTES = 200 * 1024 * 1024

# Longest first: the mark of UTF-32 starts with the one of UTF-16.
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SIGNATURES = (
    (0, b"PK\x03\x04", "a Word, Excel or zip file. Save it as .docx, plain text or CSV (UTF-8) and give that file"),
    (
        0,
        b"\xd0\xcf\x11\xe0",
        "an old or a locked Word or Excel file. Save it as .docx without a password, or as text or CSV, and give that",
    ),
    (0, b"{\\rtf", "a rich text (RTF) file. Save it as plain text (UTF-8) and give that file"),
    (0, b"%PDF", "a PDF that breaks off. Export it again, or save its text as a .txt file and give that file"),
    (0, b"PAR1", "a Parquet file that breaks off or is encrypted. Write it again, or give a CSV"),
    (0, b"RIFF", "a sound or film file. Transcribe it first, with speakers, and give the transcript"),
    (0, b"ID3", "a sound file. Transcribe it first, with speakers, and give the transcript"),
    (0, b"OggS", "a sound file. Transcribe it first, with speakers, and give the transcript"),
    (0, b"fLaC", "a sound file. Transcribe it first, with speakers, and give the transcript"),
    (4, b"ftyp", "a sound or film file. Transcribe it first, with speakers, and give the transcript"),
)
_BINARY = "this is a binary file, not a text. Give the transcript as text, WebVTT, SRT, CSV, TSV, JSON Lines or JSON."
_NUL = (
    f"{_BINARY} If it is a text in UTF-16 or UTF-32, say so: --encoding utf-16-le. If it is one with NULs, delete them."
)
_SEARCHED = 256 * 1024
_LINE_END = re.compile(r"\r\n|\r|\n")
# CHAT files hold U+0015 around times, and U+0001 and U+0002 after U+0002 around what is underlined.
_CONTROL = re.compile(r"(?!\x02[\x01\x02])[\x00-\x08\x0e-\x14\x16-\x1f\x7f](?<!\x02[\x01\x02])")
_CONTROL_BYTES = bytes({*range(0x20), 0x7F} - {*b"\t\n\v\f\r"})


class Line(NamedTuple):
    """One line without its line end. `number` counts from 1, `offset` is the place of its first character."""

    number: int
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A file's bytes and the text that they decode to, its line ends kept and its byte order mark removed.

    `path` is None for what came through a pipe. `encoding_guessed` says that the bytes are not UTF-8 or UTF-16 and
    that `encoding` is the likeliest of several.

    `binary` says what a file is that is no text but that a reader knows: "docx", "pdf" or "parquet". Its text is then
    empty. `parts` are the files of one session, where there are several (`mendline.transcripts.parts`); the text is
    then all of theirs. `found` is where readers keep what they found out about the file, for the next one that asks.
    """

    name: str
    path: Path | None
    raw: bytes = field(repr=False)
    text: str = field(repr=False)
    encoding: str = "utf-8"
    encoding_guessed: bool = False
    binary: str | None = None
    parts: tuple[Document, ...] = field(default=(), repr=False)
    found: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def from_path(cls, path: Path, *, encoding: str | None = None) -> Document:
        """Read a file, as `encoding` where one is given. Raises TranscriptError."""
        try:
            with path.open("rb") as stream:
                if os.fstat(stream.fileno()).st_size > MAX_BYTES:
                    raise _too_large(path)
                raw = stream.read(MAX_BYTES + 1)
        except FileNotFoundError as error:
            raise TranscriptError("there is no such file. Check the path.", file=path) from error
        except IsADirectoryError as error:
            raise TranscriptError("this is a folder. Give the files in it.", file=path) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "the path is not valid"
            raise TranscriptError(f"cannot read: {reason}. Check the path and its permissions.", file=path) from error
        return cls.from_bytes(raw, name=str(path), path=path, encoding=encoding)

    @classmethod
    def from_stream(cls, stream: BinaryIO, *, name: str = "stdin", encoding: str | None = None) -> Document:
        """Read a binary stream to its end, as `encoding` where one is given. Raises TranscriptError."""
        return cls.from_bytes(stream.read(MAX_BYTES + 1), name=name, encoding=encoding)

    @classmethod
    def from_bytes(cls, raw: bytes, *, name: str, path: Path | None = None, encoding: str | None = None) -> Document:
        """Decode `raw`: as `encoding`, else by its byte order mark, else UTF-8, else UTF-16, else the likeliest.

        Binary files that a reader knows are kept as bytes. Raises TranscriptError for all others.
        """
        if len(raw) > MAX_BYTES:
            raise _too_large(name)
        binary = _binary_kind(raw)
        if binary is not None:
            return cls(name, path, raw, "", binary=binary)
        text, used, guessed = _decode(raw, name, encoding)
        text = text.removeprefix("\ufeff")
        if not text.strip():
            raise TranscriptError("the file is empty. Give a transcript with at least one turn.", file=name)
        # Deleting bytes is much quicker than a search, and shows that there is nothing to search for.
        if len(raw.translate(None, _CONTROL_BYTES)) < len(raw) and len(_CONTROL.findall(text)) > len(text) / 100:
            raise TranscriptError(_BINARY, file=name)
        return cls(name, path, raw, text, used, guessed)

    @classmethod
    def of_parts(cls, parts: Sequence[Document], *, path: Path) -> Document:
        """Put the files of one session together, which goes by the name of `path`."""
        name = " + ".join(part.name for part in parts)
        raw, text = b"\n".join(part.raw for part in parts), "\n".join(part.text for part in parts)
        guessed = next((part for part in parts if part.encoding_guessed), parts[0])
        return cls(name, path, raw, text, guessed.encoding, guessed.encoding_guessed, parts=tuple(parts))

    @property
    def session(self) -> str:
        """The name of the one conversation in this file: the file's name without its ending, or "stdin"."""
        return self.name if self.path is None else self.path.stem

    @property
    def suffix(self) -> str:
        """The file's ending in lower case, such as ".vtt"; empty for a pipe."""
        return "" if self.path is None else self.path.suffix.lower()

    def lines(self) -> list[Line]:
        """Return the lines of the text, split at CR, LF and CRLF only."""
        return list(self.each_line())

    def each_line(self) -> Iterator[Line]:
        """Yield the lines one by one, for who needs only the first ones."""
        number, start = 1, 0
        for end in _LINE_END.finditer(self.text):
            yield Line(number, start, self.text[start : end.start()])
            number, start = number + 1, end.end()
        if start < len(self.text):
            yield Line(number, start, self.text[start:])

    def error(
        self,
        message: str,
        *,
        line: int | None = None,
        kind: Callable[..., TranscriptError] = TranscriptError,
    ) -> TranscriptError:
        """Return an error at a line of this file, for the caller to raise."""
        return kind(message, file=self.name, line=line)


def _too_large(name: str | Path) -> TranscriptError:
    limit = MAX_BYTES // 1024**2
    return TranscriptError(f"the file is larger than {limit} MB. Split it into several files.", file=name)


def _binary_kind(raw: bytes) -> str | None:
    """Return "docx", "pdf" or "parquet" for a whole file of that kind; None for any other and for a part of one."""
    if raw.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                return "docx" if any(name.startswith("word/document") for name in archive.namelist()) else None
        # What a broken directory of a zip file raises depends on where it is broken.
        except (
            zipfile.BadZipFile,
            struct.error,
            ArithmeticError,
            EOFError,
            LookupError,
            OSError,
            RuntimeError,
            ValueError,
        ):
            return None
    if raw.startswith(b"%PDF-"):
        return "pdf" if b"startxref" in raw else None
    return "parquet" if len(raw) > 12 and raw.startswith(b"PAR1") and raw.endswith(b"PAR1") else None


def _decode(raw: bytes, name: str, encoding: str | None) -> tuple[str, str, bool]:
    """Return the text, the encoding and whether that was guessed."""
    for place, signature, kind in _SIGNATURES:
        if raw.startswith(signature, place):
            raise TranscriptError(f"this is {kind}.", file=name)
    wanted = encoding or next((codec for mark, codec in _BYTE_ORDER_MARKS if raw.startswith(mark)), None)
    if wanted is not None:
        return _decode_as(wanted, raw, name), wanted, False
    if b"\0" not in raw:
        try:
            return raw.decode("utf-8"), "utf-8", False
        except UnicodeDecodeError:
            _refuse_mixture(raw, name)
            guess = _likeliest_encoding(raw)
    else:
        guess = _utf32_without_mark(raw) or _utf16_without_mark(raw)
        if guess is None:
            raise TranscriptError(_NUL, file=name, line=raw.count(b"\n", 0, raw.index(0)) + 1)
    if guess is None:
        raise TranscriptError("the encoding of the text is not clear. Give it: --encoding NAME.", file=name)
    return _decode_as(guess, raw, name), guess, True


def _decode_as(encoding: str, raw: bytes, name: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"this line is not {encoding}. Give the right encoding: --encoding NAME, such as cp1252."
        raise TranscriptError(message, file=name, line=line) from error
    except (LookupError, ValueError) as error:
        message = f"there is no text encoding {encoding!r}. Give one such as --encoding utf-8 or --encoding cp1252."
        raise TranscriptError(message, file=name) from error


def _refuse_mixture(raw: bytes, name: str) -> None:
    """Raise TranscriptError for a file of which much is UTF-8, but not all: that much would be lost in any guess."""
    good = 0
    bad: list[int] = []
    for number, line in enumerate(io.BytesIO(raw), start=1):
        if not line.isascii():
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                bad.append(number)
    # By chance, some lines of an Asian encoding are UTF-8 as well.
    if 4 * good > len(bad):
        message = (
            "this line is not UTF-8, though others are. Save the file as UTF-8 and correct this line, or give the "
            "encoding of all of it: --encoding NAME, such as cp1252."
        )
        raise TranscriptError(message, file=name, line=bad[0] if bad else None)


def _utf32_without_mark(raw: bytes) -> str | None:
    """Return the byte order, where every fourth byte is zero and nearly all beside them, as in every language."""
    sample = raw[:65536]
    places = len(sample) // 4
    if len(raw) % 4:
        return None
    zeros = [sample[place::4].count(0) for place in range(4)]
    if zeros[3] == places and zeros[2] > 0.9 * places:
        return "utf-32-le"
    return "utf-32-be" if zeros[0] == places and zeros[1] > 0.9 * places else None


def _utf16_without_mark(raw: bytes) -> str | None:
    """Return the byte order, where every other byte is nearly always zero as in the UTF-16 of a European language."""
    sample = raw[:65536]
    pairs = len(sample) // 2
    if len(raw) % 2:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 0.6 * pairs and even == 0:
        return "utf-16-le"
    if even > 0.6 * pairs and odd == 0:
        return "utf-16-be"
    return None


def _likeliest_encoding(raw: bytes) -> str | None:
    """Return the best guess of charset-normalizer, but Windows-1252 wherever that is as likely.

    In a text with few letters outside ASCII, most code pages are equally likely by their byte patterns; Windows-1252 is
    what word processors wrote.
    """
    matches = from_bytes(_telling(raw), cp_exclusion=["utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_7"])
    best = matches.best()
    western = next((match for match in matches if "cp1252" in match.could_be_from_charset), None)
    few_letters = sum(byte > 127 for byte in raw[:65536]) < len(raw[:65536]) / 4
    if best is not None and western is not None and western.chaos <= best.chaos:
        return "cp1252"
    if few_letters and (best is None or best.multi_byte_usage or not best.coherence) and _is_cp1252(raw):
        return "cp1252"
    return None if best is None else best.encoding


def _telling(raw: bytes) -> bytes:
    """The first lines that say something about the encoding: its search takes a second for each megabyte."""
    if len(raw) <= _SEARCHED:
        return raw
    lines: list[bytes] = []
    size = 0
    for line in io.BytesIO(raw):
        if size < _SEARCHED and not line.isascii():
            # A line that is far too long is cut where no character of any encoding can be.
            lines.append(line if len(line) <= _SEARCHED else line[:_SEARCHED].rpartition(b" ")[0])
            size += len(lines[-1])
    return b"".join(lines)


def _is_cp1252(raw: bytes) -> bool:
    try:
        raw.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return True
