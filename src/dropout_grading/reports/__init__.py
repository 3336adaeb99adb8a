"""Writes the results of marking: the ``tables`` and each student's ``feedback``."""
