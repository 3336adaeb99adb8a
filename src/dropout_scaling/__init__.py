"""Standard and inverted dropout, and the proof that both conventions give the same network.

Importing this package loads neither torch nor matplotlib. Import the module that you need,
for example ``from dropout_scaling.reference import inverted_train``.
"""

from dropout_scaling import _old_names  # noqa: F401 (it registers itself)

__version__ = "0.1.0"
