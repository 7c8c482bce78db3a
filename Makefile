# Everything a person needs, on a machine with Python 3.11 or newer and make. `make help` lists it.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
JOBS ?= 2
SEED ?= 1
FAULTS ?= 40
EVENTS ?= 1000000
FUZZ ?= 20

BIN := $(VENV)/bin
UV := $(BIN)/uv
PYTEST := $(BIN)/python -m pytest
# Files of tests side by side, each job with servers of its own: much of a test is waiting. JOBS=0 is one after the other.
SIDE_BY_SIDE = -n $(JOBS) --dist loadfile
JARS := infra/kafka/target/jars/.complete
ARCHIVE := infra/kafka/target/kafka.jsa
COMPILE = $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

# uv looks certificates up where the system keeps them and compiles for a quick first start.
export UV_NATIVE_TLS ?= 1
export UV_COMPILE_BYTECODE ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1

.DEFAULT_GOAL := help
.PHONY: help run test check test-kafka soak test-browser test-torch bench kafka-jars lock clean
.DELETE_ON_ERROR:

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: $(VENV)/.run ## start everything and print the address (ARGS="--no-demo", ARGS="--broker apache")
	@$(BIN)/yeon up $(ARGS)

test: check ## formatting, lint, types, import rules, and every test on the embedded stack
	$(PYTEST) $(SIDE_BY_SIDE) -m "not kafka and not torch and not browser" $(ARGS)

check: $(VENV)/.dev ## what needs no running part: formatting, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

test-kafka: $(VENV)/.dev $(ARCHIVE) ## stories and faults on a real Apache Kafka (needs Java 17 and Maven)
	$(PYTEST) $(SIDE_BY_SIDE) --broker apache -m "not torch and not browser" tests/stories tests/faults $(ARGS)
	$(PYTEST) --broker apache -m kafka --ignore=tests/stories --ignore=tests/faults $(ARGS)

soak: $(VENV)/.dev $(ARCHIVE) ## faults on three brokers, nonsense, a million offer events (SEED=1 FAULTS=40 FUZZ=20 EVENTS=1000000)
	$(BIN)/python -m tests.commands.simulating $(SEED) $(EVENTS)
	YEON_SOAK_RESTARTS=20 $(PYTEST) --timeout 1200 tests/gateway/test_several_nodes.py
	YEON_SOAK_SEED=$(SEED) YEON_SOAK_FUZZ=$(FUZZ) $(PYTEST) -s --timeout 7200 tests/fuzz $(ARGS)
	YEON_SOAK_SEED=$(SEED) YEON_SOAK_FAULTS=$(FAULTS) $(PYTEST) --broker apache -s --timeout 7200 tests/faults $(ARGS)

test-browser: $(VENV)/.dev ## the web client in a headless browser (needs Node 20 and Chromium)
	$(PYTEST) -m browser tests/browser $(ARGS)

test-torch: $(VENV)/.torch ## the sentence-transformers encoder (downloads torch)
	$(PYTEST) -m torch $(ARGS)

bench: $(VENV)/.bench ## figures, one JSON object a line (ARGS="chat", ARGS="append", …)
	$(BIN)/python -m bench $(ARGS)

kafka-jars: $(JARS) ## Apache Kafka's jars, by Maven

$(JARS): infra/kafka/pom.xml
	@command -v mvn >/dev/null || { echo "Maven is needed: install it, or put mvn on the path." >&2; exit 1; }
	rm -rf $(dir $@)
	mvn -B -q -f $< dependency:copy-dependencies
	@touch $@

# A node of Kafka starts in two thirds of the time with its classes in an archive, and the tests start dozens.
$(ARCHIVE): $(JARS) | $(VENV)/.dev
	$(BIN)/python -m infra.kafka.archive

lock: $(VENV)/.uv ## write locks/ anew from pyproject.toml (ARGS="--upgrade" for newer versions)
	$(COMPILE) $(ARGS) pyproject.toml --group build -o locks/run.txt
	$(COMPILE) $(ARGS) pyproject.toml --group dev --extra otlp -c locks/run.txt -o locks/dev.txt
	$(COMPILE) $(ARGS) pyproject.toml --group dev --extra otlp --extra torch -c locks/dev.txt -o locks/torch.txt
	$(COMPILE) $(ARGS) pyproject.toml --group build --group bench -c locks/run.txt -o locks/bench.txt
	echo uv | $(COMPILE) $(ARGS) - -o locks/uv.txt

clean: ## remove what is built and installed; the data directory stays
	rm -rf $(VENV) infra/kafka/target .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Each stamp stands for an installed lock file. Without uv's index (a mirror only pip knows of), pip does the same.
install = $(UV) pip install -q --python $(BIN)/python $(1) || $(BIN)/python -m pip install -q $(1)

$(VENV)/.uv: locks/uv.txt
	@echo "Making $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@$(BIN)/python -m pip install -q --require-hashes -r $<
	@touch $@

$(VENV)/.run $(VENV)/.dev $(VENV)/.bench $(VENV)/.torch: $(VENV)/.%: locks/%.txt pyproject.toml $(VENV)/.uv
	@echo "Installing $<"
	@$(call install,--require-hashes -r $<)
	@$(call install,--no-deps --no-build-isolation -e .)
	@touch $@
