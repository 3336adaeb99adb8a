"""Print the code of a function without its docstring, as the chapters do."""

import inspect


def show(*functions):
    """Print the source of each of ``functions`` without its docstring.

    >>> from dropout_scaling.reference import inverted_eval
    >>> show(inverted_eval)
    def inverted_eval(x):
        return check_floats("x", x)
    """
    for number, function in enumerate(functions):
        head, _, rest = inspect.getsource(function).partition('"""')
        body = rest.partition('"""')[2]
        head = head[head.index("def ") :].rstrip()  # without its decorators
        print(("\n" if number else "") + head + (body.rstrip() or rest.rstrip()))
