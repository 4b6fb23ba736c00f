# Everything goes through these: `make run` needs nothing but Python 3.11 or newer.
.DEFAULT_GOAL := run
.PHONY: run demo test lint bench chaos catalogues

BIN := .venv/bin
TRANSLATIONS := helpdesk/translations
COMPILED := $(patsubst %.po,%.mo,$(wildcard $(TRANSLATIONS)/*/LC_MESSAGES/*.po))
# Tests side by side, each quarter with servers of its own; those that start the service wait most of the time
# and follow one another in two lines, so there is work for two more than two processors.
ABREAST := -n 4 --dist loadgroup
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# The first of these that is new enough; `make PYTHON=/path/to/python` chooses another.
IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c '$(IS_NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)

run: .venv/.installed $(COMPILED)
	@$(BIN)/helpdesk up

demo: .venv/.installed $(COMPILED)
	@$(BIN)/helpdesk demo

test: lint $(COMPILED)
	$(BIN)/pytest $(ABREAST)

lint: .venv/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.installed-dev $(COMPILED)
	$(BIN)/python -m benchmarks.clock
	$(BIN)/python -m benchmarks.rosters
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.search
	$(BIN)/python -m benchmarks.alarms
	$(BIN)/python -m benchmarks.figures
	$(BIN)/python -m benchmarks.register

# 2,000 alarms in a minute, and every two seconds something is killed; on both databases.
chaos: .venv/.installed-dev $(COMPILED)
	HELPDESK_CHAOS="2000 60" $(BIN)/pytest tests/stories/test_chaos.py -s

# After a change of texts: collect them, then translate what is new in the .po files.
catalogues: .venv/.installed
	$(BIN)/pybabel extract -F babel.cfg -k _l -k lazy_gettext --omit-header --sort-by-file -o $(TRANSLATIONS)/messages.pot .
	$(BIN)/pybabel update --omit-header -i $(TRANSLATIONS)/messages.pot -d $(TRANSLATIONS)

%.mo: %.po | .venv/.installed
	@$(BIN)/pybabel --quiet compile -i $< -o $@

.venv/.installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing Helpdesk into .venv (the first time this takes a minute) ..."
	@$(INSTALL) -e .
	@touch $@

.venv/.installed-dev: .venv/.installed
	@echo "Installing what the tests need into .venv ..."
	@$(INSTALL) -e '.[dev]'
	@touch $@

.venv/bin/python:
	@"$(PYTHON)" -c '$(IS_NEW_ENOUGH)' 2>/dev/null || { \
		echo "Helpdesk needs Python 3.11 or newer: install it, or name it with make PYTHON=/path/to/python" >&2; \
		exit 1; }
	@"$(PYTHON)" -m venv .venv
