# The desk's commands. On a machine with Python >= 3.11, make and a network, `make run` alone does everything.
PYTHON ?= python3
PORT ?= 8000
ONLY ?=
VENV := .venv/bin/python
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup run test soak lint bench python

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-7s %s\n", $$1, $$2}' Makefile

python:
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { echo "Tradingdesk: there is no $(PYTHON); choose one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tradingdesk: Python 3.11 or newer is needed, $(PYTHON) is $$("$(PYTHON)" --version 2>&1); choose another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }

setup: python ## install what is missing: .venv, npm packages, static files
	@"$(PYTHON)" -m tradingdesk.local.setup

run: setup ## run the whole desk at http://127.0.0.1:8000 (PORT= changes it); Ctrl-C stops it
	@exec $(VENV) -m tradingdesk.local.supervisor --port "$(PORT)" --end-with-parent

test: setup ## all tests, with their own PostgreSQL and Redis
	@$(VENV) -m tradingdesk.local.browser
	@exec $(VENV) -m pytest -n 2

soak: setup ## the long counts of the race, crash and property tests
	@exec $(VENV) -m pytest -m soak --timeout 3600

lint: setup ## ruff, types, layers, migrations, deployment checks
	@$(VENV) -m ruff check .
	@$(VENV) -m ruff format --check .
	@$(VENV) -m mypy .
	@.venv/bin/lint-imports
	@$(VENV) manage.py makemigrations --check --dry-run
	@HTTPS=true $(VENV) manage.py check --deploy --fail-level WARNING

bench: setup ## the benchmarks beside their yardsticks, into var/bench.json (ONLY=name for one)
	@exec $(VENV) -m tests.bench $(ONLY)
