"""How long reading takes beside annotating: 1,000 files of 300 turns, the formats by turns. Exits with 1 above a tenth.

python benchmarks/reading.py [FILES] [TURNS]

Both are measured in one run, a session annotated after every so many files read, so that both are measured under the
same load. Not every session is annotated: the time of all is what those took, times the sessions for each of them.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from samples import SAMPLES, Turns, made
from sessions import long_session

from mendline.model.annotator import Annotator
from mendline.transcripts.reading import read_transcripts

ANNOTATED = 40
_PLAIN = re.compile(r"[^\w.,?!'-]+")
TARGET = 0.1


def timed_turns(count: int, first: int = 0) -> Turns:
    """Turns of two speakers with the words of the example conversations, three seconds each.

    Brackets and such are left out: in some formats they are marks of the transcriber.
    """
    turns = long_session(first + count).turns[first:]
    return [
        (("Therapist", "Client")[place % 2], _PLAIN.sub(" ", turn.text).strip(), 3.0 * place + 0.5, 3.0 * place + 3.0)
        for place, turn in enumerate(turns)
    ]


def main() -> None:
    """Write the files, read them all, annotate some sessions in between, print."""
    count, turns = (int(sys.argv[place]) if len(sys.argv) > place else usual for place, usual in ((1, 1000), (2, 300)))
    names = list(SAMPLES)
    annotator = Annotator.load()
    annotator.annotate(long_session(20))
    reading: Counter[str] = Counter()
    files: Counter[str] = Counter()
    annotating: list[float] = []
    processor: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        paths = [_written(Path(folder), number, names[number % len(names)], turns) for number in range(count)]
        for number, path in enumerate(paths):
            name = names[number % len(names)]
            began, worked = time.monotonic(), time.process_time()
            (transcript,) = read_transcripts(path)
            reading[name] += time.monotonic() - began
            processor["reading"] += time.process_time() - worked
            files[name] += 1
            assert len(transcript.turns) == turns, (name, len(transcript.turns))
            if number % max(1, count // ANNOTATED) == 0:
                began, worked = time.monotonic(), time.process_time()
                annotator.annotate(transcript)
                annotating.append(time.monotonic() - began)
                processor["annotating"] += time.process_time() - worked
    processor["annotating"] *= count / len(annotating)
    _print(reading, files, annotating, turns)
    print(f"processor time, all threads: {', '.join(f'{what} {each:.0f} s' for what, each in processor.items())}")
    sys.exit(reading.total() >= TARGET * count * sum(annotating) / len(annotating))


def _written(folder: Path, number: int, name: str, turns: int) -> Path:
    sample = made(name, timed_turns(turns, number % 50))
    path = folder / f"{number}-{sample.name}"
    path.write_bytes(sample.raw)
    return path


def _print(reading: Counter[str], files: Counter[str], annotating: list[float], turns: int) -> None:
    each = sum(annotating) / len(annotating)
    count, total = files.total(), reading.total()
    print(f"{'format':12} {'files':>6} {'ms a file':>10} {'of annotating it':>17}")
    for name in sorted(files, key=lambda name: -reading[name] / files[name]):
        mean = reading[name] / files[name]
        print(f"{name:12} {files[name]:6} {1000 * mean:10.1f} {100 * mean / each:16.1f}%")
    print(f"{count} files of {turns} turns: read in {total:.1f} s")
    print(f"annotating them: {each * count:.0f} s, from {len(annotating)} sessions ({1000 * each:.0f} ms each)")
    print(f"reading takes {100 * total / each / count:.1f}% of annotating (target: under {100 * TARGET:.0f}%)")


if __name__ == "__main__":
    main()
