"""`mendline review`: a page on this machine to look at sessions and to correct their labels."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from mendline.commands.options import model_options, reading_options
from mendline.commands.showing import is_terminal
from mendline.review.visible import visible


@click.command()
@click.argument(
    "paths", metavar="FILE|FOLDER...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option("--coder", metavar="NAME", help="Who codes. Default: the name you are logged in by.")
@click.option("--blind", is_flag=True, help="Hide the model's labels, so that they do not influence the coder.")
@click.option(
    "--media",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The recording of the session, to hear and see the moment of each turn.",
)
@click.option(
    "--store",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the codings are kept. Default: reviews.mendline.sqlite in the folder, or beside the file.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="The port to serve the page on. Default: any that is free.",
)
@click.option("--no-browser", is_flag=True, help="Print the link without opening it.")
@model_options
@reading_options
def review(reading: Any, no_browser: bool, **values: Any) -> None:  # noqa: ANN401
    """Look at sessions on a page and correct their labels; every change is saved at once.

    \b
    mendline review session.vtt                        one session
    mendline review client-7/                          all sessions of a folder
    mendline review session.vtt --media session.mp4    with its recording
    mendline review session.vtt --blind --coder Kim    code without seeing the model's labels

    The page is served on this machine only, for the browser that opens the printed link first. Ctrl-C ends it.

    The store keeps the text of the sessions and what each coder said of them, with its history, readable by you only.
    Several coders can use one store: nobody changes the codings of another. `mendline purge` deletes a session.

    The labels are a model's suggestions, for a person to check. They are not a clinical judgement.
    """
    from mendline.review.web.running import Request, Terminal, run_review

    terminal = Terminal(
        show=lambda line: click.echo(visible(line)),
        tell=lambda line: click.echo(visible(line), err=True),
        progress=_bar if is_terminal(sys.stderr) else None,
    )
    run_review(Request(options=reading, browser=not no_browser, **values), terminal)


def _bar(total: int) -> Any:  # noqa: ANN401  (rich is only loaded where a bar is shown)
    from mendline.review.terminal import progress_bar

    return progress_bar(sys.stderr, total=total)
