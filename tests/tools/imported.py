"""Runs modules in copies of one process that has imported much: to import takes half of a build.

usage: python imported.py MODULE ...

Each line of the standard input is JSON: where to run what, and into which files it writes. The
answer is its exit status. Here is nothing of the repository: a clone has its own tools.
"""

import importlib
import json
import os
import runpy
import sys

for name in sys.argv[1:]:
    importlib.import_module(name)
while line := sys.stdin.readline():
    copy = os.fork()
    if copy == 0:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]), flush=True)
else:
    sys.exit()

asked = json.loads(line)
for descriptor, path in enumerate((os.devnull, *asked["said"])):
    os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), descriptor)
os.chdir(asked["root"])
os.environ.clear()
os.environ.update(asked["env"])
sys.path[0] = asked["root"]
sys.argv[1:] = asked["arguments"]
runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)
