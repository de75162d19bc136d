# make demo    environment, install, one whole release on this machine, rehearsed and verified
# make test    environment, install, lint, types, tests
# make torture the publication killed 200 times, at a misbehaving Hub 200 times, of 5 GiB; the Space
#              in an empty environment, which needs a package index
# make docs    the pages that are made from data
# make lock    resolve the dependencies anew

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test torture check docs lock clean
.DELETE_ON_ERROR:

demo: .venv/installed
	$(BIN)/imprimatur run release/recipes/demo.yaml
	$(BIN)/imprimatur rehearse release/recipes/demo.yaml

# three files at a time: servers and kills are waited for, and threads that wait must not spin
test: check
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

torture: .venv/installed
	PYTHONPATH=tests $(BIN)/python -m torture --kills 200 --chaos 200
	$(BIN)/pytest -m network
	IMPRIMATUR_LONG=1 $(BIN)/pytest tests/test_hub_publish_bad_days.py

check: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Everything with its hash, but torch: which build of it (CPU, CUDA) fits is the machine's matter, so
# that one is pinned by version and brings what its build needs.
.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=...")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

docs: .venv/installed
	$(BIN)/python -m corpus.sources docs/sources.md

lock:
	echo "torch ; python_version < '3'" > .torch-apart.txt
	uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
		--generate-hashes --override .torch-apart.txt --no-header --no-annotate -o requirements.lock
	rm .torch-apart.txt

clean:
	rm -rf .venv runs
