"""Dropout, its scaling, and the proof that both conventions are the same network.

Importing this package loads neither torch nor matplotlib: import the module that you need,
for example ``from dropout_scaling.reference import inverted_train``.
"""

from dropout_scaling import _moved  # noqa: F401 (it registers itself)

__version__ = "0.1.0"
