"""What large files cost: peak memory beside the size of the file, 100,000 turns, and one line of 2 GB.

python benchmarks/large.py [MEGABYTES] [FORMAT…]

Each file is read by a fresh process, which says how long it took and how much memory it held at most, above what it
held when Mendline was imported (as Linux counts it). Files of a quarter of the size tell whether memory and time grow
with the file or faster. The line of 2 GB is a real file with nothing but words in it. Exits with 1 where it is not
refused, or where memory or time grow more than twice as fast as the file.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from samples import SAMPLES, Turns, made

MEGABYTE = 1024**2
TURNS = 100_000
SHORT = 4
LINE_GIGABYTES = 2
MOST_TURNS = 200_000
LETTERS = "etaoinshrdlu"
READ = """
import sys, time
from pathlib import Path
from mendline.transcripts.errors import MendlineError
from mendline.transcripts.reading import ReadOptions, read_transcripts
name, path = sys.argv[1:]
if name == "parquet":
    import pyarrow.parquet
if name == "docx":
    import docx
if name == "pdf":
    import pypdf
def memory(key):
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.split(key + ":")[1].split()[0]) * 1024
before = memory("VmRSS")
began = time.process_time()
try:
    turns = sum(len(each.turns) for each in read_transcripts(Path(path), ReadOptions(format=name)))
except MendlineError as error:
    print(f"{type(error).__name__}: {error.message}", file=sys.stderr)
    turns = 0
took = time.process_time() - began
print(turns, took, memory("VmHWM") - before)
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What reading one file came to. `memory` in bytes, `seconds` of the processor, 0 turns where it was refused."""

    size: int
    turns: int
    seconds: float
    memory: float
    error: str


def talk(turns: int) -> Turns:
    """Turns of two speakers, half a second each, of 20 words that are made up and differ from turn to turn."""
    chance = random.Random(7)
    words = ["".join(chance.choices(LETTERS, k=chance.randint(1, 8))) for _ in range(5000)]
    return [
        (("Therapist", "Client")[turn % 2], f"{' '.join(chance.choices(words, k=20))}.", 0.5 * turn, 0.5 * turn + 0.4)
        for turn in range(turns)
    ]


def measured(name: str, path: Path) -> Measured:
    """Read a file in a process of its own."""
    command = [sys.executable, "-c", READ, name, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name}: reading failed\n{done.stderr}")
    turns, seconds, memory = done.stdout.split()
    return Measured(path.stat().st_size, int(turns), float(seconds), float(memory), done.stderr.strip())


def main() -> None:
    """Measure and print."""
    megabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    names = sys.argv[2:] or list(SAMPLES)
    with tempfile.TemporaryDirectory() as folder:
        failures = _sizes(names, megabytes, Path(folder)) + _long_sessions(names, Path(folder))
        failures += _line(Path(folder))
    print("\n".join(failures))
    sys.exit(bool(failures))


def _turns_for(name: str, size: float) -> int:
    """How many turns make a file of about this size; of Word and Parquet, which are packed, fewer."""
    few, many = (len(made(name, talk(turns)).raw) for turns in (500, 1500))
    return min(MOST_TURNS, round(size / ((many - few) / 1000)))


def _file(name: str, turns: int, folder: Path) -> Path:
    path = folder / f"{turns}-{SAMPLES[name].name}"
    path.write_bytes(made(name, talk(turns)).raw)
    return path


def _row(name: str, found: Measured) -> None:
    memory = found.memory / MEGABYTE
    print(
        f"{name:12} {found.size / MEGABYTE:8.1f} {found.turns:8} {found.seconds:8.1f} {memory:8.0f} "
        f"{found.memory / found.size:7.1f}  {found.error}",
        flush=True,
    )


def _heading(what: str) -> None:
    print(f"\n{what}\n{'format':12} {'MB':>8} {'turns':>8} {'CPU s':>8} {'peak MB':>8} {'x file':>7}")


def _sizes(names: list[str], megabytes: float, folder: Path) -> list[str]:
    _heading(f"Files of {megabytes:g} MB and of {megabytes / SHORT:g} MB")
    failures = []
    for name in names:
        turns = _turns_for(name, megabytes * MEGABYTE)
        found = []
        for count in (turns // SHORT, turns):
            path = _file(name, count, folder)
            found.append(measured(name, path))
            _row(name, found[-1])
            path.unlink()
        short, long = found
        growth = long.size / short.size
        if long.turns and long.memory > 2 * growth * max(short.memory, MEGABYTE):
            failures.append(f"{name}: memory grows faster than the file")
        if long.turns and long.seconds > 2 * growth * max(short.seconds, 0.1):
            failures.append(f"{name}: time grows faster than the file")
    return failures


def _long_sessions(names: list[str], folder: Path) -> list[str]:
    _heading(f"Sessions of {TURNS} turns")
    failures = []
    for name in names:
        path = _file(name, TURNS, folder)
        found = measured(name, path)
        _row(name, found)
        path.unlink()
        if found.turns not in {0, TURNS}:
            failures.append(f"{name}: {found.turns} turns were read of {TURNS}")
    return failures


def _line(folder: Path) -> list[str]:
    path = folder / "line.txt"
    block = " ".join(text for _, text, _, _ in talk(10_000)).encode()
    with path.open("wb") as file:
        file.write(b"T: ")
        for _ in range(LINE_GIGABYTES * 1024 * MEGABYTE // len(block) + 1):
            file.write(block)
    began = time.monotonic()
    found = measured("text", path)
    path.unlink()
    _heading(f"One line of {LINE_GIGABYTES} GB ({time.monotonic() - began:.1f} s)")
    _row("text", found)
    return [] if "larger than" in found.error else ["the line was not refused for its size"]


if __name__ == "__main__":
    main()
