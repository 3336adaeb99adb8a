"""Judge the dropout that a file or a module holds.

python -m dropout_scaling.diagnose layers.py:dropout --p 0.2
"""

import argparse
import contextlib
import inspect
import sys

from dropout_scaling._command_target import imported, named
from dropout_scaling.diagnose import diagnose
from dropout_scaling.diagnose._roles import role_of


def main(argv=None):
    """Judge the layer that a command line names, and print the report.

    ``argv``: the arguments, those of the command if None. Returns the exit status: 0 if the layer
    is right, 1 if it is wrong, 2 if it is neither. Raises SystemExit(2), with a line on stderr, if
    the arguments cannot be read, or if finding or making the layer raises an error.
    """
    parser = argparse.ArgumentParser(
        prog="python -m dropout_scaling.diagnose",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "layer", type=named, help="file.py:name or package.module:name; a class is made with P"
    )
    parser.add_argument("--p", type=float, required=True, help="the probability of dropping")
    parser.add_argument("--shape", type=_shape, metavar="16,32", help="of its inputs")
    parser.add_argument("--backward", metavar="NAME", help="its backward function, from there too")
    options = parser.parse_args(argv)
    source, name = options.layer
    try:
        with contextlib.redirect_stdout(sys.stderr):  # stdout holds the report alone
            module = imported(source)
            layer = _made(getattr(module, name), options.p)
            backward = getattr(module, options.backward) if options.backward else None
            report = diagnose(layer, options.p, backward=backward, shape=options.shape)
    # Imported code may do anything, even exit with status 0.
    except (Exception, SystemExit) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        parser.exit(2, f"{parser.prog}: error: cannot judge {source}:{name}: {reason}\n")
    print(report)
    return 0 if report.ok else 1 if report.judged else 2


def _shape(text):
    sizes = text.split(",")
    if not all(size.isdecimal() and int(size) for size in sizes):
        raise argparse.ArgumentTypeError(f"must be like 16,32, got {text}")
    return tuple(int(size) for size in sizes)


def _made(layer, p):
    """Return ``layer``, or if it is a class one that drops with probability ``p``."""
    if not isinstance(layer, type):
        return layer
    values = {"p": p, "keep": 1 - p, "either": p}
    parameters = inspect.signature(layer).parameters.values()
    roles = {parameter.name: role_of(parameter.name, parameter.default) for parameter in parameters}
    return layer(**{name: values[role] for name, role in roles.items() if role in values})


if __name__ == "__main__":
    sys.exit(main())
