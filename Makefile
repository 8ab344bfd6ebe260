# Powiernik: `make` alone prints what there is. Needs python 3.11+ with venv and pip, and git.

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip --disable-pip-version-check --quiet

RUN_READY := $(VENV)/.run-installed
DEV_READY := $(VENV)/.dev-installed

MAKEFLAGS     += --no-print-directory
.SHELLFLAGS   := -euc
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run demo test check docs-check fix bench redteam hsm endurance verifier lock clean

help: ## Print this page
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(RUN_READY) ## Start the clinic with its demonstration data and serve it; TEXTS=FILE.csv adds texts
	@$(VENV)/bin/powiernik demo --serve $(if $(TEXTS),--texts "$(TEXTS)")

demo: $(RUN_READY) ## Play the demonstration and print what happens; TEXTS=FILE.csv adds texts
	@$(VENV)/bin/powiernik demo $(if $(TEXTS),--texts "$(TEXTS)")

test: $(DEV_READY) ## Run all tests but the long ones; T=PATH runs some
	@$(PY) -m pytest -n 2 --dist loadfile $(T)

check: $(DEV_READY) ## Lint, format, types, architecture, generated pages: what CI asks
	@echo "ruff check"  && $(VENV)/bin/ruff check --quiet .
	@echo "ruff format" && $(VENV)/bin/ruff format --quiet --check .
	@echo "mypy"        && $(VENV)/bin/mypy
	@echo "lint-imports" && $(VENV)/bin/lint-imports --no-logo
	@$(MAKE) docs-check

docs-check: $(DEV_READY) ## Compare the generated pages with the code
	@echo "docs" && $(PY) docs/generate.py --check

fix: $(DEV_READY) ## Repair and format what a tool can
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .
	@$(PY) docs/generate.py

bench: $(DEV_READY) ## Measure against peers beside us
	@$(PY) -m benchmarks

redteam: $(DEV_READY) ## Attack freshly made clinics in every way of the list; ONLY=23,25 in some
	@$(PY) -m tests.redteam $(if $(ONLY),--only $(ONLY))

hsm: $(DEV_READY) ## Run demonstration and tests with the keys in a token (SoftHSM, PKCS#11)
	@$(PY) -m tests.support.hsm

endurance: $(DEV_READY) ## Run the long tests
	@$(PY) -m pytest -m endurance --timeout 0

# The ledger alone: a stranger runs it with Python 3.11 and the package cryptography, and no clinic.
VERIFIER ?= dist/powiernik-verify.pyz
PARTS    := build/verifier

verifier: | $(PY) ## Build the offline verifier in one file: dist/powiernik-verify.pyz
	@rm -rf $(PARTS) && mkdir -p $(PARTS)/infrastructure/ledger $(dir $(VERIFIER))
	@cp infrastructure/__init__.py $(PARTS)/infrastructure
	@cp infrastructure/ledger/*.py $(PARTS)/infrastructure/ledger
	@echo 'from infrastructure.ledger.__main__ import main; raise SystemExit(main())' > $(PARTS)/__main__.py
	@$(PY) -m zipapp $(PARTS) --compress --output $(VERIFIER) --python '/usr/bin/env python3'
	@echo "verifier $(VERIFIER)"

# Pins stay where they are unless UPGRADE=1. The locks record no address and no path.
COMPILE := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
           --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

lock: $(DEV_READY) ## Pin the dependencies anew; UPGRADE=1 takes newer ones
	@$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements/run.txt pyproject.toml requirements/build.in
	@$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements/dev.txt pyproject.toml requirements/build.in \
	    requirements/dev.in --constraint requirements/run.txt

clean: ## Remove everything that make and its tools made
	@rm -rf $(VENV) build dist .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --------------------------------------------------------------------------- the environment

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Powiernik needs Python 3.11 or newer: make PYTHON=python3.11")'
	@echo "venv" && $(PYTHON) -m venv $(VENV)

# The project itself is installed last, editable, with the build tools of the lock: nothing is fetched.
$(RUN_READY): requirements/run.txt pyproject.toml | $(PY)
	@echo "install requirements/run.txt" && $(PIP) install --require-hashes -r requirements/run.txt
	@$(PIP) install --no-index --no-deps --no-build-isolation --editable .
	@touch $@

# dev.txt holds all of run.txt, so one installation makes both ready.
$(DEV_READY): requirements/dev.txt requirements/run.txt pyproject.toml | $(PY)
	@echo "install requirements/dev.txt" && $(PIP) install --require-hashes -r requirements/dev.txt
	@$(PIP) install --no-index --no-deps --no-build-isolation --editable .
	@touch $(RUN_READY) $@
