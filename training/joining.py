"""Labels apart from their text, so that a corpus whose text is not ours to pass on can still be used.

A label file is a TSV with one line a turn: `session, turn, setting, role, label, marker, sure, agreement, source,
text_hash`. `join` puts it together again with a copy of the text that the user has, and checks by the hash that each
label lands on the very words that were coded. A turn's hash covers its session from the first turn on, so that a turn
cannot be looked up by itself; whoever guesses all the turns before it can still confirm a guess.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from mendline.training.corpus import labelled_rows
from mendline.transcripts.errors import CorpusError
from mendline.transcripts.files import atomic_write, refuse_to_replace
from mendline.transcripts.transcript import Transcript, Turn

COLUMNS = ("session", "turn", "setting", "role", "label", "marker", "sure", "agreement", "source", "text_hash")
SUFFIX = ".labels.tsv"

Hashed = Sequence[tuple[Turn, str]]
"""The turns of a session, each with its hash."""


def shipped_label_files() -> tuple[str, ...]:
    """The names of the label files that ship."""
    return tuple(
        sorted(
            entry.name.removesuffix(SUFFIX)
            for entry in files("mendline.corpus").iterdir()
            if entry.name.endswith(SUFFIX)
        )
    )


def text_hashes(texts: Iterable[str]) -> Iterator[str]:
    """For each turn, twelve hexadecimal digits of the SHA-256 of the words so far, whatever white space is in them."""
    so_far = hashlib.sha256()
    for text in texts:
        so_far.update((" ".join(text.split()) + "\n").encode("utf-8", "surrogatepass"))
        yield so_far.hexdigest()[:12]


def split(labelled: Path, target: Path, *, overwrite: bool = False) -> int:
    """Write the label file of labelled sessions; gives the number of turns. Raises CorpusError, OutputError."""
    refuse_to_replace(target, (labelled,), overwrite=overwrite)
    rows = list(labelled_rows(labelled))
    texts: dict[str, list[str]] = {}
    for row in rows:
        texts.setdefault(row["session"], []).append(row["text"])
    hashes = {session: text_hashes(turns) for session, turns in texts.items()}
    with atomic_write(target) as stream:
        writer = csv.DictWriter(stream, COLUMNS, dialect="excel-tab", lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        for row in rows:
            written = {"marker": row["marker"] or "", "sure": "yes" if row["sure"] else "no"}
            writer.writerow({**row, **written, "text_hash": next(hashes[row["session"]])})
    return len(rows)


def join(
    name: str, transcripts: Iterable[Transcript], target: Path, *, sources: Sequence[Path] = (), overwrite: bool = False
) -> int:
    """Write labelled sessions from a label file (a shipped one's name, or a path) and transcripts that hold its text.

    A transcript answers to the session names `NAME` and `SOURCE-NAME`. Gives the number of turns. Raises CorpusError
    where a session or turn is missing or its words are not those that were coded, OutputError where a file would be
    replaced; then nothing is written. `sources` are the files of the transcripts.
    """
    path = _label_file(name)
    refuse_to_replace(target, (path, *sources), overwrite=overwrite)
    texts = {
        one.session: list(zip(one.turns, text_hashes(turn.text for turn in one.turns), strict=True))
        for one in transcripts
    }
    rows = [_joined(row, texts, path, line) for line, row in _read(path)]
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


def _joined(row: Mapping[str, str], texts: Mapping[str, Hashed], path: Path, line: int) -> dict[str, object]:
    names = (row["session"], row["session"].removeprefix(f"{row['source']}-"))
    turns = next((texts[name] for name in names if name in texts), None)
    if turns is None:
        raise CorpusError(
            f"session {row['session']} is not in the text that you gave ({len(texts)} conversations). "
            "Give the file that holds it.",
            file=path,
            line=line,
        )
    place = int(row["turn"]) if row["turn"].isdecimal() else len(turns)
    if place >= len(turns) or turns[place][1] != row["text_hash"]:
        raise CorpusError(
            f"turn {row['turn']} of session {row['session']}, or one before it, has other words than those that were "
            "coded, or is missing in your copy of the text. Get the version that corpus/README.md names.",
            file=path,
            line=line,
        )
    turn = turns[place][0]
    return {
        "session": row["session"],
        "turn": place,
        "setting": row["setting"],
        "speaker": turn.speaker,
        "role": row["role"],
        "text": turn.text,
        "label": row["label"],
        "marker": row["marker"] or None,
        "sure": row["sure"] == "yes",
        "agreement": row["agreement"],
        "source": row["source"],
    }
