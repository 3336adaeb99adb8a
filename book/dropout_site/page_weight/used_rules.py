"""Of a stylesheet, keep the rules that some page can show: of the theme's, less than half.

A rule stays if each class and id that its selector needs is in a page of the site, or is a word
in one of its scripts, which may add it. Bootstrap puts some of its names together: they all stay.
"""

import re

NAME = r"[.#]([A-Za-z_][\w-]*)"
# What stands in brackets need not be there: `:not(.a)`, `:is(.a, .b)`.
IN_BRACKETS = re.compile(r"\((?:[^()]|\([^()]*\))*\)")
COMMA = r",(?![^()]*\))"
GROUPS = ("@media", "@supports")
PUT_TOGETHER = "bs-"


def names(pages, scripts):
    """Return all that may be the name of a class or an id, from the text of pages and scripts."""
    lists = [found for page in pages for found in re.findall(r'\b(?:class|id)="([^"]*)"', page)]
    words = [word for script in scripts for word in re.findall(r"[\w-]+", script)]
    return {name for found in lists for name in found.split()} | set(words)


def blocks(css):
    """Yield each rule of a stylesheet without comments: what stands before the braces, and in them.

    A statement, such as `@charset`, has no braces: None is in them.
    """
    start = depth = 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[{};]', css):
        sign, end = found[0], found.end()
        if sign == "{":
            if depth == 0:
                opening = found.start()
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield css[start:opening].strip(), css[opening + 1 : end - 1]
                start = end
        elif sign == ";" and depth == 0:
            yield css[start : end - 1].strip(), None
            start = end


def can_match(selector, known):
    needed = re.findall(NAME, IN_BRACKETS.sub("", selector))
    return all(name in known or name.startswith(PUT_TOGETHER) for name in needed)


def only_used(css, known):
    """Return the stylesheet without the selectors that need a name that is not in `known`."""
    kept = []
    for head, body in blocks(css):
        if body is None:
            kept.append(f"{head};")
        elif head.startswith(GROUPS):
            inner = only_used(body, known)
            kept += [f"{head}{{{inner}}}"] if inner else []
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        else:
            selectors = [s for s in re.split(COMMA, head) if can_match(s, known)]
            kept += [f"{','.join(selectors)}{{{body}}}"] if selectors else []
    return "\n".join(kept)
