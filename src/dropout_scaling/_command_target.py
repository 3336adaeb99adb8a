"""What a command line names: `package.module:name`, or `folder/file.py:name`."""

import argparse
import importlib
import importlib.util
import re
import sys
from pathlib import Path


def named(text):
    """Return the module or file that ``text`` names, and the name in it; for argparse.

    Raises argparse.ArgumentTypeError for any other text.
    """
    source, _, name = text.rpartition(":")
    if not (source.endswith(".py") or re.fullmatch(r"[^.:]+(\.[^.:]+)*", source)) or not (
        name.isidentifier()
    ):
        text = f"must be package.module:name or file.py:name, got {text}"
        raise argparse.ArgumentTypeError(text)
    return source, name


def imported(source):
    """Import a module by its name, or from a file, which finds its neighbours."""
    if not source.endswith(".py"):
        return importlib.import_module(source)
    path = Path(source).resolve()
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
