"""Runs a student's code and calls its functions.

- Outside the sandbox: ``session`` starts a ``student`` again after it had to be stopped, and
  ``sandbox`` holds the process within limits.
- Inside the sandbox: ``worker``.
- On both sides: ``protocol`` sends messages, ``values`` says what they may hold.
- In the student's own notebook, without a sandbox: ``in_notebook``. It and what it uses
  (``values``, ``calls``) are copied into the notebook.
"""
