# Everything that these targets install or write is in this folder: .venv, node_modules, .cache, cdk.out.
PYTHON ?= python3
VENV := .venv
INSTANCES ?= instances.toml

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export npm_config_cache := $(CURDIR)/.cache/npm
export JSII_RUNTIME_PACKAGE_CACHE_ROOT := $(CURDIR)/.cache/jsii

.PHONY: help setup demo sandbox synth template deploy check test lint bench lock clean

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /make \1@/p' $(MAKEFILE_LIST) | awk -F @ '{ printf "%-14s %s\n", $$1, $$2 }'

setup: $(VENV)/project node_modules/set-up ## install the Python packages in .venv and the npm packages in node_modules
	@:

# A recipe that needs a shell uses exec: otherwise a signal ends the shell, but not the program.
demo: setup ## deploy and verify on a local AWS emulator; needs no AWS account [INSTANCES=FILE] [INSTANCE=NAME]
	@exec python -m local_aws demo "$(INSTANCES)" $(INSTANCE)

sandbox: setup ## open a shell on a local AWS emulator, to try everything by hand [INSTANCES=FILE] [INSTANCE=NAME]
	@exec python -m local_aws sandbox "$(INSTANCES)" $(INSTANCE)

synth: setup ## write the templates to cdk.out [INSTANCES=FILE]
	@cdk synth --quiet --no-notices --context instances="$(INSTANCES)" && echo "The templates are in cdk.out."

template: setup ## write one instance's template: INSTANCE=NAME [INSTANCES=FILE]
	@test -n "$(INSTANCE)" || { echo "Name the instance: make template INSTANCE=production" >&2; exit 2; }
	@exec cdk synth --quiet --no-notices --context instances="$(INSTANCES)"
	@exec python -m ghes_packages.template "$(INSTANCES)" $(INSTANCE)

deploy: setup ## review and deploy one instance on AWS: INSTANCE=NAME [INSTANCES=FILE] [ACCEPT=RISKS]
	@test -n "$(INSTANCE)" || { echo "Name the instance: make deploy INSTANCE=production" >&2; exit 2; }
	@exec cdk synth --quiet --context instances="$(INSTANCES)"
	@exec ghes-packages review --deployed $(INSTANCE) --instances "$(INSTANCES)" $(addprefix --accept ,$(ACCEPT))
	@cdk deploy --app cdk.out GhesPackages-$(INSTANCE) $(CDK_DEPLOY_OPTIONS)

# Else every run compiles this project and its tests anew where it is set.
check test: export PYTHONDONTWRITEBYTECODE :=
check test $(VENV)/packages $(VENV)/project node_modules/set-up: export TMPDIR := $(CURDIR)/.cache/tmp

# In one process: two would load CDK twice, and synthesise the same.
check: lint ## run after each edit: lint, and the tests that need neither the CDK CLI nor the AWS emulator
	@rm -rf $$TMPDIR && mkdir -p $$TMPDIR && exec python -m pytest --quick

test: setup ## run every test
	@rm -rf $$TMPDIR && mkdir -p $$TMPDIR
	@exec python -m pytest --numprocesses 2 --max-worker-restart 1 --dist loadfile --no-loadscope-reorder

lint: setup ## check the source with ruff and mypy
	@ruff check . && ruff format --check . && mypy

bench: setup ## measure everything that has a limit, and write it to docs/performance.md
	@exec python -m benchmarks

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"

lock: setup ## pin the packages in pyproject.toml and their dependencies in requirements*.txt
	@$(LOCK) pyproject.toml --output-file requirements.txt
	@$(LOCK) pyproject.toml --group dev --output-file requirements-dev.txt
	@$(LOCK) --group installer --output-file requirements-uv.txt

clean: ## delete everything installed or written here: .venv, node_modules, .cache, cdk.out
	@rm -rf $(VENV) node_modules .cache cdk.out *.egg-info && find . -name __pycache__ -prune -exec rm -rf {} +

# Three parts: if one fails, the earlier ones are not repeated. Each writes its file when it is complete.
$(VENV)/packages: requirements-uv.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "This needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	@rm -rf $(VENV) && mkdir -p $$TMPDIR && exec $(PYTHON) install.py packages
	@ln -sf ../../node_modules/.bin/cdk $(VENV)/bin/cdk && touch $@

$(VENV)/project: pyproject.toml $(VENV)/packages
	@mkdir -p $$TMPDIR && exec $(PYTHON) install.py project
	@touch $@

node_modules/set-up: package.json package-lock.json | $(VENV)/packages
	@mkdir -p $$TMPDIR && exec $(PYTHON) install.py node_modules
	@touch $@
