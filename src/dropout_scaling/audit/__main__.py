"""Check a whole PyTorch model for dropout faults.

python -m dropout_scaling.audit package.module:make_model --input 8,3,32,32
"""

import argparse
import contextlib
import importlib
import json
import re
import sys

import torch

from dropout_scaling.audit import audit


def main(argv=None):
    """Audit the model that a command line names, and print the findings.

    ``argv``: the arguments, those of the command if None. Returns the exit status: 1 if there is a
    fault, else 0, even with a note. Raises SystemExit(2), with a line on stderr, if the arguments
    cannot be read, or if making or running the model raises an error.
    """
    parser = argparse.ArgumentParser(prog="python -m dropout_scaling.audit", description=__doc__)
    parser.add_argument(
        "model", type=_source, help="package.module:function, called without arguments"
    )
    parser.add_argument(
        "--input", type=_form, action="append", required=True, metavar="8,3,32,32[:int64]",
        help="shape of an argument, with its dtype if it is not float32; once for each argument",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print a JSON list, for tools")
    options = parser.parse_args(argv)
    module, function = options.model
    try:
        with contextlib.redirect_stdout(sys.stderr):  # stdout holds only findings
            inputs = tuple(torch.ones(sizes, dtype=dtype) for sizes, dtype in options.input)
            findings = audit(getattr(importlib.import_module(module), function)(), inputs)
    # Imported code may do anything, even exit with status 0.
    except (Exception, SystemExit) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        parser.exit(2, f"{parser.prog}: error: cannot judge {module}:{function}: {reason}\n")
    faults = sum(not finding.note for finding in findings)
    if options.json:
        print(json.dumps([finding._asdict() for finding in findings], indent=1))
    else:
        counted = f"{faults} finding{'s' * (faults != 1)}"
        noted = " and a note" if len(findings) > faults else ""
        print(*findings, counted + noted, sep="\n")
    return int(faults > 0)


def _source(text):
    if not re.fullmatch(r"[^.:]+(\.[^.:]+)*:[^.:]+", text):
        raise argparse.ArgumentTypeError(f"must be package.module:function, got {text}")
    return text.split(":")


def _form(text):
    shape, _, name = text.partition(":")
    dtype = getattr(torch, name or "float32", None)
    if not re.fullmatch(r"\d+(,\d+)*", shape) or not isinstance(dtype, torch.dtype):
        raise argparse.ArgumentTypeError(f"must be like 8,3,32,32 or 2,16:int64, got {text}")
    return [int(size) for size in shape.split(",")], dtype


if __name__ == "__main__":
    sys.exit(main())
