"""What commands say on the terminal once they have run. Knows no command."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, TYPE_CHECKING

import click

from mendline.review.visible import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from mendline.review.batch import BatchResult

NARROWEST = 132


def is_terminal(stream: IO[str]) -> bool:
    """Whether `stream` is a terminal, where a person reads what is written."""
    return stream.isatty()


def tell(result: BatchResult, *, output: str | None, what: str = "Annotated") -> None:
    """Say what was written, list the failures and exit with 1 if there are any."""
    if output is not None and (result.done or result.skipped):
        skipped = f" {len(result.skipped)} finished before." if result.skipped else ""
        click.echo(f"{what} {len(result.done)} of {result.total} files to {visible(output)}.{skipped}", err=True)
    if result.unused_role is not None:
        raise click.ClickException(visible(result.unused_role))
    if not result.failed:
        return
    if result.total == 1:
        raise click.ClickException(visible(result.failed[0].message))
    lines = "".join(f"\n  {visible(failure.message)}" for failure in result.failed)
    raise click.ClickException(f"{len(result.failed)} of {result.total} files failed:{lines}")


def show(parts: Iterable[RenderableType]) -> None:
    """Print tables and text for a person to read."""
    from rich.console import Console

    console = Console()
    # Figures are never cut off: a narrow terminal wraps the lines, and a pipe has no width of its own.
    console.width = max(console.width, NARROWEST)
    for part in parts:
        console.print(part, highlight=False, markup=False)
