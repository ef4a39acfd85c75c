# The same commands here and on a build machine. Needs Python 3.11 or newer and make, nothing else.
RECENT := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c '$(RECENT)' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
STAMP := .venv/.set-up
# a module's tests stay together, on the cloud they share, until another process has nothing left to do
PARALLEL := -n auto --dist worksteal
REQUIREMENTS := requirements-build.txt requirements-dev.txt

.PHONY: help setup demo test clients test-az test-node lint format bench

help:
	@echo "make setup   the program and all tools in .venv"
	@echo "make demo    the whole way on the built-in emulator"
	@echo "make test    all tests (ARGS=... goes to pytest)"
	@echo "make test-az     Microsoft's own az before the emulator"
	@echo "make test-node   its packages for Node, too; and a spec in an editor (the YAML language server)"
	@echo "make lint    style, types, import layers"
	@echo "make format  rewrite the style"
	@echo "make bench   the benchmark, as JSON"

setup: $(STAMP)

$(STAMP): $(REQUIREMENTS) pyproject.toml
	@test -n "$(PYTHON)" || { echo "provisioner needs Python 3.11 or newer; name one: make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes $(addprefix -r ,$(REQUIREMENTS))
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP)
	$(BIN)/python -m tests.demo

test: $(STAMP)
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

AZ_STAMP := .venv-az/.set-up
NODE_FOLDERS := tests/foreign/node tests/editor

$(AZ_STAMP): tests/foreign/requirements-az.txt
	@test -n "$(PYTHON)" || { echo "az needs Python 3.11 or newer; name one: make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv-az
	.venv-az/bin/python -m pip install --quiet --require-hashes -r $<
	@touch $@

clients: $(AZ_STAMP) $(NODE_FOLDERS:%=%/node_modules/.set-up)

test-az: $(STAMP) $(AZ_STAMP)
	FOREIGN_AZ=.venv-az/bin/az $(BIN)/python -m pytest $(PARALLEL) tests/foreign/az $(ARGS)

%/node_modules/.set-up: %/package-lock.json
	@command -v npm >/dev/null || { echo "these tests need Node 20 or newer, with npm"; exit 1; }
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

test-node: $(STAMP) $(NODE_FOLDERS:%=%/node_modules/.set-up)
	FOREIGN_NODE=node $(BIN)/python -m pytest $(PARALLEL) $(NODE_FOLDERS) $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	$(BIN)/python -m tests.benchmarks
