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
# Containers often set it, and every pad would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE
# It names another Python's library.
unexport PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help dashboard lab test check format notebooks drawings model picture dist clean environment test-environment

help:
	@echo "make dashboard    open the drawing pad in the browser (PORT=8866 HOST=127.0.0.1 BROWSER=0)"
	@echo "make lab          open the course in JupyterLab (PORT, HOST and BROWSER as above)"
	@echo "make test         check everything: style, types, tests, a real browser, the notebooks"
	@echo "make check        check in under a minute: style, types, the fast tests"
	@echo "make test-oldest  run the tests with the oldest versions of everything that digitrec accepts"
	@echo "make coverage     say which lines and branches the tests never reach"
	@echo "make format       put the code into its form"
	@echo "make notebooks    run all notebooks and keep their outputs"
	@echo "make drawings     draw the generated drawings that come with the package"
	@echo "make model        train the network that comes with the package (RECIPE=best SEED=1)"
	@echo "make picture      take the pictures of the pad for the README"
	@echo "make sizes        say how large digitrec is with each of its extras"
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
		--LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate \
		$(if $(no_browser),--no-browser) $(if $(filter 0,$(shell id -u)),--allow-root)

# One run, so that the last line counts everything. A worker for each core takes the tests of a file,
# the fast ones first: see conftest.py.
workers := --numprocesses auto --dist loadgroup --no-loadscope-reorder

test: style
	$(bin)/python -m pytest $(workers) --nbval tests digitrec notebooks

# Without nbval, which takes seconds to import and has nothing to do here.
check: style
	$(bin)/python -m pytest $(workers) -p no:nbval -m "not slow and not browser"

# Style and types belong to the newest tools; what runs has to run with the oldest packages too.
.PHONY: test-oldest
test-oldest:
	@sh scripts/environment.sh oldest
	.venv-oldest/bin/python -m pytest $(workers) --nbval tests digitrec notebooks

# Kernels and other child processes count; the browser tests would add minutes and few lines.
.PHONY: coverage
coverage: test-environment
	$(bin)/coverage erase
	$(bin)/coverage run -m pytest $(workers) -m "not browser"
	find . -maxdepth 1 -name '.coverage.*' -size -2c -delete # of children that tests kill as they begin
	$(bin)/coverage combine --quiet
	$(bin)/coverage report

.PHONY: style
style: test-environment
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	$(bin)/lint-imports --no-logo

format: test-environment
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

notebooks: test-environment
	$(bin)/python scripts/run_notebooks.py

drawings: environment
	$(bin)/python scripts/pack_drawings.py

model: environment
	$(bin)/digitrec train --recipe "$(RECIPE)" --seed "$(SEED)" --out digitrec/data/model.safetensors
	$(bin)/python scripts/pack_memory.py

picture: test-environment
	$(bin)/python scripts/screenshot.py docs

.PHONY: sizes
sizes: test-environment
	$(bin)/python scripts/sizes.py

dist: test-environment
	rm -rf dist
	$(bin)/python -m build

clean:
	rm -rf .venv .venv-oldest build dist .coverage* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
