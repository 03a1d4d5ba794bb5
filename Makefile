# Every target bootstraps the virtual environment it needs. Needed on the machine: Python 3.11 or newer, make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo up test lint bench law openapi lock clean

help: ## what can be done
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; try make PYTHON=python3.12"; rm -rf $(VENV); exit 1; }
	@echo "Installing what requirements.lock names (about a minute the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## set up, start everything, play real cases through it, show what was found, stop
	@$(BIN)/singletrack demo

up: $(READY) ## start everything and stay until Ctrl-C
	@$(BIN)/singletrack up

test: $(READY) ## all tests, two files at a time
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(READY) ## ruff, mypy, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(READY) ## measure, as ratios to what PostgreSQL itself does in the same run
	@$(BIN)/singletrack bench

law: $(READY) ## list the procedures that are encoded
	@$(BIN)/singletrack law list

openapi: $(READY) ## write the public contract from the code
	@$(BIN)/singletrack openapi --write

lock: $(READY) ## resolve requirements.lock anew from pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-header --no-annotate -q -o requirements.lock

clean: ## remove the virtual environment and the demo's data
	@rm -rf $(VENV) .singletrack .mypy_cache .ruff_cache .pytest_cache .hypothesis
