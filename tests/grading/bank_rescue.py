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
LOOP = "        model.train()\n        optimizer.zero_grad()"

BANK = [
    # Part A: the weights.
    ("weights as they are", {CONVERT: "w.copy()"}, {"q1": 0}),
    ("divides the weights", {CONVERT: CONVERT.replace("(1 - p) * w", "w / (1 - p)")}, {"q1": 2}),
    ("weights times p", {CONVERT: CONVERT.replace("(1 - p)", "p")}, {"q1": 2}),
    ("weights times q squared", {CONVERT: CONVERT.replace("(1 - p)", "(1 - p) ** 2")}, {"q1": 2}),
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
        {"q1": 2},
    ),
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
    ("settings as a tuple", {SGD: "return q**2 * lr, weight_decay / q**2"}, {"q2": 0}),
    # Part B: the lines.
    ("names all lines", {MISTAKES: 'list(f"L{n}" for n in range(1, 21))'}, {"q4": 0}),
    ("names nothing", {MISTAKES: "[]"}, {"q4": 0}),
    ("names five and a right one", {MISTAKES: MISTAKES.replace("L9", "L10")}, {"q4": 2}),
    ("names three", {MISTAKES: '["L3", "L4", "L7"]'}, {"q4": 1}),
    ("names two", {MISTAKES: '["L3", "L4"]'}, {"q4": 1}),
    ("names one", {MISTAKES: '["L13"]'}, {"q4": 0}),
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
    ("block drops in eval mode", {BLOCK: "return F.dropout(h, self.p)"}, {"q6": 0}),
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
    ("head never drops", {SCORES: "        return self.out(h)"}, {"q7": 1}),
    ("stays in eval mode", {LOOP: "        optimizer.zero_grad()"}, {"q8": 0}),
    ("never in eval mode", {"    model.eval()\n    return F": "    return F"}, {"q8": 0}),
    # Right, in another way.
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
            f"{VALIDATION}\n\n\n# END": "    was = model.training\n    try:\n"
            "        return F.cross_entropy(model.eval()(x), y).item()\n"
            "    finally:\n        model.train(was)\n\n\n# END",
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
