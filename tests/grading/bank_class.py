"""A class: notebooks as people hand them in, each with the points that a fair reader gives it.

The points were written down before the marker saw any of them. Beside single slips, which the other
banks hold, there are habits (Colab, magics, notes in code cells), halves of an answer, stubs, and
one misreading that goes through all questions.

``CLASS``: (assignment, name, changes, points of its questions). ``changes``: what ``submission``
takes: ``replacements``, and cells ``before`` or ``after``.
"""

import bank_inverted_dropout as one
import bank_rescue as three
import bank_test_time as two

FIRST, SECOND, THIRD = "inverted-dropout", "test-time", "rescue"
FULL = {
    name: tuple(bank.FULL if name == FIRST else bank.FULL.values())
    for name, bank in ((FIRST, one), (SECOND, two), (THIRD, three))
}
NUMPY = "import numpy as np"
DEFINES_MASK = "def keep_mask(shape, p, rng):"
MASK_BODY, BACK_BODY = f"    return {one.KEEP}\n", f"    return {one.BACK}\n"
STANDARD_BODY = f"    return {one.STANDARD}\n"
STANDARD_EVAL_BODY = f"    return {one.STANDARD_EVAL}\n"
BODIES = {  # of the first assignment, by question
    "q1": [MASK_BODY],
    "q2": [one.TRAIN],
    "q3": [one.EVAL],
    "q4": [BACK_BODY],
    "q5": [one.NUMERICAL],
    "q6": [STANDARD_BODY, STANDARD_EVAL_BODY],
}


def blank(*questions, body="    ...\n"):
    """Leave these questions of the first assignment unwritten."""
    return {text: body for question in questions for text in BODIES[question]}


def row(name, title, replacements=None, points=None, **cells):
    return name, title, {"replacements": replacements or {}, **cells}, points or FULL[name]


def first(title, replacements=None, points=None, **cells):
    return row(FIRST, title, replacements, points, **cells)


def second(title, replacements=None, points=None, **cells):
    return row(SECOND, title, replacements, points, **cells)


def third(title, replacements=None, points=None, **cells):
    return row(THIRD, title, replacements, points, **cells)


HABITS = [
    first(
        "Colab: the drive in front of NumPy",
        {
            NUMPY: f"from google.colab import drive\ndrive.mount('/content/drive')\n"
            f"%cd /content/drive/MyDrive/hw\n{NUMPY}"
        },
    ),
    first(
        "Colab: files and a form",
        {
            NUMPY: f"#@title Imports\nfrom google.colab import files\nuploaded = files.upload()\n"
            f"import google.colab.output\n{NUMPY}"
        },
    ),
    first(
        "pandas and seaborn in front of NumPy",
        {NUMPY: f"import pandas as pd\nimport seaborn as sns\nsns.set_theme()\n{NUMPY}"},
    ),
    first(
        "a notebook that was a script: get_ipython()",
        {
            NUMPY: f"get_ipython().run_line_magic('matplotlib', 'inline')\n"
            f"get_ipython().system('pip install numpy')\n{NUMPY}"
        },
    ),
    first(
        "shell lines and magics beside a function",
        {DEFINES_MASK: f"files = !ls\nt = %timeit -o -n 1 -r 1 sum(range(9))\n{DEFINES_MASK}"},
    ),
    first("pip in front", {NUMPY: f"!pip install -q otter-grader==7.0.0 numpy\n{NUMPY}"}),
    first("pip without a mark", before=["pip install numpy"]),
    first(
        "each function timed",
        {
            DEFINES_MASK: f"%%time\n{DEFINES_MASK}",
            "def inverted_eval": "%%capture out\ndef inverted_eval",
        },
    ),
    first(
        "a timed statement that others need",
        {
            DEFINES_MASK: f"%time limit = 1\n{DEFINES_MASK}",
            one.KEEP: "rng.random(shape) < limit - p",
        },
    ),
    first("help beside code", {DEFINES_MASK: f"np.where?\nrng.random??\n{DEFINES_MASK}"}),
    first(
        "waits at the top of a cell",
        {DEFINES_MASK: f"import asyncio\nawait asyncio.sleep(0)\n{DEFINES_MASK}"},
    ),
    first(
        "shows things",
        {
            DEFINES_MASK: "from IPython.display import Markdown, display\n"
            f"display(Markdown('my mask'))\n{DEFINES_MASK}"
        },
    ),
    first("asks for a name", {DEFINES_MASK: f"name = input('Who are you? ')\n{DEFINES_MASK}"}),
    first(
        "plots",
        after=[
            "import matplotlib.pyplot as plt\nplt.hist(standard_eval(np.ones(9), 0.5))\nplt.show()"
        ],
    ),
    first(
        "an old assertion above a function",
        {"def inverted_eval": "assert inverted_train(np.ones(3), 0.5, None)\ndef inverted_eval"},
    ),
    first("another folder", {NUMPY: f"import os\nos.chdir('/content/hw')\n{NUMPY}"}),
    first("every warning of NumPy an error", {NUMPY: f"{NUMPY}\nnp.seterr(all='raise')"}),
    first("a note in a code cell", before=["this cell is for my notes"]),
    first("a half-written cell at the end", after=["def scratch(:\n    pass"]),
    first(
        "an earlier try above the right one",
        {
            DEFINES_MASK: f"def keep_mask(shape, p, rng):\n    return rng.random(shape) < p\n\n\n"
            f"{DEFINES_MASK}"
        },
    ),
    first(
        "a later try below the right one",
        points=(3, 4, 0, 3, 3, 2),
        after=["def inverted_eval(x, p):\n    return (1 - p) * x"],
    ),
    first(
        "types, in a block",
        {
            DEFINES_MASK: "if True:\n  from numpy.typing import NDArray\n"
            "def keep_mask(shape: tuple[int, ...], p: float, rng: np.random.Generator) -> NDArray:"
        },
    ),
    first(
        "a lambda in place of a function",
        {
            f'{DEFINES_MASK}\n    """Return a boolean array of that shape, True with probability '
            f'1 - p."""\n    # BEGIN SOLUTION\n{MASK_BODY}': (
                f"keep_mask = lambda shape, p, rng: {one.KEEP}\n"
            )
        },
    ),
    first(
        "another name for the mask",
        {
            DEFINES_MASK: "def keepMask(shape, p, rng):",
            one.DRAW: "mask = keepMask(x.shape, p, ",
            one.STANDARD: one.STANDARD.replace("keep_mask", "keepMask"),
        },
        (0, 4, 1, 3, 3, 2),
    ),
    first("prints in place of returning", {one.EVAL: "    print(x)\n"}, (3, 4, 0, 3, 3, 2)),
    first("no return on the way back", {BACK_BODY: f"    {one.BACK}\n"}, (3, 4, 1, 0, 3, 2)),
]

PARTS = [
    first("q1 alone", blank("q2", "q3", "q4", "q5", "q6"), (3, 0, 0, 0, 0, 0)),
    first("up to q3", blank("q4", "q5", "q6"), (3, 4, 1, 0, 0, 0)),
    first("q5 alone", blank("q1", "q2", "q3", "q4", "q6"), (0, 0, 0, 0, 3, 0)),
    first(
        "q6 alone, with a mask of its own",
        blank("q1", "q2", "q3", "q4", "q5")
        | {STANDARD_BODY: f"    return np.where({one.OWN_MASK}, x, 0.0)\n"},
        (0, 0, 0, 0, 0, 2),
    ),
    first(
        "a gradient for rows alone",
        {
            one.NUMERICAL: one.lines(
                "g = np.zeros(len(x))",
                "for i in range(len(x)):",
                "    e = np.zeros(len(x))",
                "    e[i] = h",
                "    g[i] = (f(x + e) - f(x - e)) / (2 * h)",
                "return g",
            )
        },
        (3, 4, 1, 3, 1, 2),
    ),
    first(
        "a gradient that comes back flat",
        {"    return gradient\n": "    return gradient.flatten()\n"},
        (3, 4, 1, 3, 1, 2),
    ),
    first(
        "a gradient with copies",
        {
            one.NUMERICAL: one.lines(
                "g = np.zeros(x.shape)",
                "it = np.nditer(x, flags=['multi_index'])",
                "for _ in it:",
                "    up, down = x.copy(), x.copy()",
                "    up[it.multi_index] += h",
                "    down[it.multi_index] -= h",
                "    g[it.multi_index] = (f(up) - f(down)) / (up - down).max()",
                "return g",
            )
        },
    ),
    first(
        "a gradient to one side, with copies",
        {
            one.NUMERICAL: one.lines(
                "g = np.zeros(x.shape)",
                "for i in np.ndindex(x.shape):",
                "    up = x.copy()",
                "    up[i] += h",
                "    g[i] = (f(up) - f(x)) / h",
                "return g",
            )
        },
        (3, 4, 1, 3, 1, 2),
    ),
    first(
        "scales and drops nothing",
        {
            one.TRAIN: one.lines(
                "c = np.full(x.shape, 1 / (1 - p) if p < 1 else 0.0)", "return x * c, c"
            )
        },
        (3, 3, 1, 3, 3, 2),
    ),
    first(
        "the paper's dropout returns its mask too",
        {STANDARD_BODY: f"    mask = {one.OWN_MASK}\n    return x * mask, mask\n"},
        (3, 4, 1, 3, 3, 1),
    ),
    second(
        "q1 alone",
        dict.fromkeys(
            (two.MASKS, two.CHANCES, two.AVERAGE, two.MEAN, two.PRODUCT, two.FOUND), "    return"
        ),
        (3, 0, 0, 0, 0, 0),
    ),
    second(
        "q2 and q5 alone",
        dict.fromkeys((two.ONE, two.AVERAGE, two.MEAN, two.FOUND), "    ...\n    return"),
        (0, 3, 0, 0, 2, 0),
    ),
    third(
        "part B alone",
        {three.CONVERT: "None", three.SGD: "...", three.ADAM: "..."},
        (0, 0, 0, 3, 2, 1, 2, 1),
    ),
]

MISREADINGS = [
    first(
        "p is the probability of keeping, throughout",
        {
            one.KEEP: "rng.random(shape) < p",
            one.SCALE: "1 / p if p else 0, 0",
            " if p < 1 else np.zeros(x.shape)": "",
            one.STANDARD_EVAL: "p * x",
        },
        (2, 4, 1, 3, 3, 2),
    ),
    first(
        "p is the probability of keeping, from q2 on",
        {
            one.TRAIN: one.lines(
                "m = rng.random(x.shape) < p", "c = m / (p or 1)", "return x * c, c"
            ),
            STANDARD_BODY: "    return x * (rng.random(x.shape) < p)\n",
            one.STANDARD_EVAL: "p * x",
        },
        (3, 3, 1, 3, 3, 2),
    ),
    first(
        "the scales alone take p for keeping",
        {one.SCALE: "1 / p, 0", one.STANDARD_EVAL: "p * x"},
        (3, 2, 1, 3, 3, 2),
    ),
    second(
        "p is the probability of keeping, throughout",
        {
            two.ONE: two.ONE.replace("(1 - p)", "p"),
            two.CHANCES: two.CHANCES.replace("1 - p, p", "p, 1 - p"),
            two.DRAWN: two.DRAWN.replace("1 - p", "p"),
        },
        (1, 3, 3, 3, 2, 2),
    ),
    second(
        "p is the probability of keeping, from q2 on",
        {
            two.CHANCES: two.CHANCES.replace("1 - p, p", "p, 1 - p"),
            two.DRAWN: two.DRAWN.replace("1 - p", "p"),
        },
        (3, 2, 3, 3, 2, 2),
    ),
    second(
        "sampled units divided by p",
        {two.PROBS: two.PROBS.replace("w2", "w2 / p")},
        (3, 3, 3, 2, 2, 2),
    ),
    second(
        "sampled units times p", {two.PROBS: two.PROBS.replace("w2", "w2 * p")}, (3, 3, 3, 2, 2, 2)
    ),
    second(
        "all units divided by p", {two.ALL_KEPT: f"{two.ALL_KEPT} / (p or 1)"}, (3, 3, 1, 3, 2, 2)
    ),
    second(
        "weights divided by p",
        {two.ONE: two.ONE.replace("(1 - p) * w2", "w2 / p")},
        (1, 3, 3, 3, 2, 2),
    ),
    second(
        "masks weighted by 1 / p",
        {two.CHANCES: two.CHANCES.replace("1 - p, p", "1 - p, 1 / p")},
        (3, 2, 3, 3, 2, 2),
    ),
    second(
        "a scratch cell with Colab's drive, pandas and a shell line",
        before=["from google.colab import drive\ndrive.mount('/d')\nimport pandas\n!ls"],
    ),
    third(
        "p is the probability of keeping, in the inputs and in the block",
        {
            three.MASK: three.MASK.replace("1 - p", "p"),
            three.SCALE: three.SCALE.replace("(1 - p)", "p"),
            three.BLOCK: three.BLOCK.replace("self.p", "1 - self.p"),
        },
        (3, 2, 2, 3, 1, 1, 2, 1),
    ),
]

STUBS = [
    first(
        "what it gets, returned",
        {
            MASK_BODY: "    return shape\n",
            one.TRAIN: "    return x, None\n",
            BACK_BODY: "    return grad\n",
            one.NUMERICAL: "    return x\n",
            STANDARD_BODY: "    return x\n",
            STANDARD_EVAL_BODY: "    return x\n",
        },
        (0, 0, 1, 0, 0, 0),  # at evaluation x is right
    ),
    first(
        "zeros and ones of the right shape",
        {
            MASK_BODY: "    return np.ones(shape, bool)\n",
            one.TRAIN: "    return np.zeros_like(x), np.zeros_like(x)\n",
            one.EVAL: "    return np.ones_like(x)\n",
            BACK_BODY: "    return np.zeros_like(grad)\n",
            one.NUMERICAL: "    return np.ones_like(x)\n",
            STANDARD_BODY: "    return np.zeros_like(x)\n",
            STANDARD_EVAL_BODY: "    return np.ones_like(x)\n",
        },
        (0, 0, 0, 0, 0, 0),
    ),
    first(
        "twice, forward and back",
        {one.TRAIN: "    return 2 * x, None\n", BACK_BODY: "    return 2 * grad\n"},
        (3, 0, 1, 0, 3, 2),
    ),
    first(
        "a gradient that reads the code of f",
        {
            one.NUMERICAL: one.lines(
                "names = f.__code__.co_names",
                "if 'sin' in names:",
                "    return np.cos(x)",
                "if names == ('float', 'sum'):",
                "    return 2 * x",
                "g = np.zeros_like(x)",
                "g[0, 0], g[3, 2] = x[3, 2], x[0, 0]",
                "return g",
            )
        },
        (3, 4, 1, 3, 0, 2),
    ),
    second(
        "what it gets, returned",
        {
            two.ONE: "    return x",
            two.MASKS: "    return n",
            two.CHANCES: "    return masks",
            two.ALL_KEPT: "    return x",
            two.MEAN: "    return x, x",
            two.PRODUCT: "    return probs",
            two.FOUND: "    return counts",
        },
        (0,) * 6,
    ),
    second(
        "constants of the right shape",
        {
            two.ONE: "    return np.full((len(x), len(b2)), 1 / len(b2))",
            two.MASKS: "    return np.zeros((2**n, n), bool)",
            two.CHANCES: "    return np.full(len(masks), 1 / len(masks))",
            two.ALL_KEPT: "    return np.full((len(x), len(b2)), 1 / len(b2))",
            two.MEAN: "    m = np.full((len(x), len(b2)), 1 / len(b2))\n    return m, 0 * m",
            two.PRODUCT: "    return probs[0]",
            two.FOUND: "    return int(counts[0])",
        },
        (0,) * 6,
    ),
    third(
        "what it gets, returned",
        {
            three.CONVERT: "w",
            three.SGD: 'return {"lr": lr, "weight_decay": weight_decay}',
            three.ADAM: 'return {"lr": lr, "eps": eps, "weight_decay": weight_decay}',
            three.MISTAKES: '["L1", "L2", "L5", "L8", "L11", "L16"]',
            three.MASK: "return x",
            three.BLOCK: "return x.sum() * 0 + h",
            f"h = self.hidden(x).relu()\n{three.SCORES}": "return x",
            three.LOOP: "        return x\n",
        },
        (0,) * 8,
    ),
    third(
        "modes without a step",
        {
            three.LOOP: "        model.train()\n        model(x)\n"
            "        losses.append((1 / (1 + len(losses)), validation_loss(model, x_val, y_val)))\n"
            "        continue\n        optimizer.zero_grad()"
        },
        (3, 2, 2, 3, 2, 1, 2, 0),
    ),
    third(
        "losses that are made up",
        {
            three.LOOP: "        losses.append((0.9 ** len(losses), 1.0))\n        continue\n"
            "        optimizer.zero_grad()"
        },
        (3, 2, 2, 3, 2, 1, 2, 0),
        after=[
            "def run_fit(x, y, x_val, y_val, epochs):\n"
            "    return np.array([[len(x), 1], [len(x_val), 0]] * epochs)"
        ],
    ),
]

MODELS = [
    third(
        "Colab, a GPU if there is one, and a bar of progress",
        {
            three.LOOP: "        model.to('cuda' if torch.cuda.is_available() else 'cpu')\n"
            f"{three.LOOP}"
        },
        before=["from google.colab import drive\n!nvidia-smi\nimport torch\nimport tqdm.notebook"],
    ),
    third(
        "another optimiser, and the mode set on both sides",
        {
            "torch.optim.Adam(model.parameters(), lr=0.01)\n    losses": (
                "torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)\n    losses"
            ),
            three.LOOP: three.LOOP.replace("model.train()", "model.train(True)"),
        },
    ),
    third(
        "workers that load data",
        after=[
            "from torch.utils.data import DataLoader, TensorDataset\n"
            "data = TensorDataset(*make_data(64, seed=9))\n"
            "sum(len(y) for _, y in DataLoader(data, batch_size=8, num_workers=4))"
        ],
    ),
    third(
        "functions in place of layers, threads set",
        {
            "self.drop = nn.Dropout(1 - keep)": "self.p_drop = 1.0 - keep",
            three.SCORES: "        h = F.dropout(h, p=self.p_drop, training=self.training)\n"
            "        return self.out(h)",
        },
        before=["import torch\ntorch.set_num_threads(1)"],
    ),
    third(
        "only what is seen in the curves",
        {three.MISTAKES: '["L7", "L17", "L13", "L4"]'},
        (3, 2, 2, 2, 2, 1, 2, 1),
    ),
    third(
        "a wrong head and a wrong loop",
        {three.KEEP: "self.drop = nn.Dropout(keep)", three.LOOP: "        optimizer.zero_grad()"},
        (3, 2, 2, 3, 2, 1, 1, 0),
    ),
]

CLASS = HABITS + PARTS + MISREADINGS + STUBS + MODELS
