"""Old module names, which earlier editions of the book imported, and the modules they lead to."""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec

MOVED = {
    "calling": "diagnose.call",
    "contract": "diagnose.contract",
    "curves": "train_together",
    "listing": "show",
    "observe": "diagnose.observe",
    "packed": "bit_masks",
    "ranks": "process_group",
    "stacked": "stacked_networks",
    "watch": "audit.watch",
}


class Finder:
    """Finds a moved module, if no other finder does, and fills it from the new module."""

    def find_spec(self, name, path=None, target=None):
        package, _, old = name.rpartition(".")
        return ModuleSpec(name, self) if package == __package__ and old in MOVED else None

    def create_module(self, spec):
        return None  # the usual, empty one

    def exec_module(self, module):
        new = import_module(f"{__package__}.{MOVED[module.__name__.rpartition('.')[2]]}")
        module.__dict__.update(
            {name: value for name, value in vars(new).items() if name[:2] != "__"}
        )


sys.meta_path.append(Finder())
