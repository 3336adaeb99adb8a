"""What the commands of the Makefile run: from the repository root, as `python -m tools....`.

tools.environment   makes .venv, freezes the pins, and says what this machine lacks
tools.book          runs the notebooks, builds the site, and checks the claims under other seeds
tools.bench         draws how costs grow with the size, and times the dropouts
tools.gpu_check     tries the book on a GPU that has no network
"""
