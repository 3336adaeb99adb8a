"""Three units over all their masks, exactly."""

from fractions import Fraction

from said import made_by, stands

from dropout_scaling.masks import all_masks, mask_probabilities

PAGE = "paper/what-dropout-samples"
P, MASKS = Fraction(1, 5), all_masks(3)


def test_the_full_network_is_the_most_probable_one_of_eight():
    stands(PAGE, "The full network, `111`, is the most probable: `q³` = 64/125 = 0.512.")
    stands(PAGE, "(At `p = 0.5` all eight are equally probable.)")
    probabilities = mask_probabilities(MASKS, P)
    assert (len(MASKS), sum(probabilities)) == (8, 1)
    assert probabilities[-1] == max(probabilities) == Fraction(64, 125)
    assert set(mask_probabilities(MASKS, 0.5)) == {0.5**3}


def test_a_layer_of_1000_has_a_number_of_masks_of_302_digits():
    stands(PAGE, "A layer of 1000 gives 2¹⁰⁰⁰, a number of 302 digits")
    assert len(str(2**1000)) == 302


def test_the_mean_is_q_times_the_full_output_and_the_relu_lifts_it_by_what_it_cuts():
    stands(PAGE, "The mean over all eight at `p = 0.2` is `q` times that, 4/5, exactly")
    stands(PAGE, "Two sums are below 0, and the ReLU lifts them to 0.")
    made = made_by(PAGE, "code-01", "code-10")
    assert made.mean == made.q * int(made.full) == Fraction(4, 5)
    outputs, probabilities = made.output(MASKS), mask_probabilities(MASKS, P)
    assert [*outputs[outputs < 0]] == [-2, -1]
    lifted = -sum((outputs * probabilities)[outputs < 0])
    assert made.mean + lifted == Fraction(124, 125)
