"""What is written down of a run: one event for each call that matters to dropout."""

from typing import NamedTuple

from dropout_scaling.audit._call_site import locate


class Event(NamedTuple):
    """One recorded event.

    ``kind``: "dropout"; "attention", a dropout inside one call of torch's; "batch norm"; "draw" (of
    a mask) or "random" (of any other numbers); "mask", values multiplied by a mask made by hand;
    "branch", a decision by one. ``module``: the name of the innermost running submodule.
    ``location``: ``file:line`` of the innermost call outside torch. ``detail``: a dict.
    """

    kind: str
    module: str
    location: str
    detail: dict


class Record(list):
    """The events, and the names of the running modules, the innermost last."""

    def __init__(self):
        self.stack = []

    def __call__(self, kind, detail):
        event = Event(kind, self.module(), locate(), detail)
        self.append(event)
        return event

    def module(self):
        return self.stack[-1] if self.stack else ""
