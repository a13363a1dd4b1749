"""The checkpoint that ships, run as its users run it."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mendline.cli import cli
from mendline.model.annotator import Annotator
from mendline.model.checkpoint import shipped_folder
from mendline.model.labels import LABELS, MARKERS_OF, Label
from mendline.training.restore import restore
from mendline.training.trainer import torch_logits
from mendline.transcripts.reading import read_transcripts
from mendline.transcripts.transcript import Transcript, Turn

EXAMPLES = Path(__file__).parents[1] / "examples"
FILES = sorted(path for path in EXAMPLES.iterdir() if path.suffix != ".md")


@pytest.fixture(scope="module")
def annotator() -> Annotator:
    return Annotator.load(threads=1)


def talk(*turns: tuple[str, str]) -> Transcript:
    return Transcript("s", tuple(Turn(place, role, role, text) for place, (role, text) in enumerate(turns)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_example_is_annotated(annotator, path):
    for transcript in read_transcripts(path):
        annotated = annotator.annotate(transcript)
        assert len(annotated.annotations) == len(transcript.turns)
        for one in annotated.annotations:
            assert sum(one.probabilities) == pytest.approx(1, abs=1e-4)
            assert (one.marker is None) == (one.label == Label.NEUTRAL)
            assert one.marker is None or one.marker in MARKERS_OF[one.label]


def test_plain_ruptures_and_repairs_are_found(annotator):
    """Turns that leave no doubt, in a conversation around them."""
    session = talk(
        ("therapist", "So where do you want to start today?"),
        ("partner one", "He was late again on Tuesday. It was seven o'clock when he came in."),
        ("partner two", "The bus was late."),
        ("partner one", "Oh, the bus. It's always something with you. You're a selfish, lying little man."),
        ("partner two", "I'm not doing this. I'm done talking. I'm going to wait in the car."),
        ("therapist", "Okay."),
        ("partner one", "No, wait. I'm sorry. That was a horrible thing to say and you didn't deserve it."),
        ("therapist", "And on Wednesday you both went to see your sister?"),
        ("partner one", "We did, yes. We took the dog."),
    )
    labels = [one.label for one in annotator.annotate(session).annotations]
    assert labels[3] == Label.CONFRONTATION
    assert labels[4] == Label.WITHDRAWAL
    assert labels[6] == Label.REPAIR
    assert [labels[place] for place in (0, 1, 7, 8)] == [Label.NEUTRAL] * 4


def test_the_turns_before_change_what_a_turn_means(annotator):
    """An apology is a repair only where something is strained."""
    said = ("partner two", "Yeah. I can see why you'd be cross about it.")
    strained = talk(
        ("partner one", "You promised, and you left me standing there like a fool."),
        ("partner two", "Oh, don't start. You always do this."),
        ("partner one", "Fine. Forget it."),
        said,
    )
    calm = talk(
        ("partner one", "We planted the beans on Sunday, all along the back wall."),
        ("partner two", "And the peas, the peas are up already."),
        ("partner one", "They are. The frost nearly had them."),
        said,
    )
    repair = LABELS.index(Label.REPAIR)
    before, after = (annotator.annotate(one).annotations[-1].probabilities[repair] for one in (calm, strained))
    assert after > before + 0.1


def test_same_input_same_output_whatever_is_annotated_beside_it(annotator):
    transcripts = [one for path in FILES for one in read_transcripts(path)]
    together = annotator.annotate_all(transcripts)
    for one, beside in zip(transcripts, together, strict=True):
        alone = annotator.annotate(one)
        for left, right in zip(alone.annotations, beside.annotations, strict=True):
            np.testing.assert_array_equal(left.probabilities, right.probabilities)
    assert annotator.annotate(transcripts[0]) == annotator.annotate(transcripts[0])


def test_turn_longer_than_any_window(annotator):
    long = " ".join(["and then we went on to the next place and talked about the weather"] * 120)
    annotated = annotator.annotate(talk(("client", "Hello."), ("client", long), ("therapist", "I see.")))
    assert [one.label for one in annotated.annotations] == [Label.NEUTRAL] * 3


def test_nothing_to_annotate(annotator):
    assert annotator.annotate(Transcript("s", ())).annotations == ()


def test_network_in_torch_agrees_with_the_one_that_ships(annotator):
    """The same weights in torch, where activations are not rounded, give the same labels nearly everywhere."""
    transcripts = [one for path in FILES for one in read_transcripts(path)]
    decision = annotator.checkpoint.config.decision
    tagger = restore(annotator.checkpoint)
    found = []
    for logits in (torch_logits(tagger, transcripts, annotator.packer), annotator.logits(transcripts)):
        probabilities = np.concatenate(decision.probabilities_of([one[:, : len(LABELS)] for one in logits]))
        found.append((probabilities, decision.labels(probabilities)))
    (torch_probabilities, torch_labels), (probabilities, labels) = found
    assert np.abs(torch_probabilities - probabilities).mean() < 0.02
    assert (torch_labels == labels).mean() > 0.95


def test_command_line_annotates_with_it(tmp_path, runner):
    output = tmp_path / "out.csv"
    done = runner.invoke(cli, ["annotate", str(EXAMPLES / "couple-session.txt"), "-o", str(output)])
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(output.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == len(read_transcripts(EXAMPLES / "couple-session.txt")[0].turns)
    assert {row["label"] for row in rows} == set(Label)


def test_folder_model_is_the_same_as_the_shipped_one(tmp_path, runner):
    source = str(EXAMPLES / "parent-child.srt")
    for name, options in (("a", []), ("b", ["--model", str(shipped_folder()), "--threads", "1"])):
        done = runner.invoke(cli, ["annotate", source, "-o", str(tmp_path / f"{name}.tsv"), *options])
        assert done.exit_code == 0, done.output
    assert (tmp_path / "a.tsv").read_bytes() == (tmp_path / "b.tsv").read_bytes()


def test_evaluate_prints_json(runner):
    done = runner.invoke(cli, ["evaluate", "corpus:authored-dev", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["checkpoint"] == Annotator.load().name
    assert found["overall"]["turns"] == sum(map(sum, found["overall"]["confusion"]))
    assert set(found["by_source"]) == {"authored"}
    # The shipped model is far from always saying neutral (0.21) and from guessing.
    assert found["overall"]["figures"]["macro_f1"]["low"] > 0.5


def test_evaluate_prints_tables(runner):
    done = runner.invoke(cli, ["evaluate", "corpus:authored-dev"])
    assert done.exit_code == 0, done.output
    for word in ("precision", "Confusion", "By source", "By setting", "bootstrap", "marked for review"):
        assert word in done.stdout


def test_annotating_needs_no_torch():
    code = (
        "import sys; from mendline import Annotator, Transcript, Turn; "
        "Annotator.load().annotate(Transcript('s', (Turn(0, 'T', 'therapist', 'Hi.'),))); "
        "assert not {'torch', 'transformers', 'sklearn', 'datasets'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
