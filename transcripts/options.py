"""What a person may say about a file before it is read. Knows no format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """Choices that override what the readers find out for themselves.

    `roles` maps the name of a speaker, in any case, to a role. The columns are those of CSV, TSV and JSON Lines files;
    other formats have none and pass over them, so that one set of options serves a folder of mixed files. `encoding`
    counts where a path is read, not for a `Document`, which is decoded already.
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
