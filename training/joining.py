"""Labels apart from their text, so that a corpus whose text is not ours to pass on can still be used.

A label file is a TSV with one line a turn: `session, turn, setting, role, label, marker, sure, agreement, source,
text_hash`. `join` puts it together again with a copy of the text that the user has, and checks by the hash that each
label lands on the very words that were coded.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from mendline.training.corpus import labelled_rows
from mendline.transcripts.errors import CorpusError
from mendline.transcripts.files import atomic_write
from mendline.transcripts.transcript import Transcript, Turn

COLUMNS = ("session", "turn", "setting", "role", "label", "marker", "sure", "agreement", "source", "text_hash")
SUFFIX = ".labels.tsv"


def shipped_label_files() -> tuple[str, ...]:
    """The names of the label files that ship."""
    return tuple(
        sorted(
            entry.name.removesuffix(SUFFIX)
            for entry in files("mendline.corpus").iterdir()
            if entry.name.endswith(SUFFIX)
        )
    )


def text_hash(text: str) -> str:
    """Twelve hexadecimal digits of the SHA-256 of a turn's words, whatever white space stands between them."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:12]


def split(labelled: Path, target: Path) -> int:
    """Write the label file of labelled sessions; gives the number of turns. Raises CorpusError, OutputError."""
    rows = list(labelled_rows(labelled))
    with atomic_write(target) as stream:
        writer = csv.DictWriter(stream, COLUMNS, dialect="excel-tab", lineterminator="\n")
        writer.writeheader()
        for row in rows:
            values = {**row, "marker": row["marker"] or "", "sure": "yes" if row["sure"] else "no"}
            writer.writerow({**{key: values[key] for key in COLUMNS[:-1]}, "text_hash": text_hash(str(row["text"]))})
    return len(rows)


def join(name: str, transcripts: Iterable[Transcript], target: Path) -> int:
    """Write labelled sessions from a label file (a shipped one's name, or a path) and transcripts that hold its text.

    A transcript answers to the session names `NAME` and `SOURCE-NAME`. Gives the number of turns. Raises CorpusError
    where a session or turn is missing or its words are not those that were coded, and then writes nothing.
    """
    path = _label_file(name)
    by_session = {transcript.session: transcript for transcript in transcripts}
    rows = [_joined(row, by_session, path, line) for line, row in _read(path)]
    with atomic_write(target) as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    return len(rows)


def _label_file(name: str) -> Path:
    if name in shipped_label_files():
        return Path(str(files("mendline.corpus") / f"{name}{SUFFIX}"))
    path = Path(name)
    if not path.is_file():
        raise CorpusError(f"no such label file. Give a path, or one of {', '.join(shipped_label_files())}.", file=path)
    return path


def _read(path: Path) -> list[tuple[int, Mapping[str, str]]]:
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream, dialect="excel-tab")
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise CorpusError(f"not a label file: its columns must be {', '.join(COLUMNS)}.", file=path, line=1)
        return [(reader.line_num, row) for row in reader]


def _joined(row: Mapping[str, str], by_session: Mapping[str, Transcript], path: Path, line: int) -> dict[str, object]:
    turns = _turns(row, by_session, path, line)
    place = int(row["turn"])
    if place >= len(turns) or text_hash(turns[place].text) != row["text_hash"]:
        raise CorpusError(
            f"turn {place} of session {row['session']} has other words than those that were coded, or is missing in "
            "your copy of the text. Get the version that corpus/README.md names.",
            file=path,
            line=line,
        )
    return {
        "session": row["session"],
        "turn": place,
        "setting": row["setting"],
        "speaker": turns[place].speaker,
        "role": row["role"],
        "text": turns[place].text,
        "label": row["label"],
        "marker": row["marker"] or None,
        "sure": row["sure"] == "yes",
        "agreement": row["agreement"],
        "source": row["source"],
    }


def _turns(row: Mapping[str, str], by_session: Mapping[str, Transcript], path: Path, line: int) -> Sequence[Turn]:
    names = (row["session"], row["session"].removeprefix(f"{row['source']}-"))
    found = next((by_session[name] for name in names if name in by_session), None)
    if found is None:
        raise CorpusError(
            f"session {row['session']} is not in the text that you gave ({len(by_session)} conversations). "
            "Give the file that holds it.",
            file=path,
            line=line,
        )
    return found.turns
