# Two targets matter: `make preview` shows what the stacks would create, `make test` proves the rest.
# Each installs what it needs into .venv; Python 3.11+, git and make are all it takes.
.PHONY: preview test app servers emulate check format docs build benchmark clean

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
# The AWS package is big: compiled once, it loads in a third of the time.
unexport PYTHONDONTWRITEBYTECODE

preview: $(STAMP)
	$(BIN)/plinth preview

test: $(STAMP) servers
	$(BIN)/pytest -q

# The sample app, until Ctrl-C: docs/app.md. ARGS="--http-port 8081" and the like.
app: $(STAMP) servers
	@$(BIN)/python -m tools.app $(ARGS)

# Tests and the sample app want real servers; without them, tests are skipped, and say so.
servers:
	@{ command -v redis-server && { command -v nginx || test -x /usr/sbin/nginx; } \
	  && ls /usr/lib/postgresql/*/bin/postgres; } >/dev/null 2>&1 \
	  || { test "$$(id -u)" = 0 && apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	  apt-get install -yqq --no-install-recommends redis-server nginx postgresql >/dev/null; } \
	  || echo "not installed: redis-server nginx postgresql. The tests that need them are skipped"

# An AWS on loopback, until Ctrl-C: docs/emulate.md. make -s emulate > Pulumi.emulated.yaml
emulate: $(STAMP)
	@$(BIN)/python -m tools.emulate

check: $(STAMP)
	$(BIN)/uv lock --check --quiet
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	cd examples/shop && ../../$(BIN)/uv lock --check --quiet
	$(BIN)/hadolint examples/shop/Dockerfile
	$(BIN)/zizmor --quiet --no-progress .github
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.gitlab-ci docs/gitlab-ci.yml
	$(BIN)/plinth compose | $(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec --default-filetype yaml -

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
	$(BIN)/python -m benchmarks.app

clean:
	rm -rf .venv .app dist

$(BIN)/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "plinth needs Python 3.11 or newer: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(STAMP): pyproject.toml uv.lock | $(BIN)/uv
	$(BIN)/uv sync --frozen --quiet
	@touch $@
