# make report   sets up what is missing, runs the whole workflow, says where the report is
# make test     sets up what is missing, runs every check and test of the default suite
# make help     lists the rest

PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/ready
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help report test lint test-slow schema lock benchmark benchmark-reconstruct \
	benchmark-synthesise validation docs clean

help: ## List these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24

$(READY): requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

report: $(READY) ## Run the workflow on all cores; ends by printing where the report is
	snakemake --cores all

test: $(READY) lint ## Checks and tests (minutes)
	pytest --numprocesses auto --maxprocesses 4 --dist loadfile

lint: $(READY) ## Formatting, static checks, types, workflow linting
	ruff format --check .
	ruff check .
	mypy
	snakefmt --check Snakefile workflow
	snakemake --lint

test-slow: $(READY) ## Statistical validation and calibration (tens of minutes)
	pytest -m slow --numprocesses auto --maxprocesses 4

docs: $(READY) ## The documentation site, in site/; a link that leads nowhere fails
	sphinx-build --quiet --fail-on-warning --builder html docs site

schema: $(READY) ## Rewrite the JSON Schemas and docs/tables.md
	evinet schema

lock: ## Rewrite requirements.txt and environment.yml from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --upgrade --output-file requirements.txt
	$(BIN)/python -m evinet.reproduce.environment

benchmark: $(READY) ## Time the whole workflow, a run with nothing to do, and the command's start
	python tests/benchmark.py

benchmark-reconstruct: $(READY) ## Accuracy and speed of the reconstruction methods
	python -m evinet.reconstruct.benchmark

benchmark-synthesise: $(READY) ## Speed of the models, as whole processes
	python -m evinet.synthesise.benchmark

validation: $(READY) ## Our results beside the published ones, model by model
	python -m evinet.synthesise.validation

clean: ## Remove everything that the workflow made
	rm -rf results logs benchmarks .snakemake
