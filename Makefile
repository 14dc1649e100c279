# Everything that is done to Alongside by hand or by CI. Each target makes first what it needs,
# so each works as the first command in a fresh clone, given Python 3.11+ and make.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:

BIN := .venv/bin
# Extra arguments, as in: make test ARGS="tests/xapi -k voiding"
ARGS ?=

# What was made is remembered by a stamp; a stamp without the thing that it stands for is dropped.
DROPPED := $(foreach pair,venv:$(BIN)/python installed:$(BIN)/alongside node:node_modules/esbuild \
	assets:lti_tool/static/manifest.json test-lrs:tests/services/lrs/node_modules/xapi-statements,\
	$(if $(wildcard $(word 2,$(subst :, ,$(pair)))),,.make/$(word 1,$(subst :, ,$(pair)))))
ifneq ($(wildcard $(DROPPED)),)
$(shell rm -f $(DROPPED))
endif

# Node of this machine where it is new enough, else the one that the Python environment brings.
NODE_PATH_FIRST = if ! node -e 'process.exit(parseInt(process.versions.node) < 18)' 2>/dev/null \
	|| ! command -v npm >/dev/null; then export PATH="$(CURDIR)/$(BIN):$$PATH"; fi
NPM_CI = npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

help: ## this list
	@echo "Alongside: peer discussion and reflection inside any LTI 1.3 course. First try: make demo"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile
	@echo && echo '  demo, test and bench take more with ARGS, as in: make test ARGS="tests/xapi -k voiding"'

setup: .make/installed .make/assets ## the Python environment, node packages and page assets (the others call it)

demo: setup ## runs tool, worker, sandbox LMS and LRS with a believable course; Ctrl-C stops it
	@exec $(BIN)/alongside demo $(ARGS)

demo-reset: setup ## clears the demo's data; the next make demo begins anew
	@exec $(BIN)/alongside demo --reset

test: setup .make/test-lrs ## all tests, on real browsers, databases and LRSs
	@$(BIN)/python -m tests.services.install
	@$(BIN)/pytest -n 2 --dist worksteal --durations=30 --durations-min=5 $(ARGS)

bench: setup .make/test-lrs ## the benchmark tables
	@exec $(BIN)/python -m tests.bench $(ARGS)

lint: setup ## the static checks: ruff, mypy, layers
	@echo "ruff" && $(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	@echo "mypy" && $(BIN)/mypy --no-error-summary
	@echo "import-linter" && $(BIN)/lint-imports --no-logo --no-cache > .make/lint-imports.log || { cat .make/lint-imports.log; exit 1; }
	@echo "project" && $(BIN)/pytest -q --no-header -p no:cacheprovider tests/project

format: .make/venv ## puts the code in order as lint wants it
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

messages: .make/venv ## collects the pages' words, for translators, in lti_tool/translations/*/LC_MESSAGES/messages.po
	@$(BIN)/pybabel -q extract -F lti_tool/translations/extract.cfg -k lazy_gettext -k plural:1,2 --omit-header \
		--no-location --ignore-dirs "node_modules .* tests" -o .make/messages.pot .
	@$(BIN)/pybabel -q update -i .make/messages.pot -d lti_tool/translations --no-fuzzy-matching --ignore-obsolete --width 100

assets: .make/venv .make/node ## bundles the page assets again and again while they are worked on
	@$(NODE_PATH_FIRST); exec node lti_tool/assets/build.mjs --watch

UV_COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --custom-compile-command "make lock"
LOCK_NPM = npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved \
	--no-audit --no-fund --loglevel=error

lock: .make/venv ## writes requirements/*.txt and package-lock.json anew (UPGRADE=1: with the newest versions)
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) --group dev pyproject.toml -o requirements/dev.txt
	@$(UV_COMPILE) $(if $(UPGRADE),--upgrade) --constraint requirements/dev.txt pyproject.toml -o requirements/runtime.txt
	@$(UV_COMPILE) --constraint requirements/dev.txt --group build -o requirements/build.txt
	@$(NODE_PATH_FIRST); $(LOCK_NPM); cd tests/services/lrs && $(LOCK_NPM)

clean: ## removes all that was made, but not the demo's data
	@rm -rf .venv .make node_modules tests/services/lrs/node_modules lti_tool/static build dist test-results
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help setup demo demo-reset test bench lint format messages assets lock clean

# How the parts are made

.make/venv: requirements/dev.txt
	@mkdir -p .make
	@python=$$(requirements/find-python) && echo "Python environment in .venv, with $$($$python --version)" && \
		$$python -m venv .venv
	@PYTHONUNBUFFERED=1 $(BIN)/python -m pip install --disable-pip-version-check --no-input \
		--require-hashes -r requirements/dev.txt | $(BIN)/python requirements/show_progress.py requirements/dev.txt
	@touch $@

.make/installed: .make/venv pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps \
		--no-build-isolation --editable .
	@touch $@

.make/node: package.json package-lock.json | .make/venv
	@echo "Node packages"
	@$(NODE_PATH_FIRST); $(NPM_CI) >/dev/null
	@touch $@

.make/assets: .make/node $(shell find lti_tool/assets -type f 2>/dev/null)
	@echo "Page assets"
	@$(NODE_PATH_FIRST); node lti_tool/assets/build.mjs
	@touch $@

.make/test-lrs: tests/services/lrs/package.json tests/services/lrs/package-lock.json | .make/venv
	@echo "A foreign LRS for the tests (half a minute)"
	@$(NODE_PATH_FIRST); cd tests/services/lrs && $(NPM_CI) >/dev/null
	@touch $@
