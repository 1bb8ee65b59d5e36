# `make help` lists the targets. All of them work in .venv, which the first one makes.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
DISTRIBUTIONS := core sdk plugins/pcap_input plugins/net_handler plugins/dns_handler
TOOLS := pytest pytest-benchmark pytest-xdist hypothesis dnspython impacket mypy ruff import-linter build zstandard
SOURCES := core/src sdk plugins tests docs
PYTEST := $(PY) -m pytest -n 2 -q
export OPENBLAS_NUM_THREADS := 1
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test slow check bench build conformance survival docs format clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(VENV)/installed: constraints.txt $(DISTRIBUTIONS:%=%/pyproject.toml)
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install -q -c constraints.txt $(DISTRIBUTIONS:%=-e %) $(TOOLS) setuptools==83.0.0 Cython==3.3.1
	touch $@

build: $(VENV)/installed ## compile the kernels that changed, in place
	@cd core && ../$(PY) -c "import setuptools; setuptools.setup()" -q build_ext --inplace >build.log 2>&1 || { cat build.log; exit 1; }

demo: build ## summarize the sample capture
	$(VENV)/bin/pktvisor-pcap --summary --periods 1 -H 192.0.2.53/32,198.51.100.53/32,2001:db8:1::53/128,2001:db8:2::53/128 samples/dns-lab.pcap

test: build ## run the tests
	$(PYTEST) -m "not slow"

slow: build ## run the slow tests: wheels in empty environments, all captures, floods
	$(PYTEST) -m slow

check: build ## what CI runs: format, lint, types, import contracts, generated pages, tests
	$(PY) -m ruff format --check $(SOURCES)
	$(PY) -m ruff check $(SOURCES)
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) docs/generate.py --check
	$(PYTEST) -m "not slow"

bench: build ## packets per CPU second, and the ratio to tcpdump -nn over the same file
	$(PY) -m tests.benchmarks.bench

conformance: build ## compare with what the original answers, capture by capture
	$(PY) -m pytest -q -s -n 0 tests/conformance/test_reader_reference.py

survival: build ## every capture at hand: survive, and count what the oracle counts
	$(PY) -m pytest -q -s -n 0 -m "slow or not slow" tests/conformance/test_capture_oracles.py

docs: build ## write the generated reference pages
	$(PY) docs/generate.py

format: build ## format the sources
	$(PY) -m ruff format $(SOURCES)
	$(PY) -m ruff check --fix $(SOURCES)

clean: ## remove what was built
	rm -rf $(VENV) core/build core/build.log .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find core/src -name '*.so' -delete
