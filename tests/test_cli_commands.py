"""The command line as a whole: help, start-up, errors and Ctrl-C, in processes of their own where that matters."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from mendline.cli import cli
from mendline.transcripts.errors import OutputError
from mendline.transcripts.reading import FORMATS
from mendline.transcripts.writing import WRITABLE

HEAVY = (
    "torch", "transformers", "onnxruntime", "tokenizers", "rich", "numpy", "pysubs2", "webvtt",
    "starlette", "uvicorn", "sqlite3", "jinja2",
)  # fmt: skip


def commands(group: click.Group = cli, prefix: tuple[str, ...] = ()):
    for name, command in group.commands.items():
        yield (*prefix, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*prefix, name))


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda value: str(value))
def test_every_command_and_option_has_help(runner, name, command):
    result = runner.invoke(cli, [*name, "--help"])
    assert result.exit_code == 0
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def loaded_after(code: str) -> list[str]:
    """Which heavy packages a fresh process has loaded after `code`."""
    report = f"{code}\nimport json, sys; print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("code", ["import mendline", "import mendline.cli", "from mendline.cli import cli"])
def test_starting_loads_nothing_heavy(code):
    assert loaded_after(code) == []


def test_help_of_every_command_loads_nothing_heavy():
    calls = [[*name, "--help"] for name, _ in commands()] + [["--help"], ["--version"]]
    code = f"from mendline.cli import cli\nfor call in {calls!r}:\n    cli(call, standalone_mode=False)"
    assert loaded_after(code) == []


def test_a_file_is_annotated_without_torch(tmp_path):
    (tmp_path / "s.txt").write_text("T: Hello.\nC: Hello.\n", encoding="utf-8")
    code = f"""
import mendline.model.annotator as annotator
from mendline.model.annotation import AnnotatedTranscript, Annotation
from mendline.model.labels import Label
class StandIn:
    name = "stand-in"
    def annotate(self, transcript):
        return AnnotatedTranscript(transcript, tuple(
            Annotation(turn.index, Label.NEUTRAL, None, (0, 0, 0, 1.0), False) for turn in transcript.turns))
annotator.Annotator.load = lambda *arguments, **options: StandIn()
from mendline.cli import cli
cli(["annotate", {str(tmp_path / "s.txt")!r}, "--format", "table"], standalone_mode=False)
"""
    loaded = loaded_after(code)
    assert "rich" in loaded
    assert not {"torch", "transformers"} & set(loaded)


def test_help_is_quick():
    def run() -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "mendline", "--help"], capture_output=True, check=True)
        return time.perf_counter() - start

    # The best of several, since other processes may hold the machine.
    assert min(run() for _ in range(5)) < 0.3


def test_an_expected_error_is_one_clean_line(runner, monkeypatch):
    def fail() -> None:
        raise OutputError("cannot write: no\x1b[2J space.", file="out.csv")

    monkeypatch.setattr("mendline.transcripts.overview.overview_lines", fail)
    result = runner.invoke(cli, ["formats"])
    assert result.exit_code == 1
    assert result.stderr == "Error: out.csv: cannot write: no␛[2J space.\n"
    assert result.stdout == ""


def test_an_interrupt_is_exit_130(runner, monkeypatch):
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mendline.transcripts.overview.overview_lines", interrupt)
    result = runner.invoke(cli, ["formats"])
    assert result.exit_code == 130
    assert result.stderr == "\nStopped. Every file that was written is whole.\n"


@pytest.mark.parametrize("call", [["nonsense"], ["annotate"], ["annotate", "no-such-file"], ["annotate", "--nonsense"]])
def test_wrong_usage_is_exit_2(runner, call):
    assert runner.invoke(cli, call).exit_code == 2


def test_formats_lists_every_reader_and_what_can_be_written(runner):
    result = runner.invoke(cli, ["formats"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    for each in FORMATS:
        [line] = [line for line in lines if line.split()[:1] == [each.NAME]]
        assert all(ending in line for ending in each.EXTENSIONS)
        assert each.SUMMARY in line
        assert ("write" in line.split("  ", 1)[1][:40]) == (each.NAME in WRITABLE)
        assert each.LIBRARY in line


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_behind_standard_output_is_an_error(tmp_path):
    (tmp_path / "s.txt").write_text("T: Hello.\nC: Hello.\n", encoding="utf-8")
    call = [sys.executable, "-c", SLOW_RUN, "annotate", str(tmp_path / "s.txt")]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(call, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: cannot write to standard output: No space left")


def test_a_reader_that_leaves_early_is_no_error_message(tmp_path):
    (tmp_path / "s00.txt").write_text("T: Hello.\nC: Hello.\n" * 20_000, encoding="utf-8")
    call = [sys.executable, "-c", SLOW_RUN, "annotate", str(tmp_path / "s00.txt")]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


SLOW_RUN = """
import sys, time
import mendline.model.annotator as annotator
from mendline.model.annotation import AnnotatedTranscript, Annotation
from mendline.model.labels import Label

class Slow:
    name = "slow"
    def annotate(self, transcript):
        if transcript.session in ("s03", "s04"):
            sys.stderr.write("slow now\\n")
            sys.stderr.flush()
            time.sleep(60)
        return AnnotatedTranscript(transcript, tuple(
            Annotation(turn.index, Label.NEUTRAL, None, (0, 0, 0, 1.0), False) for turn in transcript.turns))

annotator.Annotator.load = lambda *arguments, **options: Slow()
from mendline.cli import main
main()
"""


def interrupted(tmp_path: Path, output: str) -> tuple[int, str]:
    """Annotate five files into `output`, press Ctrl-C in the third, and return the exit code and standard error."""
    for number in range(5):
        file = tmp_path / "in" / f"s{number:02}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text("T: Hello.\nC: Hello.\n", encoding="utf-8")
    call = ["annotate", str(tmp_path / "in"), "-o", str(tmp_path / output)]
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_RUN, *call],
        stderr=subprocess.PIPE,
        text=True,
        # What runs in the background of a shell is started deaf to Ctrl-C, and so would its children be.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stderr is not None
    with process.stderr as stderr:
        assert stderr.readline() == "slow now\n"
        process.send_signal(signal.SIGINT)
        said = stderr.read()
    return process.wait(timeout=20), said


def test_ctrl_c_leaves_whole_files_only_and_resume_goes_on(tmp_path, runner, stand_in):
    code, said = interrupted(tmp_path, "out/")
    assert code == 130
    assert said.strip() == "Stopped. Every file that was written is whole."
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [".mendline.json", "s00.csv", "s01.csv", "s02.csv"]
    assert all(len((tmp_path / "out" / name).read_text().splitlines()) == 3 for name in names[1:])

    stand_in.name = "slow"
    result = runner.invoke(cli, ["annotate", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--resume"])
    assert result.exit_code == 0, result.stderr
    assert stand_in.seen == ["s03", "s04"]


def test_ctrl_c_leaves_no_half_table(tmp_path):
    code, _ = interrupted(tmp_path, "all.csv")
    assert code == 130
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]
