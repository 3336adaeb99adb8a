"""Run cells in this Python with nothing at hand but NumPy and matplotlib: as `run_cells.js` does.

usage: run_cells.py FOLDER, with {pages: {name: [source]}} on stdin
"""

import json
import sys
from pathlib import Path

SAFE = {"numpy", "matplotlib", "dropout_scaling"}
WHAT_THEY_BRING = {"PIL", "contourpy", "cycler", "dateutil", "kiwisolver", "packaging"}
WHAT_THEY_BRING |= {"pyparsing", "six", "fontTools", "mpl_toolkits", "_distutils_hack", "pytz"}
HERE = Path(sys.argv[1])


class NothingElse:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        ours = (
            top.startswith("_") or top in SAFE | WHAT_THEY_BRING or (HERE / f"{top}.py").is_file()
        )
        if not ours and top not in sys.stdlib_module_names:
            raise ModuleNotFoundError(f"No module named {name!r}: it is not there in the page")


def main():
    given = json.load(sys.stdin)
    sys.meta_path.insert(0, NothingElse())
    sys.path[:0] = [str(HERE), *map(str, HERE.glob("*.zip"))]
    from runner import Session

    answers = {}
    for name, sources in given["pages"].items():
        sent = []
        session = Session(lambda kind, text, sent=sent: sent.append([kind, text]))
        answers[name] = []
        for number, source in enumerate(sources, 1):
            ok = session.run(source, str(number))
            answers[name].append({"ok": ok, "sent": sent[:]})
            sent.clear()
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
