# make report   installs what is missing, runs the whole workflow, says where the report is
# make test     installs what is missing, runs every check and test of the default suite
# make help     lists the rest

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13)
BIN := .venv/bin
READY := .venv/ready
READY_TO_TEST := .venv/ready-to-test
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Python keeps what it compiled of the packages: else each of a thousand jobs compiles them again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help report test lint test-slow schema lock benchmark benchmark-reconstruct benchmark-digitise \
	benchmark-read benchmark-synthesise benchmark-population \
	benchmark-calibration validation docs clean

help: ## List these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24

# Installs from hashed files with uv where it is there and works, with pip elsewhere.
define install
	uv pip install --quiet --python $(BIN)/python $(1) 2> /dev/null \
		|| $(BIN)/python -m pip install --quiet $(1)
endef

$(READY): requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(call install,--require-hashes --requirement requirements.txt)
	$(call install,--no-deps --no-build-isolation --editable .)
	touch $@

$(READY_TO_TEST): $(READY) requirements-dev.txt
	$(call install,--require-hashes --requirement requirements-dev.txt)
	touch $@

report: $(READY) ## Run the workflow on all cores, or go on after a run that was killed
	evinet run

# One process more than there are processors: some tests wait, for a cluster or for a browser.
test: $(READY_TO_TEST) lint ## Checks and tests (minutes)
	pytest --numprocesses $$($(BIN)/python -c "import os; print(min(os.cpu_count() + 1, 5))") \
		--dist loadfile --no-loadscope-reorder

lint: $(READY_TO_TEST) ## Formatting, static checks, types, workflow linting
	ruff format --check .
	ruff check .
	mypy
	snakefmt --check Snakefile workflow
	snakemake --lint

test-slow: $(READY_TO_TEST) ## Statistical validation and calibration (tens of minutes)
	pytest -m slow --numprocesses auto --maxprocesses 4

docs: $(READY_TO_TEST) ## The documentation site, in site/; a link that leads nowhere fails
	sphinx-build --quiet --fail-on-warning --builder html docs site

schema: $(READY) ## Rewrite the JSON Schemas and docs/tables.md
	evinet schema

LOCK := uv pip compile pyproject.toml --extra digitise --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --quiet

lock: ## Rewrite the requirements files and environment.yml from pyproject.toml (needs uv)
	$(LOCK) --extra dev --upgrade --output-file requirements-dev.txt
	$(LOCK) --constraint requirements-dev.txt --upgrade --output-file requirements.txt
	$(BIN)/python -m evinet.reproduce.environment

benchmark: $(READY) ## Time the whole workflow, a run with nothing to do, and the command's start
	python benchmarks/workflow.py

benchmark-reconstruct: $(READY) ## Accuracy and speed of the reconstruction methods
	python -m benchmarks.reconstruct

benchmark-digitise: $(READY) ## Accuracy and speed of the digitisation, style by style
	python -m benchmarks.digitise

benchmark-read: $(READY) ## Seconds to read documents of 2.7 MB
	python benchmarks/read.py

benchmark-synthesise: $(READY) ## Speed of the models, as whole processes
	python benchmarks/synthesise.py

benchmark-population: $(READY) ## Speed and coverage of multilevel regressions
	python -m benchmarks.population speed
	python -m benchmarks.population simulation

benchmark-calibration: $(READY) ## Calibration by simulation of survival networks and regressions
	python -m benchmarks.calibration

validation: $(READY) ## Our results beside the published ones, model by model
	python benchmarks/validation.py

clean: ## Remove everything that the workflow made
	rm -rf results logs .snakemake
