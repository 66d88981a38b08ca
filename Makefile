# What a person types in a checkout. Everything is installed into the folder .venv; nothing outside the checkout is touched.
# A Python of 3.11 to 3.13 is looked for; name another one so: make PYTHON=python3.12 test
.POSIX:
.SUFFIXES:

VENV = .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet
# More for pytest, as in: make test TESTS=tests/model
TESTS = tests
# A file's tests stay together, and files begin in the order of tests/conftest.py: what takes minutes first.
SIDE_BY_SIDE = -n auto --dist loadfile --no-loadscope-reorder
# Which parts of the proof, and more, as in: make proof PROOF="kills --share 0.1"
PROOF =
# More for the benchmarks, as in: make bench BENCH="--size small --case quiet"
# or: make bench-timetable BENCH="--database postgresql+psycopg://postgres@127.0.0.1/test"
BENCH =

help:
	@echo 'make demo        everything once, on this machine: a made-up college, a local Exchange, three nights'
	@echo 'make test        all tests'
	@echo 'make test-quick  the tests that take no more than a few seconds'
	@echo 'make proof       what is promised, proved in full, with its figures: hours; PROOF="kills --share 0.1" is a tenth of a part'
	@echo 'make lint        ruff, for mistakes and for form'
	@echo 'make types       mypy --strict'
	@echo 'make bench       how fast a night is, beside the least it can take and beside others; BENCH="--size small" is a tenth of it'
	@echo 'make wheel       the wheel, in dist/'
	@echo 'make bench-timetable, make bench-keys'
	@echo '                 a million meetings read, in meetings a second and memory, from SQLite or, by BENCH="--database URL",'
	@echo '                 from a PostgreSQL or MariaDB server; what the two forms of keys cost'
	@echo 'make supply-chain'
	@echo '                 known weaknesses and licences of what is installed, and its list: dist/sbom.cdx.json'
	@echo 'make clean       remove what the above have made'

demo: $(VENV)/.runtime
	@$(BIN)/python -m timetable_sync demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(TESTS)

test-quick: $(VENV)/.dev
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m 'not slow' $(TESTS)

proof: $(VENV)/.dev $(VENV)/.fuzz
	@$(BIN)/python -m tests.proof $(PROOF)

lint: $(VENV)/.dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

types: $(VENV)/.dev
	$(BIN)/python -m mypy --strict

bench: $(VENV)/.dev
	@$(BIN)/python -m benchmarks $(BENCH)

wheel: $(VENV)/.dev
	$(BIN)/python -m build --wheel --no-isolation .

bench-timetable: $(VENV)/.dev
	@$(BIN)/python -m benchmarks.timetable $(BENCH)

# The shared data lie beside the checkout; elsewhere: make NIGHTS=/path/to/university-nights-2024S2.sqlite bench-keys
NIGHTS = ../shared/data/university-nights-2024S2.sqlite
bench-keys: $(VENV)/.dev
	$(BIN)/python -m benchmarks.keys $(NIGHTS)

# pip-audit and the maker of the SBOM have an environment of their own: they are no part of what is looked at.
supply-chain: $(VENV)/.dev $(VENV)-audit/.done
	@$(BIN)/python requirements/licences.py
	@$(VENV)-audit/bin/python requirements/audit.py
	@mkdir -p dist
	@$(VENV)-audit/bin/cyclonedx-py requirements requirements/runtime.txt --pyproject pyproject.toml --mc-type application \
	    --output-reproducible --of JSON -o dist/sbom.cdx.json 2>/dev/null
	@echo "dist/sbom.cdx.json: $$(grep -c '"purl"' dist/sbom.cdx.json) packages, CycloneDX"

clean:
	rm -rf $(VENV) $(VENV)-audit dist build timetable-sync-demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Each of these is an empty file that says when its step was last done.
$(VENV)/.made: requirements/choose-python
	@if PYTHON=$(BIN)/python requirements/choose-python >/dev/null 2>&1; then echo 'Using the $(VENV) that is there'; else \
	    python=$$(requirements/choose-python) && echo "Making $(VENV) with $$("$$python" --version)" && \
	    "$$python" -m venv --clear $(VENV); fi
	@touch $@

$(VENV)/.runtime: $(VENV)/.made requirements/runtime.txt requirements/build.txt pyproject.toml
	@echo 'Installing what timetable-sync needs into $(VENV): once, about a minute'
	@$(PIP) install --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	@echo 'Installing what its tests need'
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

# The fuzzer that is guided by coverage has wheels for Linux and macOS only: elsewhere that part of the proof says that it is not there.
$(VENV)/.fuzz: $(VENV)/.dev requirements/fuzzing.txt
	@$(PIP) install --require-hashes -r requirements/fuzzing.txt || echo 'The fuzzer cannot be installed here'
	@touch $@

$(VENV)-audit/.done: $(VENV)/.made requirements/audit.txt
	@$(BIN)/python -m venv --clear $(VENV)-audit
	@$(VENV)-audit/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/audit.txt
	@touch $@

.PHONY: help demo test test-quick proof lint types bench wheel bench-timetable bench-keys supply-chain clean
