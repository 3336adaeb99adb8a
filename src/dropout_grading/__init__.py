"""Marks a folder of submitted notebooks.

A student's code runs in a process of its own. What it returns is compared outside that process.

To write an assignment: ``checks`` and ``check_helpers``.
To mark: ``mark_folder`` marks all submissions, ``mark_submission`` marks one, ``results`` says what
they return. The commands are ``__main__`` and ``upload``.

- ``submissions``: reads what was handed in.
- ``execution``: runs a student's code. Only the worker, and what it imports, runs inside
  the sandbox.
- ``reports``: writes the tables and the feedback.
"""
