"""How often the shipped checkpoint labels a turn where next to nothing is to be found.

python benchmarks/false_alarms.py NEUTRAL-CONVERSATIONS…

Gives, for each label, the turns that got it in 100 turns. On conversations that are neutral throughout, each is a false
alarm.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from mendline.model.annotator import Annotator
from mendline.model.labels import LABELS, Label
from mendline.transcripts.reading import read_transcripts


def main() -> None:
    """Annotate, count, print."""
    annotator = Annotator.load()
    transcripts = [one for name in sys.argv[1:] for one in read_transcripts(Path(name))]
    found = Counter(one.label for annotated in annotator.annotate_all(transcripts) for one in annotated.annotations)
    turns = found.total()
    print(f"{len(transcripts)} conversations, {turns} turns, {annotator.name}")
    for label in LABELS:
        print(f"{label:14} {found[label]:6}  {100 * found[label] / turns:6.2f} in 100 turns")
    alarms = turns - found[Label.NEUTRAL]
    print(f"{'not neutral':14} {alarms:6}  {100 * alarms / turns:6.2f} in 100 turns")


if __name__ == "__main__":
    main()
