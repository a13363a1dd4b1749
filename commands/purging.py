"""`mendline purge`: a session and what was made of it, deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mendline.review.visible import visible


@click.command()
@click.argument(
    "files", metavar="SESSION-FILE...", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path)
)
@click.option(
    "--store",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The store of codings. Default: every reviews.mendline.sqlite in the folder of the file and those above it.",
)
@click.option(
    "--results",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="FOLDER",
    help="Where results, reports or exported corrections of it may lie. Can be given several times.",
)
@click.option("--keep-source", is_flag=True, help="Do not delete the transcript itself.")
@click.option("--yes", is_flag=True, help="Do not ask. What is deleted is listed all the same.")
def purge(yes: bool, **values: Any) -> None:  # noqa: ANN401
    """Delete a session and all that was made of it: labels, codings and their history, results, the file itself.

    \b
    mendline purge client-7/session-3.vtt --results labels/ --results client-7-report/

    First lists all that it found, and what it found but leaves to you, and asks. From the store, the session's text,
    labels, codings and notes are deleted, the file is written anew, and it is checked that no words are left in it.
    From results: the files that the hidden note of a results folder says were made of it, report pages that hold its
    words, and its rows in JSON lines (exported corrections among them). A table in another form, or an index page that
    names it, is told but not changed. A file that is gone already can be named too: the store knows where it stood.
    """
    from mendline.review.purging import Request, plan_lines, plan_purge, run_purge
    from mendline.transcripts.errors import ReviewError

    plan = plan_purge(Request(**values))
    if not plan.anything:
        raise ReviewError("nothing is known of this: " + ", ".join(str(path) for path in values["files"]) + ". Check "
                          "the path, and name the store with --store.")  # fmt: skip
    _say(plan_lines(plan))
    if not yes:
        click.confirm("Delete all this? It cannot be undone.", abort=True)
    _say(run_purge(plan))


def _say(lines: list[str]) -> None:
    for line in lines:
        click.echo(visible(line))
