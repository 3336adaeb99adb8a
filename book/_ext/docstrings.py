"""Let the API page take docstrings as they are written: plain text with ``code`` and doctests.

To reStructuredText, |x| is a substitution and a * opens emphasis; here they are mathematics.
"""

import re


def escape(app, what, name, obj, options, lines):
    """Escape reStructuredText's signs in the docstring ``lines``, in place, outside of code."""
    in_doctest = False
    for i, line in enumerate(lines):
        in_doctest = line.lstrip().startswith(">>>") or (in_doctest and line.strip() != "")
        if not in_doctest:
            parts = re.split(r"(``.*?``)", line)
            parts[::2] = [re.sub(r"([|*\\_])", r"\\\1", part) for part in parts[::2]]
            lines[i] = "".join(parts)


def setup(app):
    """Register the hook."""
    app.connect("autodoc-process-docstring", escape)
    return {"parallel_read_safe": True}
