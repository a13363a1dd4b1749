"""Configurations have every key, nothing unknown, and values that make sense."""

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from mendline.training.config import config_from, load_config, with_training_data
from mendline.transcripts.errors import ConfigError

SHIPPED = sorted(Path(str(files("mendline.configs"))).glob("*.toml"))
BASE = next(path for path in SHIPPED if path.name == "base.toml")


def document() -> dict:
    return tomllib.loads(BASE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_configuration_loads(path):
    assert load_config(path).model.window >= 64


def test_every_key_of_base_is_explained():
    lines = BASE.read_text(encoding="utf-8").splitlines()
    explained = False
    for line in lines:
        if line.startswith("#"):
            explained = True
        elif "=" in line:
            assert explained, line
        elif not line.strip() or line.startswith("["):
            explained = False


def test_override_by_name():
    config = load_config(BASE, ["training.epochs=2", "model.base=./here", 'data.train=["a.jsonl"]'])
    assert (config.training.epochs, config.model.base, config.data.train) == (2.0, "./here", ("a.jsonl",))


def test_further_data_comes_last():
    assert with_training_data(load_config(BASE), ["ours.jsonl"]).data.train[-1] == "ours.jsonl"


def test_unknown_key():
    with pytest.raises(ConfigError, match=r"unknown key training\.epoch\. Known here: epochs"):
        load_config(BASE, ["training.epoch=2"])


@pytest.mark.parametrize(("section", "key"), [(s, k) for s, keys in document().items() for k in keys])
def test_every_key_is_needed(section, key):
    broken = document()
    del broken[section][key]
    with pytest.raises(ConfigError, match=rf"missing key {section}\.{key}"):
        config_from(broken)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epochs=many", "must be of type float"),
        ("training.batch_size=1.5", "must be of type int"),
        ("training.batch_size=true", "must be of type int"),
        ("training.batch_size=0", "above 0"),
        ("model.dropout=1.5", "share"),
        ("data.train=x.jsonl", "list of strings"),
        ("data.dev=[]", "at least one file"),
        ("epochs=2", r"section\.key=value"),
        ("training.epochs", r"section\.key=value"),
        ("wrong.key=1", "unknown key wrong"),
    ],
)
def test_wrong_values_are_refused(override, message):
    with pytest.raises(ConfigError, match=message):
        load_config(BASE, [override])


def test_broken_toml_names_the_file(tmp_path):
    path = tmp_path / "broken.toml"
    path.write_text("[data\n")
    with pytest.raises(ConfigError, match=r"broken\.toml: not valid TOML"):
        load_config(path)
