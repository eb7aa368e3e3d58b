"""The table of the proofs says what they came to."""

import pytest

from tests.proof import Figure, table


def test_figures_are_told_in_the_order_of_their_names() -> None:
    figures = [Figure("S11", 10_000, 0, "halts"), Figure("S2", 1_200, 1, "crashes")]

    assert table(figures).splitlines()[2:] == [
        "| S2 | 1,200 | 1 | none | crashes |",
        "| S11 | 10,000 | 0 | 0.0003 | halts |",
    ]


@pytest.mark.parametrize(("n", "bound"), [(3, "1"), (300, "0.01"), (1_000_000, "3e-06")])
def test_nothing_of_n_leaves_room_for_three_of_n(n: int, bound: str) -> None:
    assert Figure("S1", n, 0, "kills").bound == bound
