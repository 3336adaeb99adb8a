"""What the page of frameworks says of them by name is what they did when they were run."""

import pytest
from said import stands

from dropout_scaling.data import frameworks

PAGE = "reference/frameworks"
ROWS = frameworks()[1]
RAN = {row["name"]: row for row in ROWS if row["how"] == "run"}
READ = [row for row in ROWS if row["how"] == "read"]
NO_MODE = {"tensorflow", "tensorflow_v1", "haiku", "jax"}


def whose(column, begins):
    """Return the names of those that were run, if their value in this column begins so."""
    return {name for name, row in RAN.items() if str(row[column]).startswith(begins)}


def test_of_tensorflow_s_two_versions_one_keeps_and_the_other_drops():
    stands(PAGE, "What follows `x` was `keep_prob` in TensorFlow 1, and is `rate` in TensorFlow 2")
    for name, word in (("tensorflow_v1", "keep_prob"), ("tensorflow", "rate")):
        assert RAN[name]["argument"] == RAN[name]["takes"][1] == word


def test_mindspore_keeps_a_bare_number_and_drops_p():
    stands(PAGE, "`nn.Dropout(0.2)` keeps a fifth, and its `nn.Dropout(p=0.2)` drops a fifth")
    bare, named = RAN["mindspore"], RAN["mindspore_p"]
    assert (bare["means"], bare["takes"][0], named["means"]) == ("keep", "keep_prob", "drop")


def test_the_six_that_were_read_scale_in_training_too():
    stands(PAGE, "The six that we read scale in training, too; Torch7 and Lasagne can be told")
    assert len(READ) == 6
    assert {row["layer"].split(",")[0] for row in READ} > {"Torch7", "Lasagne"}
    assert {(row["training"], row["evaluation"]) for row in READ} == {("0 or scaled", "1")}


def test_of_those_that_were_read_one_keeps():
    stands(PAGE, "In Deeplearning4j, `new Dropout(0.2)` keeps a fifth")
    (keeps,) = (row for row in READ if row["means"] == "keep")
    assert keeps["layer"].startswith("Deeplearning4j")


@pytest.mark.parametrize(
    ("sentence", "untold", "names"),
    [
        (
            "In PyTorch, Flax NNX, PaddlePaddle, MLX and Chainer it drops",
            "drops",
            "pytorch flax paddle paddle_downscale mlx chainer tensorflow tensorflow_v1 haiku jax",
        ),
        (
            "In Keras, MindSpore, tinygrad, MXNet and ONNX it does not",
            "does not drop",
            "keras_torch keras_jax mindspore mindspore_p tinygrad mxnet onnx onnxruntime",
        ),
        ("Equinox raises an error", "raises RuntimeError", "equinox"),
    ],
)
def test_a_layer_that_nobody_has_told_the_mode(sentence, untold, names):
    stands(PAGE, sentence)
    assert whose("untold", untold) == set(names.split())


def test_some_have_no_mode_at_all():
    stands(
        PAGE, "TensorFlow's `tf.nn.dropout`, Haiku's `hk.dropout` and what you write in JAX drop"
    )
    assert all(RAN[name]["mode"].startswith(("none", "yours")) for name in NO_MODE)


def test_equinox_under_a_map_gives_each_row_the_same_mask():
    stands(PAGE, "mapped over the rows of a batch with one key, gives each row the same mask")
    assert RAN["equinox"]["shared_axes"] == [0]


@pytest.mark.parametrize(
    ("sentence", "gives", "names"),
    [
        (
            "PyTorch, Keras, Flax NNX, Equinox, PaddlePaddle, tinygrad, and JAX by hand",
            "gives zeros",
            "pytorch keras_torch keras_jax flax equinox paddle paddle_downscale tinygrad jax",
        ),
        (
            "TensorFlow, Haiku, MLX, Chainer, MindSpore and ONNX Runtime",
            "raises",
            "tensorflow tensorflow_v1 haiku mlx chainer mindspore mindspore_p onnxruntime",
        ),
        ("MXNet, and ONNX's reference evaluator", "gives nan", "mxnet onnx"),
    ],
)
def test_everything_is_dropped(sentence, gives, names):
    stands(PAGE, sentence)
    assert whose("drop_all", gives) == set(names.split())


def test_diagnose_found_nothing_else_to_say():
    stands(PAGE, "`diagnose` calls both right for `p < 1`, and found nothing else to say")
    assert all(row["ok"] for row in RAN.values())
    assert {name for name, row in RAN.items() if "nan" in row["verdict"]} == {"mxnet", "onnx"}


def test_the_other_edges():
    stands(
        PAGE, "`downscale_in_infer` raises an error at evaluation if its input has a single axis"
    )
    stands(PAGE, "float16 came back as float16 from all of them")
    stands(PAGE, "`p = 0` returned the input, everywhere")
    assert {name for name, row in RAN.items() if row["vector"]} == {"paddle_downscale"}
    edges = {(row["half"], row["drop_none"]) for row in RAN.values()}
    assert edges == {("float16", "gives x")}
