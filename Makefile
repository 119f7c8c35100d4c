# make run    sets up everything and develops a potential on embedded defaults
# make test   sets up what the tests need and runs them
# make lint   ruff and mypy
# make bench  the slow truths (quick tier)

PYTHON ?= $(shell command -v python3.13 || command -v python3.12 || command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
PROMPT ?= Copper: bulk, surfaces and the melt, 300 to 1500 K

.PHONY: run test lint bench clean

run: $(VENV)/.core
	$(BIN)/lang2mlip run "$(PROMPT)" --yes

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 tests

lint: $(VENV)/.dev
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python benchmarks/main_job.py --quick

# A virtual environment needs ensurepip; Debian keeps it in a package of its own.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "lang2mlip needs Python 3.11 or newer; found $$($(PYTHON) --version). Set PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || scripts/debian-packages python3-venv
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

# torch first and pinned: anything else brings gigabytes of CUDA along.
$(VENV)/.dev: $(VENV)/.core
	@$(BIN)/python -c 'import sysconfig, os, sys; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' \
	  || scripts/debian-packages python3-dev gcc g++
	@command -v bwrap >/dev/null || scripts/debian-packages bubblewrap
	$(PIP) torch==2.13.0
	$(PIP) --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
