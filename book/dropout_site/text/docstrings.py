"""Show docstrings on the API page as they are written: plain text with ``code`` and doctests.

To reStructuredText, |x| is a substitution and a lone * opens emphasis; here they are mathematics.
``sphinx.ext.napoleon`` then makes lists of the sections Args, Returns and Raises. The docstring of
a NamedTuple describes its fields, so they are not listed again.
"""

import re

WORD = r"\*\w+\*"  # *emphasis*
CODE = r"``.*?``"


def escape(app, what, name, obj, options, lines):
    """Escape reStructuredText's signs in the docstring ``lines``, in place, outside of code."""
    in_doctest = False
    for i, line in enumerate(lines):
        in_doctest = line.lstrip().startswith(">>>") or (in_doctest and line.strip() != "")
        if not in_doctest:
            parts = re.split(f"({CODE}|{WORD})", line)
            parts[::2] = [re.sub(r"([|*\\_])", r"\\\1", part) for part in parts[::2]]
            lines[i] = "".join(parts)


def skip_fields(app, what, name, obj, skip, options):
    """Return True for a NamedTuple's field, None to leave the others to Sphinx."""
    return (getattr(obj, "__doc__", None) or "").startswith("Alias for field number") or None


def setup(app):
    """Register the hooks."""
    app.connect("autodoc-process-docstring", escape, priority=400)  # before napoleon, at 500
    app.connect("autodoc-skip-member", skip_fields)
