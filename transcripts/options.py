"""What a person may say about a file before it is read. Knows no format."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from mendline.transcripts.errors import TranscriptError


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """Choices that override what the readers find out for themselves.

    `roles` maps the name of a speaker, in any case, to a role. The columns are those of CSV, TSV and JSON Lines files;
    other formats have none and pass over them, so that one set of options serves a folder of mixed files. `encoding`
    counts where a path is read, not for a `Document`, which is decoded already. `join_gap` (seconds) and `keep_units`
    say how the source's units become turns: see `mendline.transcripts.turns`. Raises TranscriptError where the two
    contradict each other.
    """

    format: str | None = None
    encoding: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    text_column: str | None = None
    speaker_column: str | None = None
    role_column: str | None = None
    session_column: str | None = None
    id_column: str | None = None
    start_column: str | None = None
    end_column: str | None = None
    join_gap: float | None = None
    keep_units: bool = False

    def __post_init__(self) -> None:
        if self.join_gap is not None and self.keep_units:
            raise TranscriptError("--join-gap joins units and --keep-units joins none: choose one.")
        if self.join_gap is not None and not (math.isfinite(self.join_gap) and self.join_gap >= 0):
            raise TranscriptError("--join-gap is not a number of seconds. Give 0 or more, such as --join-gap 1.5.")
