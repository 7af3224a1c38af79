# Every target makes the environment that it needs; nothing has to be installed by hand but Python 3.11 or later,
# pip, make and git. An environment is built again only when pyproject.toml (for the demo: the package) has changed.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint format types docs lab compatibility bench check build clean

# The first of these that runs and is new enough: a name on the path can be a shim without an interpreter behind it.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$p" && break; done)
VENV := .venv
DEMO := .venv-demo
BIN := $(VENV)/bin
LAB := $(if $(AIOIMAPI_LAB),$(AIOIMAPI_LAB),../shared/lab)
SOURCES := $(shell find aioimapi -name '*.py' -o -name py.typed)

# Debian's Python has no ensurepip until python3-venv is installed; its pip can fill an environment from outside.
define make-environment
$(if $(PYTHON),,$(error Python 3.11 or later is needed, and none was found: set PYTHON=/path/to/python3.11))
$(PYTHON) -m venv $(1) 2>/dev/null || { rm -rf $(1) && $(PYTHON) -m venv --without-pip $(1) \
	&& $(PYTHON) -m pip --python $(1)/bin/python install --quiet pip; }
endef

help:  ## Show what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

demo: $(DEMO)/.ready  ## Burn docs/ and README.md to a virtual BD-R, verify it, list it, print the report
	@sh examples/demo.sh $(DEMO)/bin/aioimapi

test: $(VENV)/.test  ## Run the whole test suite on asyncio and trio, with the coverage gate
	$(BIN)/pytest -n auto --dist worksteal --cov --cov-report=term $(ARGS)

lint: $(VENV)/.lint  ## Check style, format and the layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: $(VENV)/.lint  ## Put the code into the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.lint $(VENV)/.docs  ## Check all types, strictly
	$(BIN)/mypy

docs: $(VENV)/.docs  ## Build the documentation into docs/_build/html, warnings as errors
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet docs docs/_build/html
	@echo "docs/_build/html/index.html"

lab: $(VENV)/.test  ## Run the tests that need the lab: a real Linux kernel with optical drives
	@test -x $(LAB)/setup || { echo "no lab at $(LAB): set AIOIMAPI_LAB to its folder" >&2; exit 1; }
	$(LAB)/setup
	tests/lab/setup
	AIOIMAPI_LAB=$(abspath $(LAB)) $(BIN)/pytest -m lab --timeout 900 -n 2 --dist loadfile $(ARGS)

compatibility: $(VENV)/.test  ## Try programs by others on the virtual drive in the lab, and write docs/compatibility.md
	$(LAB)/setup
	AIOIMAPI_WRITE_COMPATIBILITY=1 AIOIMAPI_LAB=$(abspath $(LAB)) $(BIN)/pytest -m lab tests/lab/test_matrix.py $(ARGS)

bench: $(VENV)/.test  ## Measure against other programs and print the table
	$(BIN)/python -m bench $(ARGS)

check:  ## All that the continuous integration runs
	bash .ci/run

build: $(VENV)/.pip  ## Build the source distribution and the wheel into dist/
	$(BIN)/pip install --quiet build
	$(BIN)/python -m build

clean:  ## Remove everything that was made here
	rm -rf $(VENV) $(DEMO) build dist docs/_build .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis

$(VENV)/.pip:
	$(call make-environment,$(VENV))
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/.pip
	$(BIN)/python -m pip install --quiet --editable '.[cli,trio]' --group test
	@touch $@

$(VENV)/.lint: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --group lint
	@touch $@

$(VENV)/.docs: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@

$(DEMO)/bin/python:
	$(call make-environment,$(DEMO))

$(DEMO)/.ready: pyproject.toml README.md LICENSE $(SOURCES) | $(DEMO)/bin/python
	$(DEMO)/bin/python -m pip install --quiet --disable-pip-version-check '.[cli]'
	@touch $@
