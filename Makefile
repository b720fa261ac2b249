# Everything that these targets install or write is in this folder: .venv, node_modules, .cache, cdk.out.
PYTHON ?= python3
VENV := .venv
SET_UP := $(VENV)/set-up
INSTANCES ?= instances.toml

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export npm_config_cache := $(CURDIR)/.cache/npm
export JSII_RUNTIME_PACKAGE_CACHE_ROOT := $(CURDIR)/.cache/jsii

.PHONY: setup demo synth template deploy check test lint bench

setup: $(SET_UP)

# A recipe that needs a shell says exec: else a signal ends the shell, and not the program.
demo: setup
	@exec python -m local_aws "$(INSTANCES)" $(INSTANCE)

synth: setup
	@cdk synth --quiet --no-notices --context instances="$(INSTANCES)" && echo "The templates are in cdk.out."

template: setup
	@test -n "$(INSTANCE)" || { echo "Name the instance: make template INSTANCE=production" >&2; exit 2; }
	@exec cdk synth --quiet --no-notices --context instances="$(INSTANCES)"
	@exec python -m ghes_packages.template "$(INSTANCES)" $(INSTANCE)

deploy: setup
	@test -n "$(INSTANCE)" || { echo "Name the instance: make deploy INSTANCE=production" >&2; exit 2; }
	@exec cdk synth --quiet --context instances="$(INSTANCES)"
	@exec ghes-packages review --deployed $(INSTANCE) --instances "$(INSTANCES)" $(addprefix --accept ,$(ACCEPT))
	@cdk deploy --app cdk.out GhesPackages-$(INSTANCE) $(CDK_DEPLOY_OPTIONS)

$(SET_UP) check test: export TMPDIR := $(CURDIR)/.cache/tmp

PYTEST = python -m pytest --numprocesses 2 --max-worker-restart 1 --dist loadfile --no-loadscope-reorder

# What to run after each edit: lint, and all tests that need neither the CDK CLI nor the embedded AWS.
check: lint
	@rm -rf $$TMPDIR && mkdir -p $$TMPDIR && exec $(PYTEST) --quick

test: setup
	@rm -rf $$TMPDIR && mkdir -p $$TMPDIR && exec $(PYTEST)

lint: setup
	@ruff check . && ruff format --check . && mypy

bench: setup
	@python -m benchmarks

$(SET_UP): requirements.txt requirements-dev.txt pyproject.toml package.json package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "This needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	@echo "Setting up $(VENV) and node_modules; this takes a minute, once." >&2
	@rm -rf $(VENV) && mkdir -p $$TMPDIR && $(PYTHON) -m venv $(VENV)
	@python -m pip install -qq --requirement requirements-dev.txt
	@python -m pip install -qq --no-deps --editable .
	@npm ci --loglevel=error --no-audit --no-fund --ignore-scripts
	@ln -sf ../../node_modules/.bin/cdk $(VENV)/bin/cdk
	@touch $@
