"""The `mendline` command: its commands, put together. What each one does is in `commands/`."""

from __future__ import annotations

import signal

import click

from mendline import __version__
from mendline.commands.annotating import annotate
from mendline.commands.corpus import corpus
from mendline.commands.corrections import corrections
from mendline.commands.formats import convert, formats
from mendline.commands.group import Commands
from mendline.commands.purging import purge
from mendline.commands.reporting import report
from mendline.commands.reviewing import review
from mendline.commands.training import baselines, evaluate, experiments, export, train


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mendline")
def cli() -> None:
    """Find the ruptures in a therapy, couple or family transcript and see whether they were mended.

    Everything stays on this machine: no command uses the network.
    """


cli.add_command(annotate)
cli.add_command(convert)
cli.add_command(formats)
cli.add_command(report)
cli.add_command(review)
cli.add_command(corrections)
cli.add_command(purge)
cli.add_command(train)
cli.add_command(export)
cli.add_command(experiments)
cli.add_command(evaluate)
cli.add_command(baselines)
cli.add_command(corpus)


def main() -> None:
    """Run the command line. Being told to end (SIGTERM) is like Ctrl-C: files stay whole and none is left half-made."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    cli()
