# All that a fresh machine needs: python3 >= 3.11, make, and a package index that pip can reach; for the tests node >= 20
# too, and on Debian the right to install what they run beside (a browser, two shells, jq).
#
#   make demo      watch files become experiments, on the embedded sandbox
#   make test      everything that has to hold: style, types, imports, tests, coverage
#   make check     the quick part of it
#   make bench     how fast it is, beside terraform, octoDNS and a naive tool (ten minutes)
#   make verify-bucketing  every share against the vendor's own engine, in full (half an hour)
#   make fmt       put the code in its form
#   make schemas   write schemas/ from the models
#   make readme    write the help texts and the picture of a plan in README.md
#   make docs      write the pages about commands, fields and rules, and build the site in site/
#   make images    take the pictures of a report that the docs show
#   make cassettes record the API's answers again, from the served sandbox

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo test check lint tools verify-bucketing bench fmt schemas readme docs images cassettes clean

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2

help:
	@sed -n 's/^#   //p' Makefile

$(READY): pyproject.toml constraints.txt scripts/venv.sh
	@scripts/venv.sh $(VENV)
	@touch $@

demo: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" scripts/demo.sh

lint: $(READY)
	@$(BIN)/ruff format --check --quiet . || { echo "run 'make fmt' to put the files above in form" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --strict --no-error-summary

check: lint
	@$(BIN)/python -m pytest -q tests/test_imports.py tests/test_project.py

# What the tests run beside: quick where nothing is missing.
tools:
	@scripts/system_packages.sh jq zsh fish $${CHROMIUM:-chromium}
	@scripts/node_packages.sh

test: lint tools
	@mkdir -p build
	@$(BIN)/coverage erase
	@$(BIN)/python -m pytest -q -n $(WORKERS) -p tests.tracing
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage json --quiet -o build/coverage.json
	@$(BIN)/python scripts/coverage_gate.py build/coverage.json

verify-bucketing: $(READY)
	@EXPSYNC_VERIFY=full $(BIN)/python -m pytest -q -rP tests/verify

bench: $(READY)
	@$(BIN)/python -m benchmarks.run

fmt: $(READY)
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

schemas: $(READY)
	@mkdir -p schemas
	@for kind in experiment workspace plan; do \
	  $(BIN)/expsync schema $$kind > schemas/.$$kind.part; \
	  mv schemas/.$$kind.part schemas/$$kind.schema.json; \
	done

readme: $(READY)
	@$(BIN)/python scripts/readme_help.py --write

# The variable turns off a notice that the theme's makers print about the end of MkDocs.
docs: $(READY)
	@$(BIN)/python -m scripts.reference --write
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --clean

images: $(READY) tools
	@$(BIN)/python -m tests.browser.images

cassettes: $(READY)
	@$(BIN)/python -m tests.api.record
	@$(BIN)/python -m pytest -q tests/api --update-expected

clean:
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.json build site tests/node_modules
