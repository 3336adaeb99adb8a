"""Reads what was handed in: ``find`` the notebook of each student, then read the ``notebook``."""
