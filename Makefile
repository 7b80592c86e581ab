# Only wraps: each target is a command that you could type yourself. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
ENV ?=
CDK_OPTIONS ?=
ARGS ?=
CACHE := $(CURDIR)/.cache
# Everything that tools keep stays inside this folder.
export UV_CACHE_DIR := $(CACHE)/uv
export PIP_CACHE_DIR := $(CACHE)/pip
export npm_config_cache := $(CACHE)/npm
export XDG_CACHE_HOME := $(CACHE)/xdg
export JSII_RUNTIME_PACKAGE_CACHE_ROOT := $(CACHE)/jsii
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 18,19,20,21,22,23,24,25
export PYTHONDONTWRITEBYTECODE := 1
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
CHECKED := app.py infra lambdas pulse localaws training sidecar checks benchmarks
ENVIRONMENT = $(if $(ENV),-c env=$(ENV),)

# File by file, so that the tests of a file share what they start. A third process for all, because those that deploy
# wait; two where none does, because each has to find all tests first.
BY_FILE = --dist loadfile --no-loadscope-reorder
IN_PARALLEL = --numprocesses 3 $(BY_FILE)

.PHONY: help setup demo test quick coverage check lint format style types layers dockerfile scan templates audit gates bench simulate mutants local synth deploy destroy lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: .venv/.ready node_modules/.ready .cache/lambda-code/.ready ## install the exact versions of everything into this folder

.venv/.ready: requirements.txt pyproject.toml localaws/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Pulse needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Say which: make PYTHON=python3.12"; exit 1; }
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@awk '/^uv==/ {found = 1} found; found && !/\\$$/ {exit}' requirements.txt > .venv/uv.txt
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@echo "Installing the Python packages of requirements.txt"
	@.venv/bin/uv pip sync --quiet --require-hashes --python .venv/bin/python requirements.txt
	@.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --editable . --editable ./localaws
	@touch $@

node_modules/.ready: package-lock.json
	@node -e 'process.exit(Number(process.versions.node.split(".")[0] < 20))' || { echo "Pulse needs Node 20 or newer; node is $$(node --version)"; exit 1; }
	@echo "Installing the CDK command line of package-lock.json"
	@npm ci --silent --no-progress
	@touch $@

.cache/lambda-code/.ready: .venv/.ready lambdas/requirements.txt infra/lambda_code.py config/default.yaml config/local.yaml
	@echo "Fetching the functions' dependencies, so that synth needs no network"
	@python -m infra.lambda_code
	@touch $@

demo: setup ## the whole path on this machine: deploy, one dropped file, one API call, two trained models, their alerts; ENV=name: on what is deployed, compared (ARGS=--yes)
	@pulse $(if $(ENV),demo --env "$(ENV)",local demo) $(ARGS)

test: setup ## all tests
	@python -m pytest $(IN_PARALLEL) $(ARGS)

quick: setup ## the tests that start no server and take no seconds each
	@python -m pytest --numprocesses 2 $(BY_FILE) -m "not local and not long and not gate" tests/unit tests/functional tests/training tests/sidecar tests/infra $(ARGS)

coverage: setup ## all tests, and which lines they reach: half as long again
	@python -m pytest $(IN_PARALLEL) --cov --cov-report=term $(ARGS)

.cache/checks/.ready: checks/requirements.txt .venv/.ready
	@echo "Installing what only the checks need, from checks/requirements.txt"
	@uv venv --quiet --allow-existing --python .venv/bin/python .cache/checks
	@uv pip install --quiet --python .cache/checks/bin/python --require-hashes --requirement checks/requirements.txt
	@touch $@

check: lint gates ## lint, and the gates on the templates and the zip

lint: format style types layers dockerfile scan templates audit ## format, lint, types, layers, and what scanners say of the code, the templates and the packages

# Each of these is a hook, too: .pre-commit-config.yaml.
format: setup
	ruff format --check .

style: setup
	ruff check .

types: setup
	mypy

layers: setup
	lint-imports --no-cache

dockerfile: setup
	hadolint training/Dockerfile sidecar/Dockerfile

scan: setup .cache/checks/.ready
	.cache/checks/bin/bandit --quiet --recursive --configfile pyproject.toml $(CHECKED)

templates: setup .cache/checks/.ready
	cdk synth --quiet -c env=prod.example --output .cache/checked
	.cache/checks/bin/checkov --directory .cache/checked --framework cloudformation --compact --quiet --skip-download

audit: setup .cache/checks/.ready
	.cache/checks/bin/python checks/audit.py

gates: setup
	python -m pytest -q -m gate tests/infra

bench: setup ## what Pulse costs in time and money, against floors and peers measured in the same run
	@python -m benchmarks.cold_start
	@python -m benchmarks.warm_submission
	@python -m benchmarks.thousand_drops
	@python -m benchmarks.alert_delay
	@python -m benchmarks.cost_of_pulse
	@python -m benchmarks.reading
	@python -m benchmarks.training

simulate: setup ## Pulse in virtual time, every order and fault by a seed (SEED=7 FOR=60s REQUESTS=100000)
	@python -m tests.simulation $(if $(SEED),--seed $(SEED)) $(if $(FOR),--for $(FOR)) $(if $(REQUESTS),--requests $(REQUESTS))

mutants: setup ## small faults in the domain and the services, and how many of them the tests catch (ARGS="--seed 2 --count 50")
	@python -m tests.mutation $(ARGS)

local: setup ## AWS on this machine with Pulse deployed to it; stays up until Ctrl+C
	@pulse local up

synth: setup ## the CloudFormation templates, into cdk.out (ENV=name)
	@cdk synth --quiet $(ENVIRONMENT)

deploy: setup ## to AWS, with the credentials of your shell (ENV=name)
	@test -n "$(ENV)" || { echo "Which environment? make deploy ENV=prod reads config/prod.yaml over config/default.yaml"; exit 2; }
	cdk deploy --all $(CDK_OPTIONS) $(ENVIRONMENT)

destroy: setup ## the stacks of ENV=name; buckets and the ledger are retained
	@test -n "$(ENV)" || { echo "Which environment? make destroy ENV=prod"; exit 2; }
	cdk destroy --all $(ENVIRONMENT)

lock: ## compile each requirements.in to its requirements.txt, with the hashes of all packages
	@for folder in lambdas training sidecar localaws checks .; do \
	  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --generate-hashes $$folder/requirements.in -o $$folder/requirements.txt; done

clean: ## what make made (not .localaws: `pulse local down --erase` does that)
	rm -rf .venv node_modules .cache cdk.out
