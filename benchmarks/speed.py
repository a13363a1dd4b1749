"""Cold start, time and memory of the command line, each run a fresh process. Exits with 1 where a target is missed.

python benchmarks/speed.py [TURNS]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from sessions import write_long_session

RUNS = 5
PYTHON = sys.executable


def measure(*arguments: str) -> tuple[float, float]:
    """Median wall seconds and largest peak memory (MB) of `mendline ARGUMENTS`."""
    seconds, megabytes = [], []
    for _ in range(RUNS):
        started = time.monotonic()
        process = os.posix_spawn(
            PYTHON,
            [PYTHON, "-m", "mendline", *arguments],
            os.environ,
            file_actions=[(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_WRONLY, 0) for descriptor in (1, 2)],
        )
        _, status, usage = os.wait4(process, 0)
        seconds.append(time.monotonic() - started)
        if status:
            raise SystemExit(f"mendline {' '.join(arguments)} failed")
        megabytes.append(usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2))
    return statistics.median(seconds), max(megabytes)


def main() -> None:
    """Measure and print."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as folder:
        session = Path(folder) / "long.txt"
        write_long_session(session, turns)
        help_seconds, _ = measure("--help")
        seconds, megabytes = measure("annotate", str(session), "--overwrite", "-o", f"{folder}/long.csv")
    print(f"mendline --help                    {help_seconds:6.2f} s   (target: under 0.3 s)")
    print(f"mendline annotate, {turns:5} turns     {seconds:6.2f} s   (target for 500 turns: under 3 s)")
    print(f"its peak memory                    {megabytes:6.0f} MB  (target: under 600 MB)")
    sys.exit(turns <= 500 and (help_seconds >= 0.3 or seconds >= 3 or megabytes >= 600))


if __name__ == "__main__":
    main()
