"""What a name says: of arguments, of modes, and of the words that a function compares with."""

import inspect

import pytest

from dropout_scaling.diagnose._roles import ROLES, role_of, signature_of, words_of


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("isTraining", "training"),
        ("TRAIN_FLG", "training"),
        ("dropoutRate", "p"),
        ("_keep", "keep"),
        ("hidden_dropout_prob", "p"),
        ("keep_probability_of_units", "keep"),
        ("at_test_time", "evaluation"),
        ("keepdims", None),
        ("drop_mask", None),
        ("drop_last", None),
        ("learning_rate", None),
        ("apply_during_inference", None),
        ("pretrained", None),
        ("eps", None),
    ],
)
def test_a_name_says_its_role_or_nothing(name, role):
    assert role_of(name) == role


@pytest.mark.parametrize(
    ("name", "default", "role"),
    [
        ("scale_by_keep", True, None),
        ("dropout", True, "training"),
        ("mode", False, "training"),
        ("training", 0.1, None),
        ("learning", 1, "training"),
        ("p", 0.5, "p"),
    ],
)
def test_a_default_says_what_a_name_can_be(name, default, role):
    assert role_of(name, default) == role


def test_no_name_has_two_roles():
    names = [name for names in ROLES.values() for name in names]
    assert len(set(names)) == len(names)


def signature(function, bound=()):
    return signature_of(list(inspect.signature(function).parameters.values()), bound)


def test_the_input_is_the_first_name_that_says_nothing():
    assert signature(lambda x, p: x).x is None  # by position
    assert signature(lambda rng, values, keep_prob: values).x == "values"
    assert signature(lambda drop_rate, x, training=True: x).names == {
        "drop_rate": "p",
        "training": "training",
    }


def test_what_is_left_and_what_is_missing_is_known():
    seen = signature(lambda x, w, p, eps=1e-3, *args, name="a", **kwargs: x)
    assert (seen.missing, seen.left) == (("w",), {"eps": 1e-3, "name": "a"})
    assert signature(lambda x, p=0.1: x, bound={"p": 0.2}).names == {}


def test_a_share_that_is_the_only_number_may_be_the_rate():
    assert signature(lambda x, amount=0.5: x).names == {"amount": "either"}
    assert signature(lambda x, p, amount=0.5: x).names == {"p": "p"}
    assert signature(lambda x, amount=0.5, other=0.1: x).names == {}


def compares_with_words(x, mode):
    return x if mode in ("valid", "fit") else None


def calls_another(x, mode):
    return compares_with_words(x, mode)


def test_the_words_are_those_of_the_code():
    assert words_of(compares_with_words) == [("fit", "valid")]
    assert words_of(calls_another) == [("fit", "valid")]
    assert words_of(lambda x, mode: x if mode else None)[:2] == [("train", "test"), (True, False)]
