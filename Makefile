# A machine with python3 (3.11 or newer, with venv) and a way to the package index is enough.
# PYTHON=python3.13 picks another interpreter; UV=/path/to/uv another uv than the one fetched here.

PYTHON ?= python3
TOOLS := .tools
UV ?= $(or $(shell command -v uv 2>/dev/null),$(TOOLS)/bin/uv)
BIN := .venv/bin
JOBS ?= 2
# The tests that have a long form.
PROOFS = tests/proofs tests/unit/test_exchange_law.py tests/unit/test_limits_oracle.py \
  tests/unit/test_replay.py
SYNC = $(UV) sync --frozen --quiet --compile-bytecode --python $(PYTHON)
# Where the index is behind a certificate that only this system knows, uv has to be told to look.
SYSTEM_CERTS = UV_SYSTEM_CERTS=true UV_NATIVE_TLS=true
CA_BUNDLE = $(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt \
  /etc/ssl/cert.pem))

# uv keeps its cache in the home folder; without a writable one it keeps it here.
ifeq ($(shell test -n "$$HOME" && test -w "$$HOME" && echo yes),)
export UV_CACHE_DIR ?= $(CURDIR)/$(TOOLS)/cache
endif
unexport VIRTUAL_ENV
unexport PYTHONPATH
# Without its bytecode every server that a test starts compiles the whole house again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check lint fix types floors bench docs pictures proof mutants node clean

help:
	@echo "make demo    the whole way of an order on the paper market, through a real MCP client"
	@echo "make test    the tests (PYTEST='-k halt' narrows them, JOBS=0 runs one at a time)"
	@echo "make check   lint, types, floors, tests: what CI does"
	@echo "make bench   the benchmarks, as ratios"
	@echo "make node    Node and the third-party MCP clients that tests/clients drive"
	@echo "make docs    write the generated pages again"
	@echo "make pictures  play a month at the paper desk and draw the README's pictures"
	@echo "make proof   the long forms of the proofs, and a table of their figures: hours"
	@echo "make mutants   break risk/, vault/ and orders/ everywhere, and see what notices: hours"
	@echo "make fix     format, and mend what the linter can"
	@echo "make clean   remove everything that was fetched or built here"

demo: .venv/.run-ready
	@$(BIN)/strikedesk demo $(DEMO)

test: .venv/.dev-ready
	@$(if $(COVERAGE),$(BIN)/coverage run -m pytest,$(BIN)/pytest) -n $(JOBS) --dist loadscope $(PYTEST)

check: lint types floors test

lint: .venv/.dev-ready
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

fix: .venv/.dev-ready
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

types: .venv/.dev-ready
	@$(BIN)/pyright

floors: .venv/.dev-ready
	@$(BIN)/lint-imports

bench: .venv/.dev-ready
	@$(BIN)/python -m benchmarks $(BENCH)

docs: .venv/.dev-ready
	@$(BIN)/python docs/write_reasons.py

pictures: .venv/.dev-ready
	@$(BIN)/python docs/draw_pictures.py

proof: .venv/.dev-ready
	@rm -f proof-results.jsonl
	@STRIKEDESK_TEST_PROOF=1 $(BIN)/pytest -n $(JOBS) --dist loadscope $(PROOFS); held=$$?; \
	  $(BIN)/python -m tests.proof && exit $$held

# Fetched for the occasion: nobody else needs it.
mutants: .venv/.dev-ready
	@$(UV) run --quiet --frozen --no-sync --python $(BIN)/python --with 'mutmut==3.8.1' \
	  mutmut run $(MUTANTS)

node: tests/clients/node_modules/.ready

clean:
	rm -rf $(TOOLS) .venv build dist mutants tests/clients/node_modules benchmarks/results \
	  proof-results.jsonl .coverage .coverage.* .hypothesis .import_linter_cache .pytest_cache .ruff_cache
	find src tests benchmarks docs migrations -name __pycache__ -type d -exec rm -rf {} +

$(TOOLS)/bin/uv:
	@echo "Fetching uv into $(TOOLS) ..."
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'

# A demo needs no tools for tests; whoever has them keeps them.
.venv/.run-ready: uv.lock pyproject.toml | $(UV)
	@echo "Setting up .venv ..."
	@$(SYNC) --no-dev --inexact 2>/dev/null || $(SYSTEM_CERTS) $(SYNC) --no-dev --inexact
	@touch $@

.venv/.dev-ready: uv.lock pyproject.toml | $(UV)
	@echo "Setting up .venv with the tools for tests ..."
	@$(SYNC) 2>/dev/null || $(SYSTEM_CERTS) $(SYNC)
	@touch $@ .venv/.run-ready

tests/clients/node_modules/.ready: tests/clients/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: see https://nodejs.org"; exit 1; }
	@NODE_EXTRA_CA_CERTS=$(CA_BUNDLE) npm ci --prefix tests/clients --no-audit --no-fund --loglevel=error
	@touch $@
