# Every recipe is one Python script: nothing but Python 3.11 to 3.14 and make is needed.
PYTHON ?= python3
VENV = .venv/bin/python

.PHONY: help setup setup-dev demo test lint build vectors bench bench-quick soak chaos consortium \
	nightly lock matrix dist clean

help:
	@$(PYTHON) scripts/help.py

setup:
	@$(PYTHON) scripts/setup.py

setup-dev:
	@$(PYTHON) scripts/setup.py --dev

demo: setup
	@$(VENV) scripts/demo.py

test: setup-dev
	@$(VENV) scripts/test.py

lint: setup-dev
	@$(VENV) scripts/lint.py

build: setup-dev
	@$(VENV) scripts/build.py

vectors: setup-dev
	@$(VENV) scripts/vectors.py

bench: setup-dev
	@$(VENV) scripts/bench.py

bench-quick: setup-dev
	@$(VENV) scripts/bench.py --quick --out docs/benchmarks/quick

soak: setup-dev
	@$(VENV) scripts/soak.py

chaos: setup-dev
	@$(VENV) scripts/chaos.py

consortium: setup-dev
	@$(VENV) scripts/consortium.py

nightly: setup-dev
	@$(VENV) scripts/nightly.py

lock: setup-dev
	@$(VENV) scripts/lock.py

matrix: setup-dev
	@$(VENV) scripts/matrix.py

dist: setup-dev
	@$(VENV) scripts/dist.py

clean:
	@$(PYTHON) scripts/clean.py
