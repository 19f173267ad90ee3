# The two commands that matter are `make run` and `make test`.

VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed

# What is compiled once is kept (`make clean` removes it): the tests start many processes.
unexport PYTHONDONTWRITEBYTECODE

# A virtual environment whose interpreter is gone, as after a move to another machine, is made anew.
$(shell test ! -e $(INSTALLED) || $(PYTHON) -c '' 2>/dev/null || rm -f $(INSTALLED))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test lint format messages manage demo-password clean

help:  ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 24

run: setup  ## start the registry with a database of its own on http://127.0.0.1:8000 (PORT=8001 changes it)
	@$(PYTHON) -m firenze_digitale.local.run

test: lint  ## check style, then run all tests on a PostgreSQL of their own (ARGS="tests/local -x" narrows them)
	@$(PYTHON) -m pytest $(ARGS)

setup: $(INSTALLED)  ## make the virtual environment and install what is pinned

lint: setup  ## check style of code and templates
	@$(PYTHON) -m ruff check --quiet .
	@$(PYTHON) -m ruff format --quiet --check . || { echo "Some files are not formatted: run \`make format\`." >&2; exit 1; }
	@$(PYTHON) -m djlint --lint --quiet templates

format: setup  ## put code into shape
	@$(PYTHON) -m ruff check --quiet --fix-only .
	@$(PYTHON) -m ruff format --quiet .

manage: setup  ## call manage.py on the database of `make run`: make manage CMD="createsuperuser"
	@$(PYTHON) -m firenze_digitale.local.manage $(CMD)

demo-password: setup  ## give the demo accounts a new password (DEMO_PASSWORD, or a random one)
	@$(PYTHON) -m firenze_digitale.local.manage create_demo_accounts --reset-password

messages: setup  ## bring the Italian catalogues up to date and compile them
	@$(PYTHON) -m firenze_digitale.local.messages

clean:  ## remove what can be made again; the data of `make run`, in .local/run, stay
	@rm -rf $(VENV) .local/test staticfiles .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Another interpreter than the first that fits is chosen by: make setup PYTHON3=/path/to/python3.12
PYTHON3 ?= $(shell for name in python3.11 python3 python3.12 python3.13 python3.14 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$name; break; }; done)

$(INSTALLED): requirements.txt requirements-dev.txt
	@test -n "$(PYTHON3)" || { echo "Python 3.11 or later is needed, and none was found on PATH." >&2; exit 1; }
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { \
		$(PYTHON3) -c 'import ensurepip, venv' 2>/dev/null || { \
			echo "$(PYTHON3) cannot make virtual environments here. On Debian or Ubuntu, install them as root with:" >&2; \
			echo "  apt-get install $$($(PYTHON3) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" >&2; \
			exit 1; }; \
		echo "Making the virtual environment in $(VENV) …"; \
		$(PYTHON3) -m venv --clear $(VENV); }
	@echo "Installing the pinned requirements …"
	@$(PYTHON) -m pip install -qq --no-input --disable-pip-version-check -r requirements-dev.txt
	@touch $@
