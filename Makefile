# The verbs. Each makes what it needs (`.venv`, compiled extensions) when it is absent, and ends by itself (`serve` apart).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find relay -name "*.py" -o -name "*.pyx" -o -name "*.pxd")

.PHONY: venv demo serve test slow bench load accept quality lint fuzz build trace

venv: $(VENV)/.built                       ## .venv with relay in place, compiled, and the test tools

$(VENV)/.built: $(VENV)/.ready $(SOURCES)
	$(BIN)/python setup.py -q build_ext --inplace
	touch $@

$(VENV)/.ready: setup.py pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install -q --disable-pip-version-check --group build --group test --group lint -e .
	touch $@

build: venv                                ## compile in place, warnings are errors
	$(BIN)/python tests/compile.py

demo: venv                                 ## one streamed request through relay, shown
	$(BIN)/python -m relay.run.show

serve: venv                                ## relay with the embedded provider, until Ctrl-C
	$(BIN)/relay serve

lint: venv                                 ## ruff, mypy, cython-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" cython-lint relay/_core

test: build lint                           ## lint, types, compile without warnings, fast tests; at most 10 minutes
	sh tests/servers.sh
	$(BIN)/pytest -n 2 -m "not slow and not accept"

slow: venv                                 ## system, soak and load-gate tests
	sh tests/servers.sh
	$(BIN)/pytest -m "slow and not accept" --timeout 1800

accept: venv                               ## Claude Code and Codex against relay
	$(BIN)/pytest -m accept --timeout 900

bench: venv                                ## time each unit of _core
	$(BIN)/pytest bench -o python_files='bench_*.py' --benchmark-enable --benchmark-only

load: venv                                 ## the whole process beside nginx and aiohttp, as ratios
	sh tests/servers.sh
	$(BIN)/python bench/load.py

quality: venv $(VENV)/.quality             ## how well redaction finds personal data, beside other finders
	$(BIN)/python -m tests.quality

$(VENV)/.quality: $(VENV)/.ready
	$(BIN)/python -m pip install -q --disable-pip-version-check --group quality
	touch $@

fuzz: venv                                 ## fuzz the parsers under AddressSanitizer, 10 minutes each
	$(BIN)/python tests/fuzz/run.py

trace: venv                                ## a build with line tracing, for coverage of _core
	RELAY_TRACE=1 $(BIN)/python setup.py build_ext --inplace --force
