# make lab    opens the course in JupyterLab          make lab ARGS=--no-browser   prints its address instead
# make test   lint, unit tests, every notebook        make bench   speed beside PyTorch's: benchmarks/RESULTS.md
# make docs   the course as web pages                 make clean   removes everything that was made here
# make lock   new version pins (for maintainers)

VENV := .venv
PYTHON_IN := $(VENV)/bin/python
PINS := pyproject.toml constraints.txt
INSTALL := $(PYTHON_IN) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
LAB_SHARE := $(VENV)/share/jupyter/lab
ROOT_FLAG := $(if $(filter 0,$(shell id -u)),--allow-root)
export PYTHON

.PHONY: lab test bench docs lock clean

lab: $(VENV)/.lab
	@$(PYTHON_IN) -m jupyterlab -y $(ROOT_FLAG) --log-level=WARN --ServerApp.root_dir=notebooks \
		--LabApp.default_url=/lab/tree/00_start_here.ipynb --LabApp.extension_manager=readonly \
		--LabApp.workspaces_dir=$(LAB_SHARE)/workspaces $(ARGS)

test: $(VENV)/.test
	@$(PYTHON_IN) scripts/check.py $(ARGS)

bench: $(VENV)/.bench
	@$(PYTHON_IN) -m benchmarks $(ARGS)

docs: $(VENV)/.docs
	@$(PYTHON_IN) -m sphinx --quiet -W -c docs . docs/_build/html
	@echo "The pages are in docs/_build/html/docs/index.html"

lock:
	@$$(sh scripts/find_python.sh) scripts/lock.py

clean:
	rm -rf $(VENV) .reports .pytest_cache .ruff_cache build docs/_build *.egg-info
	find lesson_lib tests scripts benchmarks notebooks -name __pycache__ -prune -exec rm -rf {} +

# Each file .venv/.NAME says that the extra NAME is installed as pinned; a second run finds it and installs nothing.
# setuptools goes first: with it at hand the project itself is built without fetching anything that is not pinned.
$(VENV)/.lab: $(PINS) binder/labconfig/overrides.json | $(PYTHON_IN)
	@echo "Installing JupyterLab and the course into $(VENV): a minute or two, this once."
	@$(INSTALL) setuptools
	@$(INSTALL) --no-build-isolation --editable ".[lab]"
	@mkdir -p $(LAB_SHARE)/settings && cp binder/labconfig/overrides.json $(LAB_SHARE)/settings/
	@touch $@

$(VENV)/.test $(VENV)/.bench $(VENV)/.docs: $(VENV)/.%: $(VENV)/.lab
	@echo "Installing what 'make $*' needs."
	@$(INSTALL) --no-build-isolation --editable ".[$*]"
	@touch $@

$(PYTHON_IN):
	@python=$$(sh scripts/find_python.sh) && $$python -m venv $(VENV)
