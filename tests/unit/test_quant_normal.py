"""The normal distribution on arrays: every digit, in both tails, against 80-digit arithmetic."""

import numpy as np
import pytest

from strikedesk.quant.normal import erfcx, erfcx_moved, erfcx_nonnegative, ndtr, pdf, upper_tail
from tests.oracles import mp, relative_error

POINTS = np.concatenate([np.linspace(-37.4, 9.0, 400), [0.0, 1e-300, -1e-12, 1e-12]])


def test_the_distribution_function_is_right_to_the_last_digits_out_to_where_floats_end() -> None:
    """A deep option is worth its far tail: an absolute error would be the whole price."""
    errors = [
        relative_error(y, mp.ncdf(mp.mpf(x)))
        for x, y in zip(POINTS.tolist(), ndtr(POINTS).tolist(), strict=True)
    ]

    assert max(errors) < 1.5e-15


def test_the_short_form_of_the_upper_tail_is_right_in_absolute_terms() -> None:
    """Sums of tails, as in early exercise, need no more of each."""
    np.testing.assert_allclose(upper_tail(POINTS), ndtr(-POINTS), rtol=0.0, atol=3e-14)
    np.testing.assert_array_equal(upper_tail(np.array([np.inf, -np.inf])), [0.0, 1.0])


def test_the_density_is_right_to_the_last_digits() -> None:
    errors = [
        relative_error(y, mp.npdf(mp.mpf(x)))
        for x, y in zip(POINTS.tolist(), pdf(POINTS).tolist(), strict=True)
    ]

    assert max(errors) < 1e-15


@pytest.mark.parametrize("points", [np.linspace(-26.0, 26.0, 400), np.logspace(-6, 1.4, 200)])
def test_the_scaled_tail_is_right_to_the_last_digits(points: np.ndarray) -> None:
    """Prices and implied volatilities are built from this function alone."""
    errors = [
        relative_error(y, mp.exp(mp.mpf(x) * mp.mpf(x)) * mp.erfc(mp.mpf(x)))
        for x, y in zip(points.tolist(), erfcx(points).tolist(), strict=True)
    ]

    assert max(errors) < 1.2e-15


def test_limits_and_unknowns_come_out_as_they_should() -> None:
    """Infinity is a limit, NaN is unknown; neither raises a warning."""
    ends = [np.inf, -np.inf, np.nan]

    np.testing.assert_array_equal(ndtr(ends), [1.0, 0.0, np.nan])
    np.testing.assert_array_equal(pdf(ends), [0.0, 0.0, np.nan])
    np.testing.assert_array_equal(erfcx(ends), [0.0, np.inf, np.nan])
    np.testing.assert_array_equal(erfcx([-30.0, -1e200]), [np.inf, np.inf])


def test_both_tails_add_up_to_one() -> None:
    x = np.linspace(-12.0, 12.0, 2001)

    np.testing.assert_allclose(ndtr(x) + ndtr(-x), 1.0, rtol=0.0, atol=3e-16)


@pytest.mark.parametrize("share", [1e-2, 1e-3, -1e-3])
def test_a_moved_tail_errs_by_the_fourth_power_of_the_move(share: float) -> None:
    """The Greeks after a step of the solver rest on this instead of a second evaluation."""
    z = np.linspace(0.0, 12.0, 500)
    by = share * (z + 1.0)

    moved = erfcx_moved(z, erfcx_nonnegative(z), by)

    assert np.max(np.abs(moved / erfcx(z + by) - 1.0)) < 2.0 * share**4 + 1e-15
