"""Runs modules in copies of one process that has imported much: to import takes half of a build.

usage: python imported.py MODULE ...

Each line of the standard input is JSON: where to run what, and into which files it writes. The
answer is its exit status. Here is nothing of the repository: a clone has its own tools.
"""

import gc
import importlib
import json
import multiprocessing
import os
import runpy
import sys


def run(root, module, arguments, env, said):
    for descriptor, path in enumerate((os.devnull, *said)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), descriptor)
    os.chdir(root)
    os.environ.clear()
    os.environ.update(env)
    sys.path[0] = root
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


for name in sys.argv[1:]:
    importlib.import_module(name)
gc.freeze()  # what a copy never looks at, it need not have of its own
while line := sys.stdin.readline():
    copy = multiprocessing.get_context("fork").Process(target=run, kwargs=json.loads(line))
    copy.start()
    copy.join()
    print(copy.exitcode, flush=True)
