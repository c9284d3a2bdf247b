# Two commands do everything: `make run` and `make test`. Both set up what they need first.

PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
# One more than there are cores: tests of servers and browsers wait a good part of their time.
WORKERS ?= $(shell expr $$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN) + 1)
ON_POSTGRESQL := tests/runtime tests/services tests/api/test_idempotency.py tests/api/test_execute.py \
	tests/api/test_executions.py tests/admin/test_models.py tests/admin/test_logs.py tests/admin/test_executions.py \
	tests/admin/test_execution.py tests/postgres/test_partitions.py
QUEUES ?= default
CONCURRENCY ?= 2

# Tests of a module stay together, in the order that tests/conftest.py gives them.
IN_FILES := --dist loadfile --no-loadscope-reorder

# Without cached bytecode every command would compile the world anew.
unexport PYTHONDONTWRITEBYTECODE

SOAK := tests/runtime/test_kill.py tests/postgres/test_kill.py tests/state tests/celery/test_kill.py tests/processes

.PHONY: run worker test soak images bench lint format lock clean help

help: ## Show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: $(VENV)/installed ## Set up and serve http://localhost:8000/ (another port: make run PORT=8123)
	@exec $(BIN)/python manage.py quickstart --host $(HOST) --port $(PORT)

worker: $(VENV)/installed ## Run what is queued, and the schedule (needs REDIS_URL or ZANTARA_BROKER_URL)
	@exec $(BIN)/celery -A zantara worker --beat --without-gossip --without-mingle --queues $(QUEUES) --concurrency $(CONCURRENCY)

test: $(VENV)/installed-dev ## Run the whole test suite, and what is about the database on PostgreSQL too
	ZANTARA_VAR_DIR=$(CURDIR)/var/test $(BIN)/python -m pytest -n $(WORKERS) $(IN_FILES) $(PYTEST)
	ZANTARA_VAR_DIR=$(CURDIR)/var/test $(BIN)/python -m tests.servers.postgresql \
		$(BIN)/python -m pytest -n $(WORKERS) $(IN_FILES) $(PYTEST) $(ON_POSTGRESQL)

soak: $(VENV)/installed-dev ## Kill servers, databases and workers for half an hour (docs/soak.md)
	ZANTARA_SOAK=1 ZANTARA_VAR_DIR=$(CURDIR)/var/soak $(BIN)/python -m pytest --durations=0 $(PYTEST) $(SOAK)

images: $(VENV)/installed-dev ## Take the screenshots of docs/images anew, of the demo
	@$(BIN)/python -m tests.browser.images

bench: $(VENV)/installed-dev ## Measure, and write docs/benchmarks.md (one section: make bench ONLY=execute)
	@$(BIN)/python -m benchmarks $(ONLY)

lint: $(VENV)/installed-dev ## Linters, types, import contracts, deployment checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/djlint --check --quiet templates
	$(BIN)/python manage.py makemigrations --check --dry-run
	ZANTARA_ENV=production SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
		ALLOWED_HOSTS=zantara.example.com DATABASE_URL=postgres://zantara@localhost/zantara \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(VENV)/installed-dev ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## Resolve the dependencies of pyproject.toml anew
	uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header -o requirements.lock
	uv pip compile -q pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header -o requirements-dev.lock

clean: ## Remove the environment, the database and all caches
	rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "ZANTARA needs Python 3.11 to 3.13; this is " + sys.version.split()[0] + ". Choose one: make PYTHON=python3.12 run")'
	@echo "Making the virtual environment ..."
ifdef UV
	@uv venv --quiet --python $(PYTHON) $(VENV)
else
	@$(PYTHON) -m venv $(VENV)
endif

$(VENV)/installed: requirements.lock $(VENV)/bin/python
	@test -e $(VENV)/installed-dev -a $(VENV)/installed-dev -nt requirements-dev.lock && touch $@ || $(MAKE) --no-print-directory install LOCK=requirements.lock STAMP=$@

$(VENV)/installed-dev: requirements-dev.lock $(VENV)/bin/python
	@$(MAKE) --no-print-directory install LOCK=requirements-dev.lock STAMP=$@

.PHONY: install
install:
	@echo "Installing the dependencies of $(LOCK) ..."
ifdef UV
	@uv pip sync --quiet --compile-bytecode --python $(BIN)/python $(LOCK)
else
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
endif
	@touch $(STAMP)
