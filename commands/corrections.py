"""`mendline corrections`: what people coded in a review, as labelled sessions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mendline.commands.options import overwrite_option
from mendline.review.visible import visible

if TYPE_CHECKING:
    from mendline.review.corrections import Exported

MOST_NAMED = 12


@click.group()
def corrections() -> None:
    """What people coded in `mendline review`, as labelled sessions."""


@corrections.command("export")
@click.argument("store", metavar="STORE|FOLDER", type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", metavar="FILE", required=True, type=click.Path(dir_okay=False, path_type=Path),
              help="The labelled sessions, as JSON lines.")  # fmt: skip
@click.option("--coder", "coders", metavar="NAME", multiple=True,
              help="Only this coder's codings count. Can be given several times. Default: everybody's.")  # fmt: skip
@click.option("--settled-by", metavar="NAME", help="Where coders differ, this one's label counts.")
@click.option("--session", "sessions", metavar="NAME", multiple=True,
              help="Only this session. Can be given several times. Default: all that somebody coded.")  # fmt: skip
@click.option("--setting", metavar="NAME",
              help="What kind of conversation these are. Default: as the transcripts say.")  # fmt: skip
@click.option("--source", metavar="NAME", default="corrections", show_default=True,
              help="What this collection is called where figures are given by source.")  # fmt: skip
@click.option("--notes/--no-notes", default=True, show_default=True, help="Whether to write the coders' notes too.")
@overwrite_option
def export(
    store: Path,
    output: Path,
    coders: tuple[str, ...],
    settled_by: str | None,
    sessions: tuple[str, ...],
    overwrite: bool,
    **form: str | bool,
) -> None:
    """Write what people coded as labelled sessions, to train a model on.

    STORE is the file that `mendline review` keeps codings in, FOLDER the folder that it lies in.

    \b
    mendline corrections export sessions/ -o corrections.jsonl
    mendline train configs/continue.toml --data corrections.jsonl

    Every session of which somebody coded at least one turn is written with all of its turns. A turn's label is a
    person's only where a person coded the turn (also by confirming the model's label): one coder (agreement: single),
    several with the same label (both, with all of their names), or the coder of --settled-by where others differ
    (adjudicated). That a coder saw a turn and left it as it was is no label.

    Every other turn keeps the model's label and says so (agreement: model): turns that nobody coded, and turns on which
    coders differ, which are counted and listed. `mendline train` reads these as context and learns nothing of them;
    `mendline evaluate` refuses a session that has any, since turns that somebody picked are no fair sample.

    "Not sure" is kept (sure: false), and so is whether the coder saw the model's label (blind). Of one label with
    several markers the marker is left open. The file holds what was said and is readable by you only.
    """
    from mendline.review.corrections import Choice, Form, coder_names, export_corrections

    judge = coder_names([] if settled_by is None else [settled_by])
    choice = Choice(coders=coder_names(coders), sessions=sessions, settled_by=judge[0] if judge else None)
    exported = export_corrections(
        store,
        output,
        choice=choice,
        form=Form(**form),  # type: ignore[arg-type]  # click gives each option its type
        overwrite=overwrite,
    )
    for line in _said(exported, output):
        click.echo(visible(line), err=True)


def _said(exported: Exported, output: Path) -> list[str]:
    coded = ", ".join(f"{count} {agreement}" for agreement, count in sorted(exported.coded.items()))
    lines = [
        f"{sum(exported.coded.values())} coded turns ({coded}) of {exported.sessions} sessions: {output}",
        f"{exported.uncoded} turns of these sessions have only the model's label (agreement: model).",
    ]
    if exported.differing:
        turns = [f"{name}:{turn}" for name, each in exported.differing.items() for turn in each]
        more = f" and {len(turns) - MOST_NAMED} more" if len(turns) > MOST_NAMED else ""
        lines.append(
            f"Coders differ on {len(turns)} turns, which are left uncoded: {', '.join(turns[:MOST_NAMED])}{more}. "
            "Settle them in `mendline review`, or choose with --coder or --settled-by."
        )
    if exported.left_out:
        lines.append(f"{exported.left_out} sessions are left out: nothing is coded in them on which coders agree.")
    return lines
