"""The table of experiments: one line for each finished run, so that decisions can cite it.

A record holds when the run ended, how long it took, its whole configuration, the hashes of its data, and the figures of
its checkpoint on the development sessions, by source, with intervals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from mendline.training.evaluation import FIGURES
from mendline.training.export import Exported
from mendline.transcripts.errors import CorpusError
from mendline.transcripts.files import write_text

FILE = "experiments.jsonl"


def record(path: Path, *, run: str, exported: Exported, seconds: float) -> None:
    """Append a finished run to the table at `path`; the file is made if it is not there."""
    line = {
        "run": run,
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds),
        **{key: exported.provenance[key] for key in ("config", "data", "versions")},
        "figures": exported.evaluation.figures(),
    }
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    write_text(path, before + json.dumps(line, ensure_ascii=False) + "\n")


def read(path: Path) -> list[dict[str, Any]]:
    """All records of a table. Raises CorpusError where there is none or a line is broken."""
    if not path.is_file():
        raise CorpusError("no run was recorded here. `mendline train` records each run.", file=path)
    records = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            records.append({**json.loads(line)})
        except (json.JSONDecodeError, TypeError) as error:
            raise CorpusError("not a record of a run. Take the line out.", file=path, line=number) from error
    return records


def view(records: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """A table for each source, one row for each run; `changed` names what differs from the first run."""
    sources = list(dict.fromkeys(source for one in records for source in one["figures"]))
    for source in sources:
        table = Table(title=source, title_justify="left")
        for head in ("run", "ended", "minutes", "changed", *FIGURES):
            table.add_column(head, justify="right" if head in ("minutes", *FIGURES) else "left")
        for one in records:
            if source in one["figures"]:
                cells = (_shown(one["figures"][source][name]) for name in FIGURES)
                changed = _changed(records[0]["config"], one["config"])
                table.add_row(one["run"], one["ended"][:16], f"{one['seconds'] / 60:.0f}", changed, *cells)
        yield table


def _shown(figure: Sequence[float | None]) -> str:
    value, low, high = figure
    return f"{value:.3f}" if low is None else f"{value:.3f} [{low:.2f}, {high:.2f}]"


def _changed(first: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    lines = [
        f"{section}.{key}={value}"
        for section, keys in other.items()
        for key, value in keys.items()
        if first.get(section, {}).get(key) != value
    ]
    return "\n".join(lines)
