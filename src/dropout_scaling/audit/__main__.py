"""Check a whole PyTorch model for dropout faults.

python -m dropout_scaling.audit package.module:make_model --input 8,3,32,32
"""

import argparse
import contextlib
import json
import sys

import torch
from torch import nn
from torch.utils._pytree import tree_map_only

from dropout_scaling._command_target import imported, named
from dropout_scaling.audit._all_faults import audit_call
from dropout_scaling.audit._example import arguments
from dropout_scaling.audit._inputs import made, parsed


def main(argv=None):
    """Audit the model that a command line names, and print the findings.

    ``argv``: the arguments, those of the command if None. Returns the exit status: 1 if there is a
    fault, else 0, even with a note. Raises SystemExit(2), with a line on stderr, if the arguments
    cannot be read, or if making or running the model raises an error.
    """
    parser = argparse.ArgumentParser(prog="python -m dropout_scaling.audit", description=__doc__)
    parser.add_argument(
        "model", type=named,
        help="package.module:function or folder/file.py:function, called without arguments; it "
        "returns the model, or the model and its example",
    )  # fmt: skip
    parser.add_argument(
        "--input", type=parsed, action="append", default=[], metavar="[NAME=]8,3,32[:int64[<100]]",
        help="shape of an argument, with its dtype if it is not float32 and the bound of its "
        "numbers; or None, 0.5, 3:int, text:str; once for each argument",
    )  # fmt: skip
    parser.add_argument("--device", help="where the model runs, such as cuda")
    parser.add_argument(
        "--ignore", type=_reason, action="append", default=[], metavar="KIND[:MODULE]=REASON",
        help="a fault that is meant, which becomes a note",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print a JSON list, for tools")
    options = parser.parse_args(argv)
    module, function = options.model
    try:
        with contextlib.redirect_stdout(sys.stderr):  # stdout holds only findings
            torch.manual_seed(0)
            model = getattr(imported(module), function)()
            findings = audit_call(*_call(model, options), dict(options.ignore))
    # Imported code may do anything, even exit with status 0.
    except (Exception, SystemExit) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        parser.exit(2, f"{parser.prog}: error: cannot judge {module}:{function}: {reason}\n")
    faults = sum(not finding.note for finding in findings)
    if options.json:
        print(json.dumps([finding._asdict() for finding in findings], indent=1))
    else:
        notes = len(findings) - faults
        counted = f"{faults} finding{'s' * (faults != 1)}"
        noted = " and a note" if notes == 1 else f" and {notes} notes" if notes else ""
        print(*findings, counted + noted, sep="\n")
    return int(faults > 0)


def _call(model, options):
    """Return the model and its positional and keyword arguments, on the device."""
    args, kwargs = made(options.input)
    if isinstance(model, tuple) and len(model) == 2:
        if options.input:
            raise TypeError("--input must be left out, since the function returns an example")
        model, example = model
        args, kwargs = arguments(example)
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    if options.device:
        model = model.to(options.device)
        moved = (args, kwargs)
        args, kwargs = tree_map_only(torch.Tensor, lambda t: t.to(options.device), moved)
    return model, args, kwargs


def _reason(text):
    key, equals, reason = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"must be like kind:module=reason, got {text}")
    return key, reason


if __name__ == "__main__":
    sys.exit(main())
