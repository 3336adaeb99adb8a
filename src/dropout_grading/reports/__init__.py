"""Writes what comes out of marking: the ``tables`` and each student's ``feedback``."""
