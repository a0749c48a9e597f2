# Two commands matter: `make demo` and `make test`. Each makes .venv from the lock first.
.DEFAULT_GOAL := help
.PHONY: help demo test bench rate chaos prove lint format up openapi kvkk lint-openapi wheel lock clean venv

RUN := .venv/bin

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: venv ## Send an invented list of 5,000 to the pretend WhatsApp, and reconcile every message
	@$(RUN)/toplu demo

# The tests start hundreds of processes: what one of them compiled, the next one reads, whatever the shell says.
test: export PYTHONDONTWRITEBYTECODE :=
test: lint ## Everything that must hold: lint, types, contracts, and the tests on real servers
	$(RUN)/pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

bench: venv ## Measure against other designs and the limits: QUICK=1 is short, FULL=1 whole, CASES=accept,check some
	@$(RUN)/python -m tests.bench

rate: venv ## How much of WhatsApp's rate is used, steadily and when the worker is killed half way (five minutes)
	@$(RUN)/python -m tests.chaos.rate

chaos: venv ## Break everything and check: FAULTS=20 MESSAGES=5000 SEED=1, KINDS=… some; PROVE=1 removes guards
	@$(RUN)/python -m tests.chaos

prove: venv ## The long proofs: 10,000 examples of the state machine, the guards, three minutes of chaos
	STATE_MACHINE_EXAMPLES=10000 $(RUN)/pytest -q tests/unit/dispatch
	PROVE=1 $(RUN)/python -m tests.chaos
	FAULTS=30 MESSAGES=15000 $(RUN)/python -m tests.chaos

lint: venv ## Format, lint, types and the import contracts; changes nothing
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports

format: venv ## Format the code and repair what can be repaired
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

up: venv ## Run the whole stack here: servers, API, worker, pretend WhatsApp. Another port: make up ARGS="--port 8010"
	@$(RUN)/toplu up $(ARGS)

openapi: venv ## Write openapi.json anew from the code
	@$(RUN)/toplu openapi

kvkk: venv ## Write docs/kvkk.md anew from the tests' markers
	@$(RUN)/python -m tests.kvkk.document

lint-openapi: openapi ## Ask Redocly's recommended rules as well (needs node; tests/edge asks those that matter)
	npx --yes @redocly/cli@1.34.5 lint openapi.json

wheel: venv ## Build dist/toplu-*.whl
	$(RUN)/python -m build --wheel --no-isolation

# uv resolves for every platform and Python at once; pip then needs nothing but the files' hashes. Neither this
# machine's configuration nor its index may leave a trace in the locks.
UV := env -u PIP_FIND_LINKS -u PIP_INDEX_URL -u PIP_EXTRA_INDEX_URL -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL \
      .lock/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
      --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" $(UPGRADE)

lock: venv ## Write both locks anew from pyproject.toml (UPGRADE=--upgrade takes newer versions)
	$(RUN)/python -m venv --clear .lock
	.lock/bin/pip install --quiet --disable-pip-version-check uv==0.13.9
	$(UV) pyproject.toml --output-file requirements.lock
	$(UV) pyproject.toml --extra embedded --extra dev --constraints requirements.lock \
	    --output-file tests/requirements.lock
	rm -r .lock

clean: ## Remove .venv, caches and builds
	rm -rf .venv .lock build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Always asked, done in a few hundredths of a second when .venv is as the lock says: it compares digests, not dates.
venv:
	@.ci/venv
