# Two commands: `make demo` and `make test`. Both set up what they need from the lock file.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: setup demo up test check docs lock clean

setup: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed") if sys.version_info < (3, 11) else None'
	@echo "installing into .venv (once; a minute or two)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	$(BIN)/hotline demo $(ARGS)

up: setup
	$(BIN)/hotline up $(ARGS)

test: setup
	$(BIN)/python -m pytest $(ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m docs.generate --check
	$(BIN)/python -m docs.lock --check

docs: setup
	$(BIN)/python -m docs.generate

lock: setup
	$(BIN)/python -m docs.lock $(ARGS)

clean:
	rm -rf .venv .hotline build *.egg-info
