# Two commands do all the set-up: `make report` and `make test`.

# The first Python from 3.11 on; name another with make PYTHON=…
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: report test lint clean

report: .venv/installed ## run the default comparison and build results/report/index.html
	$(BIN)/nextword run +sweep=default
	$(BIN)/nextword report

test: .venv/installed-dev ## the whole test suite
	$(BIN)/python -m pytest

lint: .venv/installed-dev ## what else CI asks for
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/python:
	@test -n "$(PYTHON)" || { echo "nextword needs Python 3.11 or later; name it with make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/python pyproject.toml constraints.txt
	@echo "installing nextword into .venv (a few minutes the first time)"
	$(PIP) --editable .
	@$(PIP) --editable ".[kenlm]" || echo "no wheel of the kenlm module for this machine: its row will be skipped"
	@touch $@

.venv/installed-dev: .venv/installed
	$(PIP) --editable ".[test,dev]"
	@touch $@

clean: ## remove the environment and what tools left behind (not the results)
	rm -rf .venv outputs .pytest_cache .mypy_cache .ruff_cache .hypothesis
