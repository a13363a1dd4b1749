"""`mendline corpus`: labels apart from their text, and together with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mendline.commands.options import overwrite_option, reading_options

if TYPE_CHECKING:
    from mendline.transcripts.options import ReadOptions


@click.group()
def corpus() -> None:
    """Labelled sessions whose text and labels come from different places."""


@corpus.command()
@click.argument("labels", metavar="NAME|LABELS.tsv")
@click.argument("text", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", metavar="FILE", required=True, type=click.Path(dir_okay=False, path_type=Path),
              help="The labelled sessions, as JSON lines.")  # fmt: skip
@reading_options
@overwrite_option
def join(labels: str, text: Path, output: Path, reading: ReadOptions, overwrite: bool) -> None:
    """Put a label file and your copy of its text together.

    \b
    mendline corpus join annomi-train AnnoMI-simple.csv -o data/annomi-train.jsonl

    NAME is a label file that ships: annomi-train, annomi-dev, cabnc-train, cabnc-dev. A turn whose words are not those
    that were coded is an error.
    """
    from mendline.training.joining import join as put_together
    from mendline.transcripts.reading import read_transcripts

    transcripts = read_transcripts(text, reading)
    turns = put_together(labels, transcripts, output, sources=(text,), overwrite=overwrite)
    click.echo(f"{turns} labelled turns: {output}", err=True)


@corpus.command()
@click.argument("labelled", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", metavar="FILE", required=True, type=click.Path(dir_okay=False, path_type=Path),
              help="The label file, as TSV.")  # fmt: skip
@overwrite_option
def split(labelled: Path, output: Path, overwrite: bool) -> None:
    """Take the labels of labelled sessions apart from their text, to share them without it.

    Each label keeps a hash of its session's words so far, to find its turn again. Nobody can read words out of it, but
    whoever guesses how a session goes, word for word from its first turn on, can confirm the guess.
    """
    from mendline.training.joining import split as take_apart

    turns = take_apart(labelled, output, overwrite=overwrite)
    click.echo(f"{turns} labels without text: {output}", err=True)
