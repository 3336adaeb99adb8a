"""Decide whether a dropout is right, and if not, which misconception it is.

``observe`` measures the layer from outside. The result is compared with the facts of a right
dropout, and then with the facts of each member of ``misconceptions``, measured in the same way.
"""

from dropout_scaling.diagnose._verdict import Report, diagnose

__all__ = ["Report", "diagnose"]
