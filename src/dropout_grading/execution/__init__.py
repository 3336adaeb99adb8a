"""Runs a student's code and calls its functions.

- Outside the sandbox: ``session`` starts a ``student`` again after it had to be stopped, and
  ``sandbox`` holds the process within limits, as far as ``usage`` can see what it uses; the kernel
  refuses it some ``system_calls``.
- Inside the sandbox: ``worker``.
- On both sides: ``protocol`` sends messages, ``values`` says what they may hold.
- In the student's own notebook, without a sandbox: ``in_notebook``.

What a notebook's checks use of the marker is copied into them, each definition by itself: a new
name must be added to ``FROM_MARKER`` in ``tools/book/assignments.py``.
"""
