"""What the repository promises about itself."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import click
import pytest

from mendline import __version__
from mendline.cli import cli

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NOT_PACKAGES = {"tests", "examples", "benchmarks", "build", "dist", "data", "runs", "out", "encoders"}


def commands(group: click.Group, prefix: str = "") -> list[str]:
    found = []
    for name, command in group.commands.items():
        found += commands(command, f"{prefix}{name} ") if isinstance(command, click.Group) else [prefix + name]
    return found


def test_every_package_folder_is_listed():
    folders = {
        ".".join(("mendline", *path.parent.relative_to(ROOT).parts))
        for path in ROOT.rglob("__init__.py")
        if not {part for part in path.parent.relative_to(ROOT).parts if part.startswith(".")} | (
            set(path.parent.relative_to(ROOT).parts) & NOT_PACKAGES
        )
    }  # fmt: skip
    assert folders == set(PROJECT["tool"]["setuptools"]["packages"])


def test_only_the_command_line_lies_at_the_root():
    assert {path.name for path in ROOT.glob("*.py")} == {"__init__.py", "__main__.py", "cli.py"}


def test_version_is_the_same_everywhere():
    assert PROJECT["project"]["version"] == __version__
    latest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert latest is not None
    assert latest[1] == __version__


@pytest.mark.parametrize("name", commands(cli))
def test_every_command_is_in_the_readme(name):
    assert f"mendline {name}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_annotating_asks_for_no_training_library():
    names = {re.split(r"[^\w-]", line)[0] for line in PROJECT["project"]["dependencies"]}
    assert not names & {"torch", "transformers", "datasets", "scikit-learn", "onnx", "accelerate"}


def test_torch_is_pinned_to_a_build_without_cuda():
    assert "torch==" in (ROOT / "constraints.txt").read_text(encoding="utf-8")


def test_ci_runs_the_test_command_of_the_readme():
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_wheel_holds_the_package_and_nothing_else(tmp_path):
    """Built as a user's installer builds it: the sources first, and the wheel from them."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = set()
    for package in PROJECT["tool"]["setuptools"]["packages"]:
        folder = ROOT.joinpath(*package.split(".")[1:])
        patterns = ["*.py", *PROJECT["tool"]["setuptools"]["package-data"].get(package, [])]
        expected |= {path for pattern in patterns for path in folder.glob(pattern)}
    assert names == {f"mendline/{path.relative_to(ROOT).as_posix()}" for path in expected}
    for name in ("model/weights/model.onnx", "corpus/annomi-train.labels.tsv", "corpus/CODEBOOK.md", "py.typed"):
        assert f"mendline/{name}" in names


def test_weights_are_small_enough():
    assert sum(path.stat().st_size for path in (ROOT / "model" / "weights").iterdir()) < 95e6
