"""`mendline report`: what became of the ruptures of a session, of a client or of a whole folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mendline.commands.options import model_options, paths_argument, reading_options
from mendline.commands.showing import is_terminal, tell

if TYPE_CHECKING:
    from mendline.transcripts.options import ReadOptions


@click.command()
@paths_argument
@click.option("-o", "--output", metavar="FILE|FOLDER/", required=True, help="Where the report goes.")
@click.option("--overwrite", is_flag=True, help="Replace reports that exist. Without it, nothing is replaced.")
@model_options
@reading_options
def report(
    paths: tuple[Path, ...],
    output: str,
    overwrite: bool,
    model: Path | None,
    threads: int | None,
    reading: ReadOptions,
) -> None:
    """Follow every rupture to its repair: a page to read for each session, or a table with one row a session.

    \b
    mendline report session.vtt -o report.html       the page of one session
    mendline report client-7/ -o client-7-report/    a page for each, and index.html with the course over them
    mendline report sessions/ -o summary.csv         one row a session (.json has speakers and segments too)

    A page is one file that opens in any browser without a network and prints. Put the sessions of one client in one
    folder, named so that they sort by date: the index shows each folder's course.

    The labels are a model's suggestions, for a person to check. They are not a clinical judgement.
    """
    from mendline.review.report.making import Request, plan_report, run_report

    if len(paths) > 1 and Path("-") in paths:
        raise click.UsageError("standard input (-) cannot be read together with files.")
    plan = plan_report(Request(paths=paths, options=reading, output=output, overwrite=overwrite))
    if (notice := plan.inputs.left_aside()) is not None:
        click.echo(notice, err=True)

    from mendline.model.annotator import Annotator

    annotator = Annotator.load(model, threads=threads)
    progress = sys.stderr if is_terminal(sys.stderr) else None
    tell(run_report(plan, annotator, stdin=sys.stdin.buffer, progress=progress), output=output)
