"""Writes the results of marking: the ``tables``, each student's ``feedback``, and a ``summary``.

All that a student wrote goes through ``text``.
"""
