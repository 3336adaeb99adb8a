"""Reads what was handed in.

``find`` names each student and finds their notebook, ``files`` lists what stands in an entry, and
``notebook`` reads a notebook. ``moodle``, ``canvas``, ``blackboard`` and ``gradescope`` each know
the names in the downloads of one system; ``owner`` is what they share.
"""
