# make run starts the demonstration, make test checks everything; both make .venv themselves.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Passed on to `assay demo` where given: make run DATA=var/demo PORT=8080
DATA ?=
PORT ?=

# Twice quiet: only errors. The first call installs for about half a minute, so each recipe says so first.
PIP_INSTALL := $(BIN)/python -m pip install -qq
LOCK := CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --no-emit-options \
	--strip-extras --allow-unsafe --build-deps-for editable $(if $(UPGRADE),--upgrade)

.PHONY: run test lint lock clean
.DELETE_ON_ERROR:

run: $(VENV)/.run-installed
	$(BIN)/assay demo $(if $(DATA),--data "$(DATA)") $(if $(PORT),--port "$(PORT)")

test: lint
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/.test-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Remakes the locks from pyproject.toml, keeping what still fits; make lock UPGRADE=1 takes the newest of everything.
# Run it on the oldest Python that is supported: its lock serves the newer ones too, not the other way round.
lock: $(VENV)/.run-installed
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
		|| { echo "make lock: the locks are made on Python 3.11; try: make lock PYTHON=python3.11 VENV=.venv311" >&2; exit 1; }
	$(PIP_INSTALL) --no-build-isolation --editable '.[lock]'
	$(LOCK) --output-file requirements/run.txt pyproject.toml
	$(LOCK) --extra test --constraint requirements/run.txt --output-file requirements/test.txt pyproject.toml

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find engine models api tests -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than what it was installed from, so a second call installs nothing.
$(VENV)/.run-installed: requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "Installing what Assay needs to run (first time, or the lock changed) ..."
	@$(PIP_INSTALL) --require-hashes --requirement requirements/run.txt
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test-installed: requirements/test.txt $(VENV)/.run-installed
	@echo "Installing what the tests need (first time, or the lock changed) ..."
	@$(PIP_INSTALL) --require-hashes --requirement requirements/test.txt
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null \
		|| { echo "Assay needs Python 3.11 or newer, and there is no '$(PYTHON)'; try: make run PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Assay needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1); try: make run PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
