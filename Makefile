# `make help` lists the targets. All of them work in .venv, which the first one makes.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
DISTRIBUTIONS := core sdk plugins/pcap_input plugins/net_handler plugins/dns_handler \
  plugins/pcap_handler plugins/input_resources_handler plugins/mock_input
COMPILED := core plugins/pcap_input
TOOLS := opentelemetry-proto pytest pytest-benchmark pytest-xdist hypothesis dnspython impacket mypy ruff import-linter build zstandard jsonschema httpx schemathesis
SOURCES := core sdk plugins tests docs
PYTEST := $(PY) -m pytest -n 2 -q
# pytest ends with 5 when it found no tests, which a lane may have.
NONE_IS_FINE := || [ $$? -eq 5 ]
SAMPLE_HOSTS := 192.0.2.53/32,198.51.100.53/32,2001:db8:1::53/128,2001:db8:2::53/128
FONT := /usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf
FUZZ_SECONDS ?= 300
export OPENBLAS_NUM_THREADS := 1
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test lint slow check bench fuzz build tools conformance replay reference survival mutate docs pictures format clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(VENV)/installed: constraints.txt $(DISTRIBUTIONS:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed, not $$($(PYTHON) --version 2>&1): make PYTHON=python3.11 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install -q -c constraints.txt $(DISTRIBUTIONS:%=-e %) $(TOOLS) setuptools==83.0.0 Cython==3.3.1
	@touch $@

build: $(VENV)/installed ## compile the kernels that changed, in place
	@for d in $(COMPILED); do (cd $$d && $(CURDIR)/$(PY) -c "import setuptools; setuptools.setup()" -q build_ext --inplace >build.log 2>&1 || { cat build.log; exit 1; }) || exit 1; done

demo: build ## summarize the sample capture
	$(VENV)/bin/pktvisor-pcap --summary --periods 1 -H $(SAMPLE_HOSTS) samples/dns-lab.pcap

test: build ## run the tests
	$(PYTEST) -m "not slow"

lint: build ## format, lint, types, import contracts, generated pages
	$(PY) -m ruff format --check $(SOURCES)
	$(PY) -m ruff check $(SOURCES)
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) docs/generate.py --check

check: lint test ## what a change must pass: lint and test

slow: build tools ## run the slow tests: wheels in empty environments, all captures, floods
	$(PYTEST) --dist loadfile -m slow $(NONE_IS_FINE)

bench: build tools ## packets per CPU second, and the ratio to tcpdump -nn over the same file
	$(PY) -m tests.benchmarks.bench
	$(PY) -m tests.benchmarks.doors

conformance: build ## compare with what the original answers, capture by capture
	$(PY) -m pytest -q -s -n 0 -m "slow or not slow" tests/conformance/test_reader_reference.py $(NONE_IS_FINE)

reference: build ## what the original and its tests say of each handler, row by row, and whether we say so
	$(PY) -m pytest -v -s -n 0 $(addprefix tests/conformance/test_,net1.py net2.py dns1.py dns2.py chains.py handler_references.py)

replay: build ## ask our API what the original was asked, and compare the answers
	$(PY) -m pytest -q -s -n 0 tests/conformance/test_api_replay.py

survival: build ## every capture at hand: survive, and count what the oracle counts
	$(PY) -m pytest -q -s -n 0 -m "slow or not slow" tests/conformance/test_capture_oracles.py $(NONE_IS_FINE)

mutate: build ## captures with changed bytes and cut anywhere: nothing crashes, every packet counts once
	$(PYTEST) -m "slow or not slow" tests/conformance/test_mutations.py $(NONE_IS_FINE)

tools: ## install the programs some tests compare with (tcpdump, tshark, editcap), as root on Debian
	@.ci/tools tcpdump tshark editcap:wireshark-common ip:iproute2 tcpreplay dig:bind9-dnsutils dnsmasq:dnsmasq-base tmux prometheus promtool:prometheus

fuzz: build ## minutes of guided fuzzing of each target (FUZZ_SECONDS=300); findings are kept as regressions
	@$(PY) -c "import atheris" 2>/dev/null || $(PY) -m pip install -q -c constraints.txt atheris || { echo "fuzz: SKIPPED: atheris does not install on this Python"; exit 0; }; \
	$(PY) -c "import atheris" 2>/dev/null || exit 0; \
	for target in captures dns_packets; do \
	  echo "fuzz: $$target"; $(PY) -m tests.fuzz.fuzz_$$target -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -print_final_stats=1 || exit 1; \
	done

pictures: build tools ## make the pictures of docs/terminal.md, as root: some four minutes
	@.ci/tools $(FONT):fonts-dejavu-core
	$(PY) -m pip install -q -c constraints.txt pillow
	$(PY) -m docs.pictures

docs: build ## write the generated reference pages
	$(PY) docs/generate.py

format: build ## format the sources and mend what the linter can
	$(PY) -m ruff check --fix-only $(SOURCES)
	$(PY) -m ruff format $(SOURCES)

clean: ## remove what was built
	rm -rf $(VENV) $(COMPILED:%=%/build) $(COMPILED:%=%/build.log) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find $(COMPILED:%=%/src) -name '*.so' -delete
