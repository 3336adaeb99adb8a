# Two commands: `make book` and `make test`. Each sets up .venv itself; `make help` lists the rest.

PYTHON ?= python3
DEVICE ?= cpu
TORCH ?= default
PORT ?= 8000

N ?= 50
VARIANTS ?=
PARTS ?=

ASSIGNMENT ?= inverted-dropout
SUBMISSIONS ?= submissions
MARKS ?= marks
LMS ?= worksheet.csv
COLUMN ?= Grade
UNSAFE ?=

ifeq ($(OS),Windows_NT)
VENV_PYTHON := .venv/Scripts/python
else
VENV_PYTHON := .venv/bin/python
endif
ASSIGNMENTS_PYTHON := $(subst .venv,.venv-assignments,$(VENV_PYTHON))

export DROPOUT_SCALING_DEVICE := $(DEVICE)
# Nothing of the user's own packages: the pins are all there is.
export PYTHONNOUSERSITE := 1
# And the tools are found in the folder where make runs.
unexport PYTHONPATH PYTHONHOME PYTHONSAFEPATH
# What is compiled is kept: else each of the tests' many processes compiles it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help book pdf epub slides serve watch test check lint format pins assignments grade upload bench frameworks wild seeds elsewhere setup clean

help:
	@echo 'make book    make .venv, run the notebooks that changed, build _build/html/index.html'
	@echo 'make pdf     make book, then print the book as one PDF, for the site to offer: a minute or two'
	@echo 'make epub    make book, then the book as an EPUB'
	@echo 'make slides  make book, then the slides of the lecture of 90 minutes, and a PDF of them'
	@echo 'make serve   make book, then serve it on http://localhost:$(PORT) until Ctrl-C'
	@echo 'make watch   build the site again at each edit, and show it on http://localhost:$(PORT)'
	@echo 'make test    lint, doctests, unit tests, every notebook, the site and its checks'
	@echo 'make check   the tests of what has changed since the last green run: seconds'
	@echo 'make lint    ruff and the checks of the pages as they are written: seconds'
	@echo 'make format  let ruff mend what it can'
	@echo 'make pins    freeze again what the chosen pins in the two files of requirements bring: what'
	@echo '             must change does, and with NEWEST=yes all that can'
	@echo 'make assignments   build what students and Gradescope get from assignments/'
	@echo 'make grade SUBMISSIONS=folder   mark them: ASSIGNMENT=$(ASSIGNMENT), results in MARKS=$(MARKS)'
	@echo '             UNSAFE=yes runs them as you if there is no bubblewrap, docker or podman: read marks.md first'
	@echo 'make upload LMS=file.csv   fill the totals into the CSV that your LMS gave out'
	@echo 'make bench   draw how costs grow with the size, from values to submissions and pages, and time the'
	@echo '             dropouts: an hour; it goes on where it was stopped. PARTS="models layers": these alone'
	@echo 'make frameworks    ask other frameworks what their dropout does, each in an environment of its own: 12 GB;'
	@echo '             NEWEST=yes takes their newest versions, and says what has changed'
	@echo 'make wild    judge layers and models of the world whose truth is known, in an environment of its own:'
	@echo '             how often it was right; ONLY="own timm" takes these groups, ONLY=shown writes the table of the book'
	@echo 'make seeds N=50    run the chapters that sample under N other seeds, and say which claims held;'
	@echo '             WRITE=yes puts the table into the book'
	@echo 'make elsewhere     run the notebooks as other processors would, and compare what they print'
	@echo 'make clean   remove the site and the kept runs, not .venv'
	@echo
	@echo 'PYTHON=python3.12   the Python that makes .venv, 3.11 or newer (now: $(PYTHON))'
	@echo 'DEVICE=cuda         run the notebooks on a GPU, and the tests that need one (now: $(DEVICE))'
	@echo 'TORCH=cpu           install PyTorch without CUDA: on Linux much less to download (now: $(TORCH))'
	@echo 'PORT=8080           where make serve and make watch listen (now: $(PORT))'

setup:
	@$(PYTHON) -m tools.environment.set_up $(TORCH)

book: setup
	@$(VENV_PYTHON) -m tools.book.make

watch: setup
	@$(VENV_PYTHON) -m tools.book.watching $(PORT)

pdf epub slides: book
	@$(VENV_PYTHON) -m tools.editions.$@

serve: book
	@echo 'serving http://localhost:$(PORT): Ctrl-C ends it'
	@$(VENV_PYTHON) -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

test:
	@$(PYTHON) -m tools.environment.device $(DEVICE) $(TORCH)
	@$(PYTHON) -m tools.environment.set_up $(TORCH)
	@$(PYTHON) -m tools.environment.set_up assignments
	@$(VENV_PYTHON) -m tools.run_tests

check: setup
	@$(VENV_PYTHON) -m tools.check_changes

lint: setup
	@$(VENV_PYTHON) -m ruff check
	@$(VENV_PYTHON) -m ruff format --check
	@$(VENV_PYTHON) -m pytest -q tests/book/test_sources.py

format: setup
	@$(VENV_PYTHON) -m ruff check --fix
	@$(VENV_PYTHON) -m ruff format

pins:
	@$(PYTHON) -m tools.environment.pins $(if $(NEWEST),newest)

assignments: setup
	@$(PYTHON) -m tools.environment.set_up assignments
	@$(ASSIGNMENTS_PYTHON) -m tools.book.assignments

# The shell takes these from its environment, so that they may hold spaces and quotes.
grade upload: export ASSIGNMENT := $(ASSIGNMENT)
grade upload: export SUBMISSIONS := $(SUBMISSIONS)
grade upload: export MARKS := $(MARKS)
grade upload: export LMS := $(LMS)
grade upload: export COLUMN := $(COLUMN)
grade: setup
	@$(VENV_PYTHON) -m dropout_grading "assignments/$$ASSIGNMENT" "$$SUBMISSIONS" --out "$$MARKS" $(if $(UNSAFE),--unsafe)

upload: setup
	@$(VENV_PYTHON) -m dropout_grading.upload "$$MARKS/marks.csv" "$$LMS" --column "$$COLUMN"

bench: setup
	@$(VENV_PYTHON) -m tools.bench.run $(PARTS)
	@$(if $(PARTS),:,$(VENV_PYTHON) -m tools.bench.fast _build/timings.json)
	@$(if $(PARTS),:,$(VENV_PYTHON) -m tools.bench.vectors _build/vectors.json)

frameworks:
	@$(PYTHON) -m tools.frameworks.run $(if $(NEWEST),newest) $(ONLY)

wild: setup
	@$(VENV_PYTHON) -m tools.wild.layers
	@$(PYTHON) -m tools.wild.run $(if $(NEWEST),newest) $(ONLY)

seeds: setup
	@$(VENV_PYTHON) -m tools.book.seeds $(N) $(if $(WRITE),--write)

elsewhere: setup
	@$(VENV_PYTHON) -m tools.book.elsewhere $(VARIANTS)

clean:
	rm -rf _build .cache
