# make demo   set up, and watch a simulated tilt series become a tomogram
# make demo-spa  the same with simulated movies of single particles, which become a density; installs RELION if it may
# make test   set up, and run the tests
# make test-faults  the tests that take minutes: of facilities whose parts are killed, of whole sessions
# make check  set up, and run lint, types and layers

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIPELINER := .venv-pipeliner
PIPELINER_STAMP := $(PIPELINER)/.installed
MURFEY := .venv-murfey
MURFEY_STAMP := $(MURFEY)/.installed

.PHONY: demo demo-spa test test-faults packages check format lock clean
.DELETE_ON_ERROR:

demo: $(STAMP)
	$(BIN)/cryoem-flows demo

demo-spa: PACKAGES := relion openmpi-bin
demo-spa: $(STAMP) packages
	$(BIN)/cryoem-flows demo-spa

# As many at once as there are cores; the tests of a file stay together, as they share what is slow to make.
test: $(STAMP) $(PIPELINER_STAMP) packages
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(TESTS)

# What the tests leave out because it takes minutes: one after the other, since most of them time what they see.
test-faults: $(STAMP) $(MURFEY_STAMP) packages
	$(BIN)/pytest -s -m slow

# What the tests and demonstrations start, as Debian packages. Where they can be neither found nor installed, those fail.
PACKAGES := $(shell cat .ci/packages.txt)
packages:
	@missing=$$(for package in $(PACKAGES); do \
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; done); \
	if [ -n "$$missing" ] && command -v apt-get >/dev/null; then \
		sudo=$$(command -v sudo || true); \
		$$sudo apt-get update -q && $$sudo apt-get install -q -y --no-install-recommends $$missing || \
		echo "Could not install $$missing"; fi

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The lock is complete; left to resolve, pip would ask for newer versions of some of it, whose hashes are not there.
# Debian's python3 comes without venv; where it is missing and may be installed, install it.
$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV) 2>/dev/null || { \
		rm -rf $(VENV); \
		sudo=$$(command -v sudo || true); \
		$$sudo apt-get update -q && $$sudo apt-get install -q -y --no-install-recommends python3-venv && \
		$(PYTHON) -m venv $(VENV); }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

# The pipeliner of CCP-EM, with which tests open our projects; it is found there by its path.
$(PIPELINER_STAMP): requirements-pipeliner.lock | $(STAMP)
	$(BIN)/python -m venv $(PIPELINER)
	$(PIPELINER)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	touch $@

# Murfey's server, with which the gateway is tested; it is found there by its path.
$(MURFEY_STAMP): requirements-murfey.lock | $(STAMP)
	$(BIN)/python -m venv $(MURFEY)
	$(MURFEY)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	touch $@

# Resolve the dependencies anew; the result is what everybody installs.
lock: $(STAMP)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header --group dev pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header --group pyproject.toml:pipeliner --output-file requirements-pipeliner.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header --group pyproject.toml:murfey --output-file requirements-murfey.lock

clean:
	rm -rf $(VENV) $(PIPELINER) $(MURFEY) .demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
