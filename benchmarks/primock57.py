"""Join the TextGrid pairs of PriMock57 into one file of conversations that `mendline annotate` reads.

python benchmarks/primock57.py TRANSCRIPTS-FOLDER OUTPUT.jsonl

PriMock57 (Papadopoulos Korfiatis et al. 2022) holds 57 mock consultations, nearly all of whose turns are neutral: what
is labelled otherwise is mostly false alarms.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from praatio import textgrid

from mendline.transcripts.files import write_text

ROLES = ("doctor", "patient")
TAG = re.compile(r"</?[A-Z_]+/?>")


def consultation(folder: Path, name: str) -> list[dict[str, object]]:
    """The turns of both speakers in the order in which they start."""
    turns = []
    for role in ROLES:
        grid = textgrid.openTextgrid(str(folder / f"{name}_{role}.TextGrid"), includeEmptyIntervals=False)
        for tier in grid.tiers:
            for start, end, label in tier.entries:
                text = " ".join(TAG.sub(" ", label).split()) or "[unintelligible]"
                turns.append({"session": name, "speaker": role, "text": text, "start": start, "end": end})
    return sorted(turns, key=lambda turn: turn["start"])


def main() -> None:
    """Read a folder, write one file."""
    folder, output = map(Path, sys.argv[1:3])
    names = sorted({path.stem.rsplit("_", 1)[0] for path in folder.glob("*.TextGrid")})
    rows = [turn for name in names for turn in consultation(folder, name)]
    write_text(output, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    print(f"{len(names)} consultations, {len(rows)} turns: {output}")


if __name__ == "__main__":
    main()
