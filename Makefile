# Two targets matter: `make preview` shows what dev and prod would create, `make test` proves the rest.
# Each installs what it needs into .venv; Python 3.11+, git and make are all it takes.
.PHONY: preview test redis check format docs build benchmark clean

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
# The AWS package is big: compiled once, it loads in a third of the time.
unexport PYTHONDONTWRITEBYTECODE

preview: $(STAMP)
	$(BIN)/plinth preview

test: $(STAMP) redis
	$(BIN)/pytest -q

# Celery's tests want a real Redis; without one they are skipped, and say so.
redis:
	@command -v redis-server >/dev/null || { test "$$(id -u)" = 0 && apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -yqq --no-install-recommends redis-server >/dev/null; } \
	  || echo "redis-server is not installed: the tests that need it are skipped"

check: $(STAMP)
	$(BIN)/uv lock --check --quiet
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/zizmor --quiet --no-progress .github
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.gitlab-ci docs/gitlab-ci.yml

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(STAMP)
	$(BIN)/plinth graph dev --format svg --output docs/img/dev.svg
	$(BIN)/plinth graph prod --format svg --output docs/img/prod.svg
	$(BIN)/python tools/environment_table.py

build: $(STAMP)
	rm -rf dist
	$(BIN)/uv build --quiet
	@ls dist

benchmark: $(STAMP)
	$(BIN)/python benchmarks/preview.py

clean:
	rm -rf .venv dist

$(BIN)/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "plinth needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(STAMP): pyproject.toml uv.lock | $(BIN)/uv
	$(BIN)/uv sync --frozen --quiet
	@touch $@
