# Everything is made inside .venv and the tools' own caches in this folder; nothing else is written.
# Needs make and Python 3.11 or newer. To choose another interpreter: make PYTHON=/path/to/python3.12 test

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PYTHON ?=

# Python cannot tell where it is without a PATH, which a bare environment does not have.
export PATH := $(or $(PATH),/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
# Sandboxes keep the keys that they make here, and not in the folder of whoever runs this.
export XDG_STATE_HOME := $(CURDIR)/$(VENV)/state
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where the environment forbids bytecode, as images of containers do, every process that a test starts would compile the
# whole package again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z -]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

$(VENV)/.made:
	@set -eu; \
	for candidate in $(if $(PYTHON),"$(PYTHON)",python3 python3.14 python3.13 python3.12 python3.11); do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then chosen=$$candidate; break; fi; \
	done; \
	if [ -z "$${chosen:-}" ]; then \
		echo "govcomponents needs Python 3.11 or newer, and none was found on the PATH." >&2; \
		echo "Install one (on Debian or Ubuntu: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3.12 ..." >&2; \
		exit 1; \
	fi; \
	if ! "$$chosen" -c 'import venv, ensurepip' >/dev/null 2>&1; then \
		echo "$$chosen has no venv module. On Debian or Ubuntu: apt-get install python3-venv" >&2; \
		exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$chosen" --version)"; \
	"$$chosen" -m venv --clear $(VENV)
	@touch $@

# What a newcomer reads while pip is silent.
INSTALLING = @echo "Installing what this needs into $(VENV): a minute or two, the first time"

$(VENV)/.all: $(VENV)/.made pyproject.toml
	$(INSTALLING)
	@$(PY) -m pip install --quiet --quiet --editable ".[all]"
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml
	$(INSTALLING)
	@$(PY) -m pip install --quiet --quiet --editable ".[dev]"
	@touch $@ $(VENV)/.all

$(VENV)/.docs: $(VENV)/.made pyproject.toml
	$(INSTALLING)
	@$(PY) -m pip install --quiet --quiet --editable ".[docs]"
	@touch $@

.PHONY: demo
demo: $(VENV)/.all ## set up, then run the example: a service that is killed and goes on, against the sandbox
	@$(PY) examples/renew_a_licence.py
	@echo 'A whole service to look at in a browser: make demo-django, make demo-flask or make demo-fastapi'

.PHONY: demo-django demo-flask demo-fastapi
$(VENV)/.django $(VENV)/.flask $(VENV)/.fastapi: $(VENV)/.made pyproject.toml
	$(INSTALLING)
	@$(PY) -m pip install --quiet --quiet --editable ".[all,$(patsubst .%,%,$(notdir $@))]" $(if $(findstring fastapi,$@),uvicorn aiosqlite "sqlalchemy[asyncio]") $(if $(findstring django,$@),whitenoise)
	@touch $@

demo-django: $(VENV)/.django
demo-flask: $(VENV)/.flask
demo-fastapi: $(VENV)/.fastapi
demo-django demo-flask demo-fastapi: ## run a whole service on that framework, to be looked at (Ctrl-C ends it)
	@cd examples/services/$(patsubst demo-%,%,$@) && ../../../$(PY) demo.py

# More than there are cores: for much of their time tests wait, for a process, a database or a socket. Those of
# `make conformance` start more servers each.
WORKERS := $(or $(shell expr 2 + $$(getconf _NPROCESSORS_ONLN)),auto)
CONFORMANCE_WORKERS := $(or $(shell expr 1 + $$(getconf _NPROCESSORS_ONLN)),auto)

.PHONY: test
test: $(VENV)/.dev ## set up, then linters, types, import rules, and all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory --jobs 3 types imports suite

# Beside one another: neither types nor imports use more than one core, and tests wait for some of their time.
.PHONY: types imports suite
types: $(VENV)/.dev
	$(BIN)/mypy
imports: $(VENV)/.dev
	$(BIN)/lint-imports
suite: $(VENV)/.dev
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -p no:rerunfailures --ignore=tests/conformance

# Apart from `test`, because looking at each line makes the same tests take about twice as long.
.PHONY: coverage
coverage: $(VENV)/.dev ## the tests of `make test` once more, and which lines and branches none of them reaches
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto --ignore=tests/conformance
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.PHONY: test-all
test-all: $(VENV)/.dev ## the tests on every supported interpreter that is installed, and with the oldest dependencies
	$(BIN)/nox

.PHONY: hostile
hostile: $(VENV)/.dev ## hostile values through every output, on every supported interpreter that is installed (part of test-all)
	@$(BIN)/nox --session hostile

# Each file in one process: what a file starts, its tests share. What drives a browser or measures time comes after, alone.
# A browser sometimes loses its page on a busy machine. Only the driver's own errors and its waits that ran out are tried
# again, twice; an assertion that failed is not.
BROWSER_MAY_FAIL := --reruns 2 --only-rerun WebDriverException --only-rerun TimeoutException --only-rerun ReadTimeoutError

.PHONY: conformance
conformance: $(VENV)/.dev ## checks against the providers' own specifications, clients and recordings (not part of test)
	@if [ -d tests/conformance ]; then \
	$(BIN)/pytest tests/conformance -m "not alone" -n $(CONFORMANCE_WORKERS) --dist loadfile $(if $(ISSUER),--issuer "$(ISSUER)") && \
	$(BIN)/pytest tests/conformance -m alone $(BROWSER_MAY_FAIL); \
	else echo "There is no conformance check yet (tests/conformance is not there): nothing to run."; fi

.PHONY: fuzz
fuzz: $(VENV)/.dev ## send every parser bytes that nobody would, for SECONDS=60 each; TARGET="worlds rendering" for some
	@$(PY) -m pip install --quiet --quiet atheris
	@cd tests && ../$(PY) -m fuzz $(or $(SECONDS),60) $(TARGET)

.PHONY: mutants
mutants: $(VENV)/.dev ## make each listed mistake in each adapter, and see the contract kit catch it; ADAPTER=stripe for one
	@cd tests && ../$(PY) -m mutants.run $(ADAPTER)

.PHONY: mutate
mutate: $(VENV)/.dev ## change each line of what decides in turn, and tell what no test notices (some minutes); AREA=ports for one
	@cd tests && ../$(PY) -m mutation.run $(AREA)

.PHONY: lock
lock: $(VENV)/.made ## write requirements-dev.lock: every package of development, with its hashes
	@$(PY) -m pip install --quiet --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url \
		--no-emit-find-links --custom-compile-command "make lock" --output-file requirements-dev.lock pyproject.toml

.PHONY: locked
locked: $(VENV)/.made ## set up with exactly what requirements-dev.lock says, each package compared with its hash
	@$(PY) -m pip install --quiet --require-hashes --requirement requirements-dev.lock
	@$(PY) -m pip install --quiet --no-deps --editable .
	@touch $(VENV)/.dev $(VENV)/.all

.PHONY: sbom
# Of an environment that holds nothing else: .venv has the tools of development as well, and pip.
sbom: $(VENV)/.made ## write dist/sbom.cdx.json: what an installation with all extras consists of (CycloneDX)
	@rm -rf $(VENV)/installed && $(PY) -m venv --without-pip $(VENV)/installed
	@sed -e '/^ *--hash/d' -e 's/ \\$$//' requirements-dev.lock > $(VENV)/locked.txt
	@$(PY) -m pip --python $(VENV)/installed/bin/python install --quiet --constraint $(VENV)/locked.txt ".[all]"
	@$(PY) -m venv $(VENV)/sbom && $(VENV)/sbom/bin/pip install --quiet --quiet cyclonedx-bom
	@mkdir -p dist
	@$(VENV)/sbom/bin/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml --of JSON \
		--output-file dist/sbom.cdx.json $(VENV)/installed/bin/python
	@echo "Wrote dist/sbom.cdx.json"

.PHONY: audit
audit: $(VENV)/.made ## compare requirements-dev.lock with the advisories that are known today (needs the network)
	@$(PY) -m venv $(VENV)/audit && $(VENV)/audit/bin/pip install --quiet --quiet pip-audit
	@$(VENV)/audit/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements-dev.lock \
		>$(VENV)/audit.log 2>&1; status=$$?; tail -40 $(VENV)/audit.log; \
		if grep -qiE "could not be audited|connection|timed? ?out|unreachable|HTTPError" $(VENV)/audit.log; then \
			echo "The advisories could not be had: this is no audit." >&2; exit 2; \
		fi; exit $$status

.PHONY: kills
kills: $(VENV)/.dev ## kill bulk sends 500 times, interrupt them and fill their disks, then count everybody
	@cd tests && ../$(PY) -m notify.bulk --kills $(or $(KILLS),500) --rows $(or $(ROWS),50000)

.PHONY: bench
bench: $(VENV)/.dev ## measure speed and memory against other clients, and print the table
	@$(PY) -m bench.run

.PHONY: bench-durable
bench-durable: $(VENV)/.dev ## measure the durable layer: transactions, engine, callbacks, claims beside a million ended rows
	@$(PY) -m bench.durable $(if $(ENDED),--ended $(ENDED)) $(if $(ROWS),--rows $(ROWS))
	@$(PY) -m bench.durable_peers

.PHONY: torture
torture: $(VENV)/.dev ## kill workers 1,000 times over 50,000 rows on each database, restart it under load, shuffle 10,000 callbacks
	@DURABLE_KILLS=$(or $(KILLS),1000) DURABLE_ROWS=$(or $(ROWS),50000) DURABLE_RESTARTS=20 DURABLE_CALLBACKS=10000 \
		$(BIN)/pytest -rP tests/conformance/durable/test_durable_kills.py tests/conformance/durable/test_durable_torture.py \
		tests/conformance/durable/test_durable_budget.py

.PHONY: journeys
journeys: $(VENV)/.dev ## 200 people at once in each example service, with a worker killed every two seconds (needs PostgreSQL and Redis)
	@WEB_JOURNEYS=$(or $(PEOPLE),200) WEB_AT_ONCE=$(or $(PEOPLE),200) $(BIN)/pytest -rP tests/conformance/pages/test_killed_services.py

.PHONY: docs docs-serve
docs: $(VENV)/.docs ## build the site of the docs in build/site, strictly; BESIDE=folder puts it beside other versions
	@$(PY) tools/build_docs.py $(if $(BESIDE),--beside "$(BESIDE)")

docs-serve: $(VENV)/.docs ## show the site on this machine, with pages as they are written (Ctrl-C ends it)
	@$(PY) tools/build_docs.py --serve

.PHONY: format
format: $(VENV)/.dev ## write the blocking services, and let the formatter and the linter mend what they can
	$(PY) tools/generate_services.py
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: contracts
contracts: $(VENV)/.dev ## run the contract of each built-in adapter, and write what is proved of it (then make pages)
	$(PY) tools/run_contracts.py

.PHONY: pages
pages: $(VENV)/.dev ## write every page that is made from the code
	@set -eu; for maker in docs/*/make_*.py; do $(PY) $$maker; done

.PHONY: clean
clean: ## remove everything that these commands made
	rm -rf $(VENV) .nox .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis .import_linter_cache .coverage .coverage.* htmlcov dist build mutants
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
