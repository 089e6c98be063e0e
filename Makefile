# Two commands do all the set-up: `make report` and `make test`.

# The first Python from 3.11 on; name another with make PYTHON=…
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

COMPILE_KENLM := { command -v c++ && $(BIN)/python -m pip wheel --no-deps --constraint constraints.txt \
	--wheel-dir .venv/wheels kenlm; }

PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist worksteal

#: The tests of `make check`: imports, the contract of every model, its scores, records and encoding.
CORE := tests/test_architecture.py tests/test_build.py tests/test_contract.py tests/golden tests/measure \
	tests/record tests/corpus/test_encoding.py tests/corpus/test_corpus_words.py tests/corpus/test_corpus_splits.py

.PHONY: help report gpu check core test test-slow test-thorough lint clean

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1 | /p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do \
		printf '  make %-10s %s\n' "$$name" "$$what"; done

report: .venv/installed ## run the default comparison and build results/report/index.html
	$(BIN)/nextword run +sweep=default
	$(BIN)/nextword report

gpu: .venv/installed-dev ## for a machine with a GPU: is all well and fast? OPTIONS="--seconds 540" and others
	$(BIN)/nextword gpu $(OPTIONS)

check: .venv/installed-dev ## for daily work: lint, types and the core tests, side by side
	@$(MAKE) --no-print-directory --jobs 2 lint core

core: .venv/installed-dev ## only the core tests
	$(PYTEST) -m "not slow" $(CORE)

test: .venv/installed-dev ## run the test suite, one process per core
	$(PYTEST) -m "not slow"

# The slow tests wait for processes and browsers a third of the time, so there are three of them for two cores.
test-slow: .venv/installed-dev ## run the slow tests
	PYTEST_XDIST_AUTO_NUM_WORKERS=$$($(BIN)/python -c "import os; print(os.cpu_count() * 3 // 2)") $(PYTEST) -m slow

test-thorough: .venv/installed-dev ## run the property tests on more examples than make test does
	$(PYTEST) -m hypothesis --hypothesis-profile thorough

lint: .venv/installed-dev ## check style, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/python:
	@test -n "$(PYTHON)" || { echo "nextword needs Python 3.11 or later; name it with make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

# The official kenlm package is source only and takes a core 85 seconds. Where a compiler is, it is compiled
# while the rest is downloaded and installed (pip keeps the result for other environments). Elsewhere, or
# where that fails, wheels bring the same module; where there is none either, KenLM's row is skipped.
.venv/installed: .venv/python pyproject.toml constraints.txt
	@echo "installing nextword into .venv (a few minutes the first time)"
	@$(COMPILE_KENLM) >.venv/kenlm.log 2>&1 & compiling=$$!; \
	$(PIP) --editable . || exit 1; \
	if wait $$compiling; then $(PIP) --find-links .venv/wheels --editable ".[kenlm]"; \
	else $(PIP) --editable ".[kenlm-wheel]"; fi || \
	echo "no kenlm module for this machine (.venv/kenlm.log says why): its rows will be skipped"
	@touch $@

.venv/installed-dev: .venv/installed
	$(PIP) --editable ".[test,dev]"
	@touch $@

clean: ## remove the environment and the caches of tools, but no results
	rm -rf .venv outputs .pytest_cache .mypy_cache .ruff_cache .hypothesis
