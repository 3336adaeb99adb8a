import numpy as np
import onnx.parser
import onnxruntime

model = onnx.parser.parse_model("""<ir_version: 10, opset_import: ["": 22]>
dropout (float[n] x, float ratio, bool training_mode) => (float[n] y) {
    y = Dropout <seed = 0> (x, ratio, training_mode)
}""")
run = onnxruntime.InferenceSession(model.SerializeToString()).run
given = {"x": np.ones(1000, "f"), "ratio": np.array(0.2, "f")}
(in_training,) = run(None, {**given, "training_mode": np.array(True)})
(in_evaluation,) = run(None, {**given, "training_mode": np.array(False)})

# --- asked besides

import functools

LAYER = "ONNX Runtime, `Dropout`"
ARGUMENT, TAKES = "ratio", onnx.defs.get_schema("Dropout")
MODE = "`training_mode`, the third input; left out it is false"
SEED = "`seed`, an attribute of the node, or `onnxruntime.set_seed`"
SHARING = "none"


@functools.cache
def session(dtype="float", seed="", inputs="x, ratio, training_mode"):
    model = onnx.parser.parse_model(f"""<ir_version: 10, opset_import: ["": 22]>
    dropout ({dtype}[a, b] x, {dtype} ratio, bool training_mode) => ({dtype}[a, b] y) {{
        y = Dropout {seed} ({inputs})
    }}""")
    return onnxruntime.InferenceSession(model.SerializeToString())


def evaluate(x, p, training, **options):
    dtype = {"float64": "double", "float32": "float", "float16": "float16"}[x.dtype.name]
    given = {"x": x.reshape(len(x), -1), "ratio": np.array(p, x.dtype)}
    given["training_mode"] = np.array(training)
    return session(dtype, **options).run(None, given)[0].reshape(x.shape)


def dropout(x, p, training):
    return evaluate(x, p, training)


def untold(x):
    return evaluate(x, 0.2, False, inputs="x, ratio")


def seeded(x, seed):
    session.cache_clear()  # a session's stream goes on from call to call
    return evaluate(x, 0.5, True, seed=f"<seed = {seed}>")
