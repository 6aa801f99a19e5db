# The two commands of a new user are `make demo` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
export PIP_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo venv test lint soak bench kafka image clean

demo: venv  ## the embedded camera and the embedded detector, until Ctrl-C
	$(BIN)/sightline demo

venv: .venv/installed

test: .venv/installed-dev  ## everything but what takes minutes by nature; LANES="bus doors" runs some
	$(BIN)/python tests/lanes.py $(LANES)

soak: .venv/installed-dev  ## what takes minutes by nature, whole
	SIGHTLINE_SOAK=1 $(BIN)/python -m pytest -m soak --timeout 3600

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: venv
	$(BIN)/sightline bench

kafka:  ## a real broker at 127.0.0.1:9092, until Ctrl-C; PORT= and DATA= name others
	@PYTHON=$(PYTHON) deploy/system-packages test
	@$(PYTHON) -m deploy.kafka.broker --port $(or $(PORT),9092) $(if $(DATA),--data "$(DATA)")

image:  ## the container image, run once to see that it does what it should; TAG= and ENGINE= say which
	@deploy/system-packages image
	@$(PYTHON) -m deploy.image $(if $(TAG),--tag "$(TAG)") $(if $(ENGINE),--engine "$(ENGINE)")

.venv/bin/python:
	PYTHON=$(PYTHON) deploy/system-packages run
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	PYTHON=$(PYTHON) deploy/system-packages run
	@echo "installing into .venv; this takes a minute or two"
	$(BIN)/pip install --quiet --editable '.[train]'
	touch $@

.venv/installed-dev: .venv/installed
	PYTHON=$(PYTHON) deploy/system-packages test
	$(BIN)/pip install --quiet --editable '.[train,dev]'
	touch $@

clean:
	rm -rf .venv build dist
