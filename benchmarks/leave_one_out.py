"""Leave one setting out: train without it, and measure on every session of it. Says what a new clinic may expect.

python benchmarks/leave_one_out.py CONFIG FOLDER [SECTION.KEY=VALUE ...]

Early stopping, temperature and thresholds come from development sessions of the other settings, so the sessions left
out, training and development ones alike, decide nothing. Each run is kept in FOLDER; finished ones are not repeated.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from mendline.model.annotator import Annotator
from mendline.training.card import figure_table
from mendline.training.config import load_config
from mendline.training.corpus import leave_out, read_sessions
from mendline.training.evaluation import evaluate
from mendline.training.export import export
from mendline.training.metrics import Report
from mendline.training.runs import CHECKPOINT, WEIGHTS
from mendline.training.train import train

GROUPS = {
    "couple therapy": ("couple therapy", "couples therapy", "couple counselling", "marriage counselling"),
    "couples and families at home": ("at home", "by phone", "in the car", "natural"),
    "parent and child": ("parent and child", "parent and teen", "parents and child", "parent coaching"),
    "recorded health counselling": ("health counselling",),
    "text chat": ("text", "chat", "messages"),
    "individual therapy": ("individual therapy", "psychotherapy", "individual session"),
}


def main() -> None:
    """Train without each group, measure on it, print one table."""
    base = load_config(Path(sys.argv[1]), sys.argv[3:])
    sessions = [*read_sessions(base.data.train), *read_sessions(base.data.dev)]
    reports: dict[str, Report] = {}
    for name, words in GROUPS.items():
        run = Path(sys.argv[2]) / name.replace(" ", "-")
        config = replace(base, data=replace(base.data, left_out=words))
        if not (run / WEIGHTS).is_file():
            train(config, run)
        if not (run / CHECKPOINT).is_dir():
            export(run, run / CHECKPOINT)
        kept = {one.transcript.session for one in leave_out(sessions, words)}
        left = [one for one in sessions if one.transcript.session not in kept]
        reports[name] = evaluate(Annotator.load(run / CHECKPOINT), left).overall
        print(figure_table({name: reports[name]}), flush=True)
    print(figure_table(reports))


if __name__ == "__main__":
    main()
