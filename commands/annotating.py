"""`mendline annotate`: labels for transcripts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from mendline.commands.options import Choice, model_options, output_names, paths_argument, reading_options
from mendline.commands.showing import is_terminal, tell


@click.command()
@paths_argument
@click.option("-o", "--output", metavar="FILE|FOLDER/", help="Where the results go. Default: standard output.")
@click.option(
    "--format",
    "output_format",
    type=Choice(output_names),
    help="Form of the results, if the ending of -o does not say: csv, tsv, jsonl, table, or an annotated transcript in "
    "a format that `mendline formats` marks as written. Default for a folder: csv.",
)
@click.option("--labels-only", is_flag=True, help="Leave out what was said. Speaker names stay.")
@click.option(
    "--resume",
    is_flag=True,
    help="Go on in a results folder: skip what is there, of files that have not changed.",
)
@click.option("--overwrite", is_flag=True, help="Replace results that exist. Without it, nothing is replaced.")
@model_options
@reading_options
def annotate(paths: tuple[Path, ...], model: Path | None, threads: int | None, **values: Any) -> None:  # noqa: ANN401
    """Label every turn as withdrawal, confrontation, repair or neutral.

    Reads transcripts from files, from all files below a folder whose ending `mendline formats` lists, or from standard
    input (-). Without -o, a terminal gets a table to read and a pipe gets TSV.

    \b
    mendline annotate session.vtt                    show it
    mendline annotate session.vtt -o session.csv     one table
    mendline annotate sessions/ -o labels/           one table for each file (--format for other forms)
    mendline annotate sessions/ -o all.csv           one table of all files

    Results are written whole or not at all. A bad file does not stop the others: the failures are listed at the end,
    and the exit code is 1. With --resume, a file that was changed after its result was written is annotated again.

    The labels are a model's suggestions, for a person to check. They are not a clinical judgement.
    """
    from mendline.review.annotating import Request, Streams, plan_run, run_plan

    if values["resume"] and values["overwrite"]:
        raise click.UsageError("--resume keeps results and --overwrite replaces them: choose one.")
    if len(paths) > 1 and Path("-") in paths:
        raise click.UsageError("standard input (-) cannot be read together with files.")
    request = Request(paths=paths, options=values.pop("reading"), **values)
    plan = plan_run(request, terminal=is_terminal(sys.stdout))
    if (notice := plan.inputs.left_aside()) is not None:
        click.echo(notice, err=True)

    from mendline.model.annotator import Annotator

    streams = Streams(
        stdin=sys.stdin.buffer,
        stdout=sys.stdout,
        stdout_bytes=sys.stdout.buffer,
        stderr=sys.stderr,
        progress=is_terminal(sys.stderr),
    )
    tell(run_plan(plan, Annotator.load(model, threads=threads), streams=streams), output=request.output)
