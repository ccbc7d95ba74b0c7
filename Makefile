# make run: everything, on 127.0.0.1:8000 (PORT=, DATA_DIR=, DEMO=0). make test, make check: what CI runs.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
MANAGE := $(BIN)/python manage.py
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: setup run test check fix migrations bench docs
.NOTPARALLEL:

setup: .venv/.base node_modules/.runtime

run: setup
	@exec $(MANAGE) up

test: .venv/.dev node_modules/.all
	$(BIN)/pytest $(ARGS)

check: .venv/.dev node_modules/.all
	./.ci/check

fix: .venv/.dev
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet . ; git ls-files 'templates/*.html' | xargs -r $(BIN)/djade --target-version 5.2

migrations: .venv/.dev
	$(MANAGE) makemigrations $(ARGS)

bench: .venv/.dev node_modules/.runtime
	$(BIN)/python -m bench $(ONLY)

docs: .venv/.dev
	$(MANAGE) spectacular --file docs/openapi.yaml
	$(MANAGE) shell --no-imports -c 'import pathlib, analytics.metrics as m; pathlib.Path("docs/metrics.md").write_text(m.as_markdown())'

.venv/.uv:
	@echo "Making the virtual environment ..."
	@$(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet uv==0.13.9 && touch $@

.venv/.base: .venv/.uv requirements/base.txt
	@echo "Installing what Hindcast runs on ..."
	@$(UV) -r requirements/base.txt && touch $@

.venv/.dev: .venv/.base requirements/dev.txt
	@echo "Installing what its developers use ..."
	@$(UV) -r requirements/dev.txt && touch $@

node_modules/.runtime node_modules/.all: package-lock.json | .venv/.uv
	@./.ci/assets $@
