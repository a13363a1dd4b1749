"""What Mendline can do with each format, put together from what the formats say of themselves."""

from __future__ import annotations

from dataclasses import dataclass

from mendline.transcripts.formats.noted_files import FILE_COPIERS
from mendline.transcripts.reading import FORMATS
from mendline.transcripts.writing import COPIERS, WRITABLE


@dataclass(frozen=True, slots=True)
class Overview:
    """One format. `writes` says that any transcript can be written as one, `copies` that labels go into such a file."""

    name: str
    endings: tuple[str, ...]
    summary: str
    writes: bool
    copies: bool
    keeps: tuple[str, ...]
    copy_keeps: str
    library: str

    @property
    def uses(self) -> str:
        """What it can be used for, in words."""
        return "read, write, annotate" if self.copies else "read, write" if self.writes else "read"


def overviews() -> list[Overview]:
    """Return every format, in the order of the readers."""
    copied = {*COPIERS, *FILE_COPIERS}
    return [
        Overview(
            name=each.NAME,
            endings=each.EXTENSIONS,
            summary=each.SUMMARY,
            writes=each.NAME in WRITABLE,
            copies=each.NAME in copied,
            keeps=tuple(map(str, each.KEEPS)),
            copy_keeps=each.COPY_KEEPS,
            library=each.LIBRARY,
        )
        for each in FORMATS
    ]


def overview_lines() -> list[str]:
    """Return the formats in two lines each, for people to read."""
    found = overviews()
    widths = [max(len(cell) for cell in column) for column in zip(*map(_cells, found), strict=True)]
    lines = [
        "All are read, by content and ending or with --input-format NAME. write: `mendline convert` and `annotate` can",
        "make one of any transcript; annotate: labels go into such a file, and all else in it stays. A format without",
        "probabilities keeps those labels that are not neutral or are in doubt.",
        "",
    ]
    for each in found:
        padded = (cell.ljust(width) for cell, width in zip(_cells(each), widths, strict=True))
        lines.append("  ".join([*padded, each.summary]).rstrip())
        besides = f"; in a copy also {each.copy_keeps}" if each.copies else ""
        verb = "keeps" if each.writes else "gives"
        lines.append(f"{' ' * (widths[0] + 2)}{verb} {', '.join(('speakers', 'words', *each.keeps))}{besides}")
    return lines


def _cells(each: Overview) -> tuple[str, ...]:
    return each.name, each.uses, " ".join(each.endings), each.library
