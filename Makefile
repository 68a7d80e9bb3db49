# make run    sets everything up, runs the smoke tier, prints the verdicts and writes the report
# make test   sets everything up and runs the tests
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: run test lint format bench clean

run: $(READY)
	$(BIN)/claimbench run --tier smoke

test: $(READY)
	$(BIN)/pytest tests
	$(BIN)/pytest suite --deterministic
	$(BIN)/claimbench report --check

# Import-linter and pyright cannot follow the mapped folders of an ordinary editable install, hence the strict one.
lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pip install --quiet --no-deps --config-settings editable_mode=strict -e .
	$(BIN)/lint-imports
	$(BIN)/pyright
	$(BIN)/pip install --quiet --no-deps -e .

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	for file in $(filter-out %_gpu.py,$(wildcard benchmarks/*.py)); do $(BIN)/python -P $$file || exit 1; done

$(READY): pyproject.toml setup.py constraints.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'claimbench needs Python 3.11 or newer; try make PYTHON=python3.12')"
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt "torch==2.13.0"
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[llm,peers,dev]"
	@# trueskill has no wheel: where it does not build, what compares with these packages is skipped and says so.
	-$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[arena]"
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info
