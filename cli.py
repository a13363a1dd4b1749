"""The `mendline` command: options, and one call each. Everything heavy is imported inside the commands.

Expected errors end as `Error: …` with exit code 1, wrong usage with 2, Ctrl-C with 130.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from mendline import __version__
from mendline.review.visible import visible
from mendline.transcripts.errors import MendlineError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from mendline.review.batch import BatchResult
    from mendline.training.export import Exported
    from mendline.transcripts.options import ReadOptions

INTERRUPTED = 130
NARROWEST = 132
TRAINING_LIBRARIES = frozenset(
    {"accelerate", "datasets", "onnx", "safetensors", "scipy", "sklearn", "torch", "transformers"}
)


class Commands(click.Group):
    """The one place where expected errors and Ctrl-C become messages and exit codes."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  (as click has it)
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except MendlineError as error:
            raise click.ClickException(visible(str(error))) from error
        except ModuleNotFoundError as error:
            if error.name not in TRAINING_LIBRARIES:
                raise
            raise click.ClickException(
                f"this command needs {error.name}, which comes with: pip install 'mendline[train]'"
            ) from error
        except KeyboardInterrupt:
            click.echo("\nStopped. Every file that was written is whole.", err=True)
            ctx.exit(INTERRUPTED)


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


def _reader_names() -> tuple[str, ...]:
    from mendline.transcripts.reading import FORMATS

    return tuple(each.NAME for each in FORMATS)


def _output_names() -> tuple[str, ...]:
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
        type=Choice(_reader_names),
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


overwrite_option = click.option("--overwrite", is_flag=True, help="Replace the output if it exists.")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mendline")
def cli() -> None:
    """Find the ruptures in a therapy, couple or family transcript and see whether they were mended.

    Everything stays on this machine: no command uses the network.
    """


@cli.command()
@click.argument(
    "paths",
    metavar="FILE|FOLDER|-...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
)
@click.option("-o", "--output", metavar="FILE|FOLDER/", help="Where the results go. Default: standard output.")
@click.option(
    "--format",
    "output_format",
    type=Choice(_output_names),
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
    plan = plan_run(request, terminal=_is_terminal(sys.stdout))
    if (notice := plan.inputs.left_aside()) is not None:
        click.echo(notice, err=True)

    from mendline.model.annotator import Annotator

    streams = Streams(
        stdin=sys.stdin.buffer,
        stdout=sys.stdout,
        stdout_bytes=sys.stdout.buffer,
        stderr=sys.stderr,
        progress=_is_terminal(sys.stderr),
    )
    _report(run_plan(plan, Annotator.load(model, threads=threads), streams=streams), output=request.output)


def _is_terminal(stream: IO[str]) -> bool:
    return stream.isatty()


def _report(result: BatchResult, *, output: str | None) -> None:
    """Say what was written, list the failures and exit with 1 if there are any."""
    if output is not None and (result.done or result.skipped):
        skipped = f" {len(result.skipped)} finished before." if result.skipped else ""
        click.echo(f"Annotated {len(result.done)} of {result.total} files to {visible(output)}.{skipped}", err=True)
    if result.unused_role is not None:
        raise click.ClickException(visible(result.unused_role))
    if not result.failed:
        return
    if result.total == 1:
        raise click.ClickException(visible(result.failed[0].message))
    lines = "".join(f"\n  {visible(failure.message)}" for failure in result.failed)
    raise click.ClickException(f"{len(result.failed)} of {result.total} files failed:{lines}")


@cli.command()
def formats() -> None:
    """List the transcript formats that are read, and the forms that results are written in."""
    from mendline.review.annotating import format_lines

    for line in format_lines():
        click.echo(line)


@cli.command()
@click.argument(
    "paths",
    metavar="FILE|FOLDER|-...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
)
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
    progress = sys.stderr if _is_terminal(sys.stderr) else None
    _report(run_report(plan, annotator, stdin=sys.stdin.buffer, progress=progress), output=output)


@cli.command()
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("-o", "--output", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path),
              help="The run's folder. An unfinished run of the same configuration there goes on. "
              "Default: runs/ and the configuration's name.")  # fmt: skip
@click.option("--set", "overrides", metavar="SECTION.KEY=VALUE", multiple=True, help="Change a value of CONFIG.")
@click.option("--data", "extra", metavar="FILE", multiple=True, help="Further labelled sessions to train on.")
@click.option(
    "--record",
    "table",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The table of experiments that gets a line. Default: experiments.jsonl beside the run's folder.",
)
def train(
    config: Path, output: Path | None, overrides: tuple[str, ...], extra: tuple[str, ...], table: Path | None
) -> None:
    """Train a model on labelled sessions, as CONFIG says, and write its checkpoint folder.

    \b
    mendline train configs/base.toml                 into runs/base
    mendline train configs/base.toml -o runs/quick --set training.epochs=2
    mendline train configs/base.toml -o runs/ours --data our-sessions.jsonl

    The run's folder then holds the best weights, a record of configuration, data hashes, seeds and versions, and
    `checkpoint/`, which `--model` takes. On several GPUs: torchrun --nproc-per-node=N -m mendline train …
    """
    from mendline.training.config import load_config, with_training_data
    from mendline.training.experiments import FILE, record
    from mendline.training.runs import CHECKPOINT
    from mendline.training.train import train as run

    folder = output or Path("runs") / config.stem
    trained = run(with_training_data(load_config(config, overrides), extra), folder)
    if trained.leads:
        click.echo(
            f"Trained in {trained.seconds:.0f} s. Best dev macro-F1 before thresholds: {trained.dev_macro_f1:.4f}."
        )
        exported = _export(folder, folder / CHECKPOINT)
        record(table or folder.parent / FILE, run=folder.name, exported=exported, seconds=trained.seconds)


@cli.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--output", metavar="FOLDER", required=True, type=click.Path(file_okay=False, path_type=Path),
              help="Where the checkpoint goes. One that is there is replaced.")  # fmt: skip
def export(run: Path, output: Path) -> None:
    """Write the checkpoint folder of a finished RUN: ONNX in int8, thresholds, model card, sums.

    Says what quantisation costs, and refuses to write a checkpoint that lost 0.01 of dev macro-F1 or more.
    """
    _export(run, output)


def _export(run: Path, output: Path) -> Exported:
    from mendline.training.export import export as write

    exported = write(run, output)
    click.echo(
        f"Dev macro-F1 in fp32 {exported.macro_f1_fp32:.4f}, in int8 {exported.macro_f1_int8:.4f}: "
        f"quantisation costs {exported.loss:.4f}."
    )
    click.echo(f"Checkpoint and model card: {output}")
    return exported


@cli.command()
@click.argument("table", required=False, type=click.Path(dir_okay=False, path_type=Path))
def experiments(table: Path | None) -> None:
    """Show every finished training run with its dev figures by source, and what it changed.

    TABLE is the file that `mendline train` records runs in. Default: runs/experiments.jsonl.
    """
    from mendline.training.experiments import FILE, read, view

    _print(view(read(table or Path("runs") / FILE)))


@cli.command()
@click.argument("labelled", nargs=-1, required=True, metavar="LABELLED.jsonl...")
@model_options
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON.")
def evaluate(labelled: tuple[str, ...], model: Path | None, threads: int | None, as_json: bool) -> None:
    """Compare the model's labels with a coder's, on labelled sessions (JSON lines, or corpus:NAME).

    Prints precision, recall, F1 and average precision by label, macro-F1, the confusion matrix and Cohen's kappa,
    overall, by source and by setting, with 95 % bootstrap intervals over sessions.
    """
    from mendline.model.annotator import Annotator
    from mendline.training.corpus import read_sessions
    from mendline.training.display import evaluation_view
    from mendline.training.evaluation import evaluate as compare

    found = compare(Annotator.load(model, threads=threads), read_sessions(labelled))
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2))
    else:
        _print(evaluation_view(found))


@cli.command()
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--set", "overrides", metavar="SECTION.KEY=VALUE", multiple=True, help="Change a value of CONFIG.")
@model_options
def baselines(config: Path, overrides: tuple[str, ...], model: Path | None, threads: int | None) -> None:
    """Compare the model with three baselines fitted on CONFIG's training sessions, on its development sessions.

    The baselines: always neutral; logistic regression on words (TF-IDF); logistic regression on the frozen encoder's
    vectors of a turn and its neighbours. Each has thresholds of its own, chosen as the model's were.
    """
    from mendline.model.annotator import Annotator
    from mendline.training.baselines import compare
    from mendline.training.config import load_config
    from mendline.training.display import comparison_view

    _print(comparison_view(compare(load_config(config, overrides), Annotator.load(model, threads=threads))))


@cli.group()
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


def _print(parts: Iterable[RenderableType]) -> None:
    from rich.console import Console

    console = Console()
    # Figures are never cut off: a narrow terminal wraps the lines, and a pipe has no width of its own.
    console.width = max(console.width, NARROWEST)
    for part in parts:
        console.print(part, highlight=False, markup=False)


def main() -> None:
    """Run the command line. Being told to end (SIGTERM) is like Ctrl-C: files stay whole and none is left half-made."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    cli()
