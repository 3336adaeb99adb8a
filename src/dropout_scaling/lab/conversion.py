"""Two runs of one network, with standard and with inverted dropout, and how far apart they end.

``settings`` of an optimiser: {name: (value, n)}, if the inverted run takes value * q^n. A ``rule``
of clipping takes pairs of a parameter and its q, which is 1 in the standard run.
"""

import functools

import torch
from IPython.display import Markdown

from dropout_scaling import plots
from dropout_scaling.claims import seed
from dropout_scaling.convert import dropped_weights, inverted_model
from dropout_scaling.nn import MLP, StandardDropout
from dropout_scaling.tables import breakable
from dropout_scaling.train import digit_tensors, float64_weights, train


def paths(kind, settings, rule=None):
    """Train both kinds on digits for ten epochs, with the same masks.

    Returns the parameters of both after each step, in the standard run's units: two tensors of
    shape (steps, parameters).
    """
    values = tuple((name, value) for name, (value, _) in settings.items())
    model = float64_weights(_network, seed(0))
    keep = {name: 1 - p for name, p in dropped_weights(model).items()}
    converted = inverted_model(model)  # a copy
    return _standard_path(kind, values, rule), _path(converted, kind, settings, keep, rule)


@functools.lru_cache(1)  # settings that are tried one after another differ for the inverted run
def _standard_path(kind, values, rule):
    settings = {name: (value, 0) for name, value in values}
    return _path(float64_weights(_network, seed(0)), kind, settings, {}, rule)


def apart(kind, settings, rule=None):
    """Return the largest difference of a parameter at the end of the two ``paths``."""
    standard, inverted = paths(kind, settings, rule)
    return (standard[-1] - inverted[-1]).abs().max().item()


def shares_apart(kind, settings):
    """Return how far apart the two ``paths`` are, as a share of the length of all parameters.

    Shape (steps,).
    """
    standard, inverted = paths(kind, settings)
    return (standard - inverted).norm(dim=1) / standard.norm(dim=1)


def _network():
    return MLP([64, 50, 10], p=0.75, p_input=0.5, dropout=StandardDropout)


def _path(model, kind, settings, keep, rule):
    pairs = [(weight, keep.get(name, 1)) for name, weight in model.named_parameters()]
    optimizer = kind(
        {"params": [weight], **{name: value * q**n for name, (value, n) in settings.items()}}
        for weight, q in pairs
    )
    if rule:
        optimizer.register_step_pre_hook(lambda *_: rule(pairs))
    path = []

    def note(*_):
        path.append(torch.cat([(weight.detach() / q).flatten() for weight, q in pairs]))

    optimizer.register_step_post_hook(note)
    data = digit_tensors(seed=seed(0))
    generator = torch.Generator().manual_seed(seed(1))
    how = {"epochs": 10, "batch_size": 128, "generator": generator, "mask_seed": seed(5)}
    train(model, data.x_train, data.y_train, optimizer=optimizer, **how)
    return torch.stack(path)


def powers(settings):
    """Return by which power of q each setting is multiplied, in words; "nothing" if none is."""
    each = [f"{breakable(name)} $q^{{{n}}}$" for name, (_, n) in settings.items() if n]
    return ", ".join(each).replace("^{1}", "") or "nothing"


def table(head, rows):
    """Return a Markdown table of ``rows``, each a list of cells; the last column holds numbers."""
    lines = [f"| {' | '.join(cells)} |" for cells in [head, *rows]]
    lines.insert(1, "|---" * (len(head) - 1) + "|--:|")
    return Markdown("\n".join(lines))


def draw_shares(shares):
    """Draw ``shares_apart`` over the steps, for each setting that was forgotten and for None."""
    said = {
        "lr": ("learning rate", 0),
        "weight_decay": ("weight decay", 4),
        "eps": ("eps", 1),
        None: ("nothing", -4),
    }
    _, ax = plots.subplots(3.6)
    for forgotten, (text, up) in said.items():
        style = plots.PLAIN if forgotten else plots.INVERTED
        steps = range(1, len(shares[forgotten]) + 1)
        label = {"style": style, "offset": (6, up), "every": 10}
        plots.labelled_line(ax, steps, shares[forgotten], text, **label)
    ax.set(xlabel="steps", xlim=(0, 175), xticks=(0, 50, 100))
    ax.set_title("distance of the two runs, if one forgets ...")
