"""What the page of frameworks says of them by name is what they did when they were run."""

import numpy as np
import pytest
from said import made_by, stands

from dropout_scaling.convert import inverted_weight
from dropout_scaling.data import frameworks
from dropout_scaling.diagnose import diagnose
from dropout_scaling.lab.frameworks import parts, short

PAGE = "reference/frameworks"
ROWS = frameworks()[1]
RAN = {row["name"]: row for row in ROWS if row["how"] == "run"}
READ = [row for row in ROWS if row["how"] == "read"]
NO_MODE = {"tensorflow", "tensorflow_v1", "haiku", "jax"}


def whose(column, begins):
    """Return the names of those that were run, if their value in this column begins so."""
    return {name for name, row in RAN.items() if str(row[column]).startswith(begins)}


def test_four_are_unlike_pytorch():
    stands(PAGE, "Four are unlike PyTorch: bold says in what")
    assert [short(row) for row in parts(ROWS)["Unlike PyTorch"]] == [
        "Deeplearning4j",
        "MindSpore with a bare number",
        "PaddlePaddle with its other mode",
        "TensorFlow 1",
    ]
    assert len(RAN) >= 15


@pytest.mark.parametrize("name", RAN)
def test_each_that_was_run_divides_by_q_while_training_but_for_one(name):
    stands(PAGE, "Each library that we ran divides by `q` while training and leaves evaluation")
    stands(PAGE, "PaddlePaddle's other mode, `downscale_in_infer`, is the paper's kind")
    row = RAN[name]
    inverted = (1.25 if row["means"] == "drop" else 5, 1)  # 0.2 is dropped, or kept
    wanted = (1, 0.8) if name == "paddle_downscale" else inverted
    assert (row["kept"], row["evaluation"]) == wanted


@pytest.mark.parametrize("name", RAN)
def test_the_argument_says_if_the_number_drops_or_keeps(name):
    stands(PAGE, "`p`, `rate` and `ratio` are the probability of dropping. `keep_prob` is that of")
    means = {"p": "drop", "rate": "drop", "ratio": "drop", "keep_prob": "keep"}
    assert RAN[name]["means"] == means[RAN[name]["argument"]]


def test_of_tensorflow_s_two_versions_one_keeps_and_the_other_drops():
    stands(PAGE, "What follows `x` was `keep_prob` in TensorFlow 1, and is `rate` in TensorFlow 2")
    for name, word in (("tensorflow_v1", "keep_prob"), ("tensorflow", "rate")):
        assert RAN[name]["argument"] == RAN[name]["takes"][1] == word


def test_from_tensorflow_1_to_keras_the_number_alone_changes():
    stands(PAGE, "The network of a colleague comes from `keep_prob=0.9` in TensorFlow 1")
    for name, means in (("tensorflow_v1", "keep"), ("keras_torch", "drop"), ("keras_jax", "drop")):
        assert (RAN[name]["means"], RAN[name]["evaluation"]) == (means, 1)


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
    ("sentence", "column", "begins", "names"),
    [
        (
            "In PyTorch, Flax NNX, PaddlePaddle, MLX and Chainer it drops",
            "untold",
            "drops",
            "pytorch flax paddle paddle_downscale mlx chainer tensorflow tensorflow_v1 haiku jax",
        ),
        (
            "In Keras, MindSpore, tinygrad, MXNet and ONNX it does not",
            "untold",
            "does not drop",
            "keras_torch keras_jax mindspore mindspore_p tinygrad mxnet onnx onnxruntime",
        ),
        ("Equinox raises an error", "untold", "raises RuntimeError", "equinox"),
        (
            "PyTorch, Keras, Flax NNX, Equinox, PaddlePaddle, tinygrad, and JAX by hand",
            "drop_all",
            "gives zeros",
            "pytorch keras_torch keras_jax flax equinox paddle paddle_downscale tinygrad jax",
        ),
        (
            "TensorFlow, Haiku, MLX, Chainer, MindSpore and ONNX Runtime",
            "drop_all",
            "raises",
            "tensorflow tensorflow_v1 haiku mlx chainer mindspore mindspore_p onnxruntime",
        ),
        ("MXNet, and ONNX's reference evaluator", "drop_all", "gives nan", "mxnet onnx"),
    ],
)
def test_who_does_what_if_nobody_told_the_mode_and_if_all_is_dropped(
    sentence, column, begins, names
):
    stands(PAGE, sentence)
    assert whose(column, begins) == set(names.split())


def test_some_have_no_mode_at_all():
    stands(
        PAGE, "TensorFlow's `tf.nn.dropout`, Haiku's `hk.dropout` and what you write in JAX drop"
    )
    assert all(RAN[name]["mode"].startswith(("none", "yours")) for name in NO_MODE)


def test_equinox_under_a_map_gives_each_row_the_same_mask():
    stands(PAGE, "mapped over the rows of a batch with one key, gives each row the same mask")
    assert RAN["equinox"]["shared_axes"] == [0]


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


@pytest.fixture(scope="module")
def moved():
    return made_by(PAGE, "code-01", "code-02")


def test_a_checkpoint_that_moves_needs_q_on_its_weights(moved):
    stands(
        PAGE, "What comes through the weights is 1/`q` times too large, here 1.25 times, and the"
    )
    near = {"rtol": 1e-12, "atol": 1e-12}
    too_large = (moved.copied - moved.b) / (moved.wanted - moved.b)
    np.testing.assert_allclose(too_large, 1.25, rtol=1e-12)
    np.testing.assert_allclose(moved.moved, moved.wanted, **near)
    as_trained = moved.standard_train(moved.h, moved.mask) @ moved.w
    np.testing.assert_allclose(moved.in_training, as_trained, **near)


def test_a_checkpoint_that_moves_to_code_without_dropout_needs_q_too(moved):
    stands(PAGE, "| at evaluation | gone: no dropout | `q` |")
    gone = moved.h @ inverted_weight(moved.w, moved.p) + moved.b
    np.testing.assert_allclose(gone, moved.wanted, rtol=1e-12, atol=1e-12)


def test_a_function_that_takes_p_for_keep_is_told_so():
    cure = "your p is the probability of keeping, as in the paper; here p is that of dropping"
    stands(PAGE, f'If you have named it wrongly, the report says: "{cure}"')
    dropout = made_by(PAGE, "code-01", "code-03").dropout

    def misnamed(x, p, training):
        return dropout(x, p, training)

    report = diagnose(misnamed, 0.2)
    assert report.misconception == "takes_p_for_keep"
    assert cure in report.explanation
    assert diagnose(dropout, 0.2).explanation == "This is standard dropout."
