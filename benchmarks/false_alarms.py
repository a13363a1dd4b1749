"""How often the shipped checkpoint labels a turn where next to nothing is to be found.

python benchmarks/false_alarms.py FILE|FOLDER…

Gives, for each label, the turns that got it in 100 turns. On conversations that are neutral throughout, each is a false
alarm.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from mendline.model.annotator import Annotator
from mendline.model.labels import LABELS, Label
from mendline.review.annotating import read_endings
from mendline.review.inputs import collect
from mendline.transcripts.parts import open_parts, sessions_in_parts
from mendline.transcripts.reading import read_transcripts


def main() -> None:
    """Annotate, count, print."""
    annotator = Annotator.load()
    paths = [Path(name) for name in sys.argv[1:]]
    inputs = collect(paths, extensions=read_endings(), sessions_in_parts=sessions_in_parts)
    transcripts = [
        one
        for source in inputs.sources
        for one in read_transcripts(open_parts(source.parts) if source.parts else source.path)
    ]
    found = Counter(one.label for annotated in annotator.annotate_all(transcripts) for one in annotated.annotations)
    turns = found.total()
    print(f"{len(transcripts)} conversations, {turns} turns, {annotator.name}")
    for label in LABELS:
        print(f"{label:14} {found[label]:6}  {100 * found[label] / turns:6.2f} in 100 turns")
    alarms = turns - found[Label.NEUTRAL]
    print(f"{'not neutral':14} {alarms:6}  {100 * alarms / turns:6.2f} in 100 turns")


if __name__ == "__main__":
    main()
