import numpy as np
import onnx.parser
from onnx.reference import ReferenceEvaluator

model = onnx.parser.parse_model("""<ir_version: 10, opset_import: ["": 22]>
dropout (float[n] x, float ratio, bool training_mode) => (float[n] y) {
    y = Dropout <seed = 0> (x, ratio, training_mode)
}""")
run = ReferenceEvaluator(model).run
given = {"x": np.ones(1000, "f"), "ratio": np.float32(0.2)}
(in_training,) = run(None, {**given, "training_mode": np.array(True)})
(in_evaluation,) = run(None, {**given, "training_mode": np.array(False)})

# --- asked besides

LAYER = "ONNX, `Dropout` in the reference evaluator"
ARGUMENT, TAKES = "ratio", onnx.defs.get_schema("Dropout")
MODE = "`training_mode`, the third input; left out it is false"
SEED = "`seed`, an attribute of the node"
SHARING = "none"


def source(dtype="float", seed="", inputs="x, ratio, training_mode"):
    return f"""<ir_version: 10, opset_import: ["": 22]>
    dropout ({dtype}[a, b] x, {dtype} ratio, bool training_mode) => ({dtype}[a, b] y) {{
        y = Dropout {seed} ({inputs})
    }}"""


def evaluate(x, p, training, **options):
    dtype = {"float64": "double", "float32": "float", "float16": "float16"}[x.dtype.name]
    model = ReferenceEvaluator(onnx.parser.parse_model(source(dtype, **options)))
    rows = x.reshape(len(x), -1)
    given = {"x": rows, "ratio": x.dtype.type(p), "training_mode": np.array(training)}
    return model.run(None, given)[0].reshape(x.shape)


def dropout(x, p, training):
    return evaluate(x, p, training)


def untold(x):
    return evaluate(x, 0.2, False, inputs="x, ratio")


def seeded(x, seed):
    return evaluate(x, 0.5, True, seed=f"<seed = {seed}>")
