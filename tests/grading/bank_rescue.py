"""Right and wrong submissions of the assignment ``rescue``, each with the points it must get.

``BANK``: (name, {old: new}, points). Replace ``old`` by ``new`` in the source of the code cells
that hold it: all of them where it is in the solution, so that each ``old`` is chosen to occur in
the solutions alone. ``points``: {question: points} where they differ from ``FULL``.
"""

FULL = {"q1": 3, "q2": 2, "q3": 2, "q4": 3, "q5": 2, "q6": 1, "q7": 2, "q8": 1}
NOTHING = dict.fromkeys(FULL, 0)

CONVERT = "(1 - p) * w if name in fed_by_dropout else w.copy()"
SGD = 'return {"lr": q**2 * lr, "weight_decay": weight_decay / q**2}'
ADAM = 'return {"lr": q * lr, "eps": eps / q, "weight_decay": weight_decay / q**2}'
MISTAKES = '["L3", "L4", "L7", "L9", "L13", "L17"]'
MASK = "kept = torch.rand(x.shape) < 1 - p"
SCALE = "return torch.where(kept, x, 0) / (1 - p)"
BLOCK = "return F.dropout(h, self.p, self.training)"
KEEP = "self.drop = nn.Dropout(1 - keep)"
SCORES = "        h = self.drop(h)\n        return self.out(h)"
VALIDATION = "    model.eval()\n    return F.cross_entropy(model(x), y).item()"
LOOK = "validation_loss(model, x_val, y_val)))\n    return losses"
LOOP = "        model.train()\n        optimizer.zero_grad()"

BANK = [
    # Part A: the weights.
    ("weights as they are", {CONVERT: "w.copy()"}, {"q1": 0}),
    ("divides the weights", {CONVERT: CONVERT.replace("(1 - p) * w", "w / (1 - p)")}, {"q1": 1}),
    ("weights times p", {CONVERT: CONVERT.replace("(1 - p)", "p")}, {"q1": 1}),
    ("weights times q squared", {CONVERT: CONVERT.replace("(1 - p)", "(1 - p) ** 2")}, {"q1": 1}),
    (
        "converts biases too",
        {CONVERT: "(1 - p) * w if 'first' not in name else w.copy()"},
        {"q1": 2},
    ),
    (
        "converts the first layer too",
        {CONVERT: "(1 - p) * w if w.ndim > 1 else w.copy()"},
        {"q1": 2},
    ),
    (
        "converts one layer of two",
        {CONVERT: CONVERT.replace("name in fed_by_dropout", 'name == "out.weight"')},
        {"q1": 1},
    ),
    ("keeps the mean square", {CONVERT: CONVERT.replace("(1 - p)", "(1 - p) ** 0.5")}, {"q1": 1}),
    ("converts for the notebook's P", {CONVERT: CONVERT.replace("(1 - p)", "(1 - P)")}, {"q1": 1}),
    ("multiplies everything", {CONVERT: "(1 - p) * w"}, {"q1": 2}),
    ("divides everything", {CONVERT: "w / (1 - p)"}, {"q1": 0}),
    (
        "converts in place",
        {
            "    return {\n        name": "    for name in fed_by_dropout:\n        "
            "weights[name] *= 1 - p\n    return weights\n    return {\n        name"
        },
        {"q1": 2},
    ),
    # Part A: the optimisers.
    ("SGD as it was", {SGD: 'return {"lr": lr, "weight_decay": weight_decay}'}, {"q2": 0}),
    ("one factor for SGD's rate", {SGD: SGD.replace("q**2 * lr", "q * lr")}, {"q2": 1}),
    ("SGD's decay as AdamW's", {SGD: SGD.replace("/ q**2", "/ q")}, {"q2": 1}),
    ("p for q in SGD", {SGD: SGD.replace("q**2", "p**2")}, {"q2": 0}),
    ("Adam's rate as SGD's", {ADAM: ADAM.replace("q * lr", "q**2 * lr")}, {"q3": 1}),
    ("Adam's decay as AdamW's", {ADAM: ADAM.replace("/ q**2", "/ q")}, {"q3": 1}),
    ("eps forgotten", {ADAM: ADAM.replace("eps / q", "eps")}, {"q3": 1}),
    (
        "SGD the way back",
        {SGD: 'return {"lr": lr / q**2, "weight_decay": q**2 * weight_decay}'},
        {"q2": 0},
    ),
    ("p for q in Adam", {ADAM: f"q = p\n    {ADAM}"}, {"q3": 0}),
    (
        "AdamW's settings, eps forgotten",
        {ADAM: 'return {"lr": q * lr, "eps": eps, "weight_decay": weight_decay / q}'},
        {"q3": 0},
    ),
    (
        "divides the weights, one factor for SGD's rate, eps forgotten",
        {
            CONVERT: CONVERT.replace("(1 - p) * w", "w / (1 - p)"),
            SGD: SGD.replace("q**2 * lr", "q * lr"),
            ADAM: ADAM.replace("eps / q", "eps"),
        },
        {"q1": 1, "q2": 1, "q3": 1},
    ),
    ("SGD's settings as a tuple", {SGD: "return q**2 * lr, weight_decay / q**2"}, {"q2": 1}),
    (
        "Adam's settings as a tuple",
        {ADAM: "return q * lr, eps / q, weight_decay / q**2"},
        {"q3": 1},
    ),
    (
        "a tuple of settings as they were",
        {ADAM: "return lr, eps, weight_decay", SGD: "return lr, weight_decay"},
        {"q2": 0, "q3": 0},
    ),
    # Part B: the lines.
    ("names all lines", {MISTAKES: 'list(f"L{n}" for n in range(1, 21))'}, {"q4": 0}),
    ("names nothing", {MISTAKES: "[]"}, {"q4": 0}),
    ("names five and a right one", {MISTAKES: MISTAKES.replace("L9", "L10")}, {"q4": 2}),
    ("names three", {MISTAKES: '["L3", "L4", "L7"]'}, {"q4": 1}),
    ("names two", {MISTAKES: '["L3", "L4"]'}, {"q4": 1}),
    ("names one", {MISTAKES: '["L13"]'}, {"q4": 0}),
    ("names five", {MISTAKES: '["L3", "L4", "L7", "L9", "L17"]'}, {"q4": 2}),
    ("names six and a right one", {MISTAKES: MISTAKES.replace("]", ', "L1"]')}, {"q4": 2}),
    ("names six and three right ones", {MISTAKES: f'{MISTAKES} + ["L1", "L2", "L5"]'}, {"q4": 1}),
    ("names three and two right ones", {MISTAKES: '["L3", "L4", "L7", "L8", "L16"]'}, {"q4": 0}),
    ("names a line in each piece", {MISTAKES: '["L1", "L2", "L5", "L8", "L11", "L16"]'}, {"q4": 0}),
    ("names a line that is none", {MISTAKES: MISTAKES.replace("L9", "L21")}, {"q4": 0}),
    # Part B: the pieces.
    ("one mask for the batch", {MASK: MASK.replace("x.shape", "x.shape[1:]")}, {"q5": 1}),
    ("one decision a row", {MASK: MASK.replace("x.shape", "x.shape[0], 1")}, {"q5": 1}),
    ("divides by p", {SCALE: SCALE.replace("(1 - p)", "p")}, {"q5": 1}),
    ("keeps with p", {MASK: MASK.replace("1 - p", "p")}, {"q5": 1}),
    ("inputs not scaled", {SCALE: SCALE.removesuffix(" / (1 - p)")}, {"q5": 1}),
    (
        "scales at both times",
        {f"        return x\n    {MASK}": f"        return x * (1 - p)\n    {MASK}"},
        {"q5": 1},
    ),
    (
        "the script's inputs",
        {MASK: MASK.replace("x.shape", "x.shape[1:]"), SCALE: SCALE.replace("(1 - p)", "p")},
        {"q5": 0},
    ),
    (
        "keeps with p and divides by it: one slip",
        {MASK: MASK.replace("1 - p", "p"), SCALE: SCALE.replace("(1 - p)", "p")},
        {"q5": 1},
    ),
    (
        "the paper's dropout for the inputs",
        {
            f"        return x\n    {MASK}": f"        return x * (1 - p)\n    {MASK}",
            SCALE: SCALE.removesuffix(" / (1 - p)"),
        },
        {"q5": 1},
    ),
    ("drops all inputs", {MASK: "kept = torch.zeros(x.shape, dtype=bool)"}, {"q5": 0}),
    (
        "drops inputs at evaluation",
        {f"    if not training:\n        return x\n    {MASK}": f"    {MASK}"},
        {"q5": 1},
    ),
    (
        "one mask for the batch, at evaluation too",
        {
            f"    if not training:\n        return x\n    {MASK}": "    "
            + MASK.replace("x.shape", "x.shape[1:]")
        },
        {"q5": 0},
    ),
    ("block keeps with p", {BLOCK: BLOCK.replace("self.p", "1 - self.p")}, {"q6": 0}),
    (
        "block without ReLU",
        {f"h = self.linear(x).relu()\n        {BLOCK}": BLOCK.replace("(h", "(self.linear(x)")},
        {"q6": 0},
    ),
    (
        "block drops the same in all rows",
        {BLOCK: "return h * F.dropout(torch.ones_like(h[:1]), self.p, self.training)"},
        {"q6": 0},
    ),
    ("block drops in eval mode", {BLOCK: "return F.dropout(h, self.p)"}, {"q6": 0}),
    (
        "block scales at both times",
        {BLOCK: f"h = h if self.training else h * (1 - self.p)\n        {BLOCK}"},
        {"q6": 0},
    ),
    ("block never drops", {BLOCK: "return F.dropout(h, self.p, False)"}, {"q6": 0}),
    ("keep for p in the head", {KEEP: "self.drop = nn.Dropout(keep)"}, {"q7": 1}),
    (
        "drops the scores",
        {SCORES: SCORES.replace("self.out(h)", "self.drop(self.out(h))")},
        {"q7": 1},
    ),
    (
        "the script's head",
        {
            KEEP: "self.drop = nn.Dropout(keep)",
            SCORES: SCORES.replace("self.out(h)", "self.drop(self.out(h))"),
        },
        {"q7": 0},
    ),
    ("head drops the scores alone", {SCORES: "        return self.drop(self.out(h))"}, {"q7": 0}),
    (
        "head drops in eval mode",
        {SCORES: SCORES.replace("self.drop(h)", "F.dropout(h, self.drop.p)")},
        {"q7": 1},
    ),
    (
        "head drops the same in all rows",
        {SCORES: SCORES.replace("self.drop(h)", "h * self.drop(torch.ones_like(h[:1]))")},
        {"q7": 1},
    ),
    (
        "head drops its inputs, not its units",
        {
            f"h = self.hidden(x).relu()\n{SCORES}": "h = self.hidden(self.drop(x)).relu()\n"
            "        return self.out(h)"
        },
        {"q7": 0},
    ),
    ("head never drops", {SCORES: "        return self.out(h)"}, {"q7": 1}),
    ("stays in eval mode", {LOOP: "        optimizer.zero_grad()"}, {"q8": 0}),
    ("never in eval mode", {"    model.eval()\n    return F": "    return F"}, {"q8": 0}),
    (
        "train mode in every other epoch",
        {LOOP: LOOP.replace("model.train()", "model.train(len(losses) % 2 == 0)")},
        {"q8": 0},
    ),
    (
        "no look at the validation rows",
        {LOOK: LOOK.replace("validation_loss(model, x_val, y_val)", "0.0")},
        {"q8": 0},
    ),
    (
        "finds all, mends nothing",
        {
            MASK: MASK.replace("x.shape", "x.shape[1:]"),
            SCALE: SCALE.replace("(1 - p)", "p"),
            BLOCK: "return F.dropout(h, self.p)",
            KEEP: "self.drop = nn.Dropout(keep)",
            SCORES: SCORES.replace("self.out(h)", "self.drop(self.out(h))"),
            LOOP: "        optimizer.zero_grad()",
        },
        {"q5": 0, "q6": 0, "q7": 0, "q8": 0},
    ),
    (
        "part A alone, the rest not written yet",
        {
            f"return {MISTAKES}": "...",
            f"    if not training:\n        return x\n    {MASK}": f"    return\n    {MASK}",
            f"    def forward(self, x):\n        h = self.linear(x).relu()\n        {BLOCK}": "",
            f"    def forward(self, x):\n        h = self.hidden(x).relu()\n{SCORES}": "",
            LOOP: "        return\n",
        },
        {"q4": 0, "q5": 0, "q6": 0, "q7": 0, "q8": 0},
    ),
    # Right, in another way.
    (
        "right: dropout in front of the ReLU, in the block and in the head",
        {
            f"h = self.linear(x).relu()\n        {BLOCK}": "h = self.linear(x)\n"
            "        return F.dropout(h, self.p, self.training).relu()",
            f"h = self.hidden(x).relu()\n{SCORES}": "h = self.drop(self.hidden(x))\n"
            "        return self.out(torch.relu(h))",
        },
        {},
    ),
    (
        "right: the mode is put back behind the validation, and that line named",
        {
            LOOP: "        optimizer.zero_grad()",
            LOOK: LOOK.replace("    return", "        model.train()\n    return"),
            MISTAKES: MISTAKES.replace("L17", "L20"),
        },
        {},
    ),
    (
        "right: factors by hand for the inputs, new weights in a loop, the gap's other line named",
        {
            SCALE: "return x * (kept.to(x.dtype) * (1 / (1 - p)))",
            CONVERT: "w - p * w if name in fed_by_dropout else w + 0",
            MISTAKES: MISTAKES.replace("L17", "L18"),
        },
        {},
    ),
    (
        "right: PyTorch's dropout for the inputs, a layer in the block",
        {
            MASK: "return F.dropout(x, p, training)",
            BLOCK: "return nn.Dropout(self.p).train(self.training)(h)",
        },
        {},
    ),
    (
        "right: validation puts the mode back",
        {
            LOOP: "        optimizer.zero_grad()",
            VALIDATION: "    was = model.training\n    try:\n"
            "        return F.cross_entropy(model.eval()(x), y).item()\n"
            "    finally:\n        model.train(was)",
        },
        {},
    ),
    (
        "right: through tensors, in float64, settings as NumPy's numbers, labels in small letters",
        {
            CONVERT: "(torch.tensor(w).double() * "
            "(1.0 - p if name[0] != 'f' and w.ndim == 2 else 1)).numpy()",
            SGD: "w, r = np.float64(weight_decay), np.float64(lr)\n"
            '    return {"weight_decay": w / q / q, "lr": r * q * q}',
            MISTAKES: '("l14", "l13", "l9", " l7", "l4", "l3")',
        },
        {},
    ),
    (
        "right: a head of functions, scaled by hand",
        {
            KEEP: "self.keep = keep",
            SCORES: "        kept = torch.empty_like(h).bernoulli_(self.keep)\n"
            "        return self.out(h * kept / self.keep if self.training else h)",
        },
        {},
    ),
]
