"""The zip that Gradescope takes as an autograder: the marker, an assignment, and how to set up.

``setup.sh`` and ``run_autograder`` are what Gradescope runs; ``zipped`` puts all together.
"""
