# make dashboard   the drawing pad, in the browser
# make lab         the course, in JupyterLab
# make test        everything that can be checked
# make help        the others
#
# Written for GNU make 3.81, which macOS has.

HOST ?= 127.0.0.1
SEED ?= 1
RECIPE ?= best

bin := .venv/bin
no_browser := $(filter 0 no false none,$(BROWSER))
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help dashboard lab test check format notebooks drawings model picture dist clean environment test-environment

help:
	@echo "make dashboard    open the drawing pad in the browser (PORT=8866 HOST=127.0.0.1 BROWSER=0)"
	@echo "make lab          open the course in JupyterLab (PORT, HOST and BROWSER as above)"
	@echo "make test         check everything: style, types, tests, a real browser, the notebooks"
	@echo "make check        check in under a minute: style, types, the fast tests"
	@echo "make format       put the code into its form"
	@echo "make notebooks    run all notebooks and keep their outputs"
	@echo "make drawings     draw the generated drawings that come with the package"
	@echo "make model        train the network that comes with the package (RECIPE=best SEED=1)"
	@echo "make picture      take the picture of the pad for the README"
	@echo "make dist         build the wheel and the source archive"
	@echo "make clean        remove what was made, the environment included"
	@echo "PYTHON=python3.12 with any of them chooses the Python (3.11 to 3.13) to make .venv with"

environment:
	@sh scripts/environment.sh

test-environment:
	@sh scripts/environment.sh test

dashboard: environment
	@exec $(bin)/digitrec dashboard --host "$(HOST)" --port "$(or $(PORT),8866)" $(if $(no_browser),--no-browser)

lab: environment
	@exec $(bin)/jupyter lab --ServerApp.root_dir=notebooks --ip="$(HOST)" --port="$(or $(PORT),8888)" \
		$(if $(no_browser),--no-browser) $(if $(filter 0,$(shell id -u)),--allow-root)

# The fast tests come first; one run, so that the last line counts everything.
test: style
	$(bin)/python -m pytest --nbval tests digitrec notebooks

check: style
	$(bin)/python -m pytest -m "not slow and not browser"

.PHONY: style
style: test-environment
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy

format: test-environment
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

notebooks: test-environment
	$(bin)/python scripts/run_notebooks.py

drawings: environment
	$(bin)/python scripts/pack_drawings.py

model: environment
	$(bin)/digitrec train --recipe "$(RECIPE)" --seed "$(SEED)" --out digitrec/data/model.safetensors

picture: test-environment
	$(bin)/python scripts/screenshot.py docs/dashboard.png

dist: test-environment
	rm -rf dist
	$(bin)/python -m build

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
