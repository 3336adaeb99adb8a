"""The search over more and more questions: a key press, and the reading of the index before."""

import json
import re
import subprocess

from playwright._impl._driver import compute_driver_executable  # it has no public name

from tools.paths import HTML, TESTS, TOOLS

AXIS = "questions"
SIZES = [50, 106, 250, 500, 1000]
BOUND = "a key press looks at the sections that have a word of what is typed, and sorts those found"
PAGE = "reference/questions.html"
TYPED = 30  # phrasings, each key by key


def measure(size):
    script = (HTML / "search/sections.js").read_text("utf8")
    data = json.loads(script.removeprefix("Results.read(").rstrip().removesuffix(");"))
    address, title, records = next(page for page in data["pages"] if page[0] == PAGE)
    questions = [record for record in records if record[0]]
    more = [again(questions[n % len(questions)], n // len(questions)) for n in range(size)]
    data["pages"] = [[address, title, more]]
    lines = (TESTS / "browser/phrasings.txt").read_text("utf8").splitlines()
    typed = [line for line in lines if line and line[0] not in "#> "][:TYPED]
    node, _ = compute_driver_executable()
    search = HTML / "search"
    command = [node, TOOLS / "bench/parts/questions.js", search / "words.js", search / "ranking.js"]
    done = subprocess.run(
        command,
        input=json.dumps({"data": data, "typed": typed}),
        capture_output=True,
        encoding="utf8",
        check=True,
    )
    return json.loads(done.stdout)


def again(record, time):
    """The question with some other words each time, as another question has."""
    if not time:
        return record
    anchor, heading, *texts = record
    return [
        f"{anchor}-{time}",
        heading,
        *(re.sub(r"\b(\w{7,})\b", rf"\g<1>{time}", t) for t in texts),
    ]
