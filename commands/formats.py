"""`mendline formats` and `mendline convert`: the formats of transcripts, and from one to another."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mendline.commands.options import Choice, overwrite_option, paths_argument, reading_options
from mendline.commands.showing import is_terminal, tell
from mendline.review.visible import visible

if TYPE_CHECKING:
    from mendline.transcripts.options import ReadOptions


def writable_names() -> tuple[str, ...]:
    """The formats in which a transcript of any source can be written."""
    from mendline.transcripts.writing import WRITABLE

    return WRITABLE


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the same as JSON.")
def formats(as_json: bool) -> None:
    """List the transcript formats: what each is used for, what it keeps, which library reads it."""
    from mendline.transcripts.overview import overview_lines, overviews

    if as_json:
        click.echo(json.dumps([asdict(each) for each in overviews()], ensure_ascii=False, indent=2))
        return
    for line in overview_lines():
        click.echo(line)


@click.command()
@paths_argument
@click.argument("output", metavar="FILE|FOLDER/|-")
@click.option(
    "--to",
    metavar="NAME",
    type=Choice(writable_names),
    help="The format to write, if the ending of the output does not say. `mendline formats` lists them.",
)
@overwrite_option
@reading_options
def convert(paths: tuple[Path, ...], output: str, to: str | None, overwrite: bool, reading: ReadOptions) -> None:
    """Write transcripts in another format. No model is used; labels that a file has stay with their turns.

    \b
    mendline convert session.eaf session.vtt
    mendline convert sessions/ texts/ --to text      a file for each, further ones where one holds several sessions
    mendline convert sessions/ all.parquet           one table of all
    mendline convert labels.jsonl labels.eaf         the labels go along, in tiers of their own
    mendline convert - - --to srt < session.vtt

    What the new file cannot hold is said on standard error: it is read again to find out. A bad file does not stop the
    others; the exit code is then 1.
    """
    from mendline.review.converting import Request, plan_convert, run_convert

    if len(paths) > 1 and Path("-") in paths:
        raise click.UsageError("standard input (-) cannot be read together with files.")
    request = Request(paths=paths, output=output, options=reading, to=to, overwrite=overwrite)
    plan = plan_convert(request, terminal=is_terminal(sys.stdout))
    if (notice := plan.inputs.left_aside()) is not None:
        click.echo(notice, err=True)
    done = run_convert(plan, stdin=sys.stdin.buffer, stdout=sys.stdout.buffer)
    for line in done.notes(plan.destination.output_format):
        click.echo(visible(line), err=True)
    tell(done.result, output=None if output == "-" else output, what="Converted")
