"""Options and arguments that several commands share. Knows no command."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click


class Choice(click.ParamType):  # type: ignore[type-arg]  # generic only in newer versions of click
    """One of a list of names that is only made when an option is used, since making it loads the formats."""

    name = "name"

    def __init__(self, names: Callable[[], tuple[str, ...]]) -> None:
        self._names = names

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Check the name."""
        if value not in self._names():
            self.fail(f"{value!r} is not one of {', '.join(self._names())}.", param, ctx)
        return str(value)


def reader_names() -> tuple[str, ...]:
    """The formats that are read."""
    from mendline.transcripts.reading import FORMATS

    return tuple(each.NAME for each in FORMATS)


def output_names() -> tuple[str, ...]:
    """The forms that results are written in."""
    from mendline.review.annotating import output_formats

    return output_formats()


COLUMNS = {
    "text": "what was said",
    "speaker": "who said it",
    "role": "the speaker's role",
    "session": "the session's name",
    "id": "the turn's id",
    "start": "when the turn starts",
    "end": "when the turn ends",
}
READING_OPTIONS = (
    click.option(
        "--input-format",
        type=Choice(reader_names),
        help="How to read the input, if its ending and content do not say.",
    ),
    click.option("--encoding", metavar="NAME", help="The input's character encoding, if it is not recognised."),
    click.option(
        "--role",
        "roles",
        metavar="NAME=ROLE",
        multiple=True,
        help="The role of a speaker, as in --role T=therapist --role C=client. Can be given several times.",
    ),
    *(
        click.option(f"--{column}-column", metavar="NAME", help=f"The column of a table that holds {what}.")
        for column, what in COLUMNS.items()
    ),
    click.option(
        "--join-gap",
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="Join what one speaker says to one turn across pauses of at most SECONDS, in formats that cut talk into "
        "units. Default: subtitles and speech services across any pause, linguists' tiers across none.",
    ),
    click.option(
        "--keep-units",
        is_flag=True,
        help="Join nothing: each cue, segment or annotation of the source is a turn.",
    ),
)


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how files are read, and hand them on as one `reading`, a `ReadOptions`."""

    @wraps(command)
    def with_reading(**values: Any) -> Any:  # noqa: ANN401  (as click has it)
        from mendline.transcripts.options import ReadOptions
        from mendline.transcripts.roles import parse_roles

        columns = {f"{column}_column": values.pop(f"{column}_column") for column in COLUMNS}
        reading = ReadOptions(
            format=values.pop("input_format"),
            encoding=values.pop("encoding"),
            roles=parse_roles(values.pop("roles")),
            join_gap=values.pop("join_gap"),
            keep_units=values.pop("keep_units"),
            **columns,
        )
        return command(reading=reading, **values)

    for option in reversed(READING_OPTIONS):
        with_reading = option(with_reading)
    return with_reading


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which checkpoint is used and on how many cores."""
    command = click.option(
        "--threads", type=click.IntRange(min=1), metavar="N", help="Processor threads to use. Default: all cores."
    )(command)
    return click.option(
        "--model",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="FOLDER",
        help="Another checkpoint than the one that ships.",
    )(command)


paths_argument = click.argument(
    "paths",
    metavar="FILE|FOLDER|-...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
)
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace the output if it exists.")
