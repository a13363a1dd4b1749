"""`mendline train`, `export`, `experiments`, `evaluate` and `baselines`: models, and how good they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mendline.commands.options import model_options
from mendline.commands.showing import show

if TYPE_CHECKING:
    from mendline.training.export import Exported


@click.command()
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


@click.command()
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


@click.command()
@click.argument("table", required=False, type=click.Path(dir_okay=False, path_type=Path))
def experiments(table: Path | None) -> None:
    """Show every finished training run with its dev figures by source, and what it changed.

    TABLE is the file that `mendline train` records runs in. Default: runs/experiments.jsonl.
    """
    from mendline.training.experiments import FILE, read, view

    show(view(read(table or Path("runs") / FILE)))


@click.command()
@click.argument("labelled", nargs=-1, required=True, metavar="LABELLED.jsonl...")
@model_options
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON.")
@click.option(
    "--card", is_flag=True, help="Compare with the model card, on the development files that it names; exit 1 if off."
)
def evaluate(labelled: tuple[str, ...], model: Path | None, threads: int | None, as_json: bool, card: bool) -> None:
    """Compare the model's labels with a coder's, on labelled sessions (JSON lines, or corpus:NAME).

    Prints precision, recall, F1 and average precision by label, macro-F1, the confusion matrix and Cohen's kappa,
    overall, by source and by setting, with 95 % bootstrap intervals over sessions.
    """
    from mendline.model.annotator import Annotator
    from mendline.training.corpus import read_sessions
    from mendline.training.display import evaluation_view
    from mendline.training.evaluation import evaluate as compare
    from mendline.training.regression import check

    annotator = Annotator.load(model, threads=threads)
    found = compare(annotator, read_sessions(labelled))
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2))
    else:
        show(evaluation_view(found))
    if card:
        difference = check(annotator.checkpoint, labelled, found)
        click.echo(f"As on the card: no figure is off by more than {difference:.4f}.", err=True)


@click.command()
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

    show(comparison_view(compare(load_config(config, overrides), Annotator.load(model, threads=threads))))
