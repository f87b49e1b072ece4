# `make run` and `make test` do all the set-up themselves; they need Debian's python3, python3-venv and make, nothing else. With gcc and
# python3-dev too, the inner loops are compiled; matching takes a third of the time, choosing stories a tenth.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Keyed to what the set-up is made from: it is done again only when one of these changes.
STAMP := $(VENV)/.ready
# The peers that `make bench` compares with are set up only for it.
BENCH_STAMP := $(VENV)/.ready-bench
CONFIG ?= deploy/monitor.yaml
PYTEST_ARGS ?=
ROUNDS ?= 10
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup run test fuzz bench soak soak-sources lint clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(STAMP): requirements.txt pyproject.toml hatch_build.py $(wildcard monitor/*.h monitor/*/_*.[ch])
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(not (3, 11) <= v[:2] <= (3, 13))' 2>/dev/null || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Choose one with: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "Python's venv module is missing. On Debian: apt-get install python3-venv" >&2; exit 2; }
	@echo "Setting up $(VENV) (once; about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -c 'from monitor.match.native import COMPILED; COMPILED or print("Note: without a C compiler or the headers of Python all works, and matching takes three times as long. On Debian: apt-get install gcc python3-dev, and again")'
	@touch $(STAMP)

setup: $(STAMP) ## Make the virtual environment in .venv, every dependency pinned by hash

run: $(STAMP) ## Start the monitor with deploy/monitor.yaml (CONFIG=FILE for another)
	@exec $(BIN)/monitor run --config $(CONFIG)

test: $(STAMP) ## Lint, types, architecture and all tests (PYTEST_ARGS="-k name" for some)
	@$(BIN)/python -m pytest -n 3 --dist loadscope $(PYTEST_ARGS)

fuzz: $(STAMP) ## Every property test again, each time with examples nobody has tried (ROUNDS=10)
	@for round in $$(seq $(ROUNDS)); do echo "== round $$round of $(ROUNDS)"; \
		$(BIN)/python -m pytest -q -n 2 -m hypothesis --hypothesis-profile=search $(PYTEST_ARGS) || exit 1; done

$(BENCH_STAMP): requirements-bench.txt $(STAMP)
	@echo "Adding the peers that the measurements compare with (once)"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-bench.txt
	@touch $(BENCH_STAMP)

bench: $(BENCH_STAMP) ## Measure speed and matching quality, one program after the other
	@for bench in tests/benchmarks/bench_*.py tests/benchmarks/score_*.py; do \
		echo "== $$bench"; $(BIN)/python -m "tests.benchmarks.$$(basename "$$bench" .py)" || echo "($$bench ended with status $$?)"; done

soak: $(STAMP) ## The proof at length: 500 kills, outages of days, a full disk, damage (an hour and a half)
	@$(BIN)/python -m tests.soak

soak-sources: $(STAMP) ## A million articles through the program, watching its memory (half an hour)
	@$(BIN)/python -m tests.soak_sources

lint: $(STAMP) ## Lint, format and types only
	@$(BIN)/ruff check monitor tests
	@$(BIN)/ruff format --check monitor tests
	@$(BIN)/mypy

clean: ## Remove the virtual environment, caches and built packages (var/, the record, stays)
	@rm -rf $(VENV) monitor/*/_*.so build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	@find monitor tests -name __pycache__ -type d -prune -exec rm -rf {} +
