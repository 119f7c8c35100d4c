# make run    sets up everything and develops a potential on embedded defaults
# make test   sets up what the tests need, all extras included, and runs them
# make lint   ruff and mypy
# make bench  the slow truths (quick tier)
# make kim    the KIM API, the models of OpenKIM that Debian has, and the binding (compiled: about five minutes)
# make docs   the pictures that are drawn from the code

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do $$p -c '' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
PROMPT ?= Copper: bulk, surfaces and the melt, 300 to 1500 K
# More words for pip when it installs torch, e.g. TORCH="--index-url URL" for a build of a particular kind.
TORCH ?=

.PHONY: run test lint bench kim docs clean

run: $(VENV)/.core
	$(BIN)/lang2mlip run "$(PROMPT)" --yes

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist loadfile tests

lint: $(VENV)/.dev
	$(BIN)/ruff check src tests benchmarks scripts
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/main_job.py --quick

kim: $(VENV)/.dev
	@command -v kim-api-collections-management >/dev/null || scripts/debian-packages libkim-api-dev openkim-models g++ pkg-config
	$(PIP) --editable '.[kim]'
	$(BIN)/python -m pytest tests/labs/lammps/test_openkim.py

docs: $(VENV)/.dev
	$(BIN)/python scripts/draw_floors.py

# A virtual environment needs ensurepip; Debian keeps it in a package of its own.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "lang2mlip needs Python 3.11 or newer, and found none. Set PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "lang2mlip needs Python 3.11 or newer; found $$($(PYTHON) --version). Set PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || scripts/debian-packages python3-venv
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable .
	@$(BIN)/python -m lang2mlip.science.trainers.mtp.warm
	@touch $@

# torch first and pinned: asked for by another package, it brings gigabytes of CUDA.
$(VENV)/.dev: $(VENV)/.core
	@command -v bwrap >/dev/null || scripts/debian-packages bubblewrap || echo "Going on without bubblewrap: the sandbox refuses."
	@command -v slurmctld >/dev/null || scripts/debian-packages slurm-wlm munge || echo "Going on without Slurm: its tests are skipped."
	$(PIP) $(TORCH) torch==2.13.0
	$(PIP) --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
