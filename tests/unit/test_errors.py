"""Errors: a number, a name, figures, and what to do next."""

from strikedesk.domain.errors import Denied, OutcomeUnknown, Unavailable
from strikedesk.domain.reasons import Reason


def test_an_error_says_its_number_its_figures_and_the_next_step() -> None:
    error = Denied(Reason.LOSS_ABOVE_LIMIT, loss=380, limit=100)

    assert str(error) == (
        "2102 LOSS_ABOVE_LIMIT: loss=380, limit=100. "
        "Choose a smaller or narrower order, or ask the owner."
    )


def test_an_unknown_outcome_names_the_one_handle_to_the_order() -> None:
    assert OutcomeUnknown("c-1").client_order_id == "c-1"
    assert "client_order_id=c-1" in str(OutcomeUnknown("c-1"))


def test_only_what_is_worth_repeating_is_marked_so() -> None:
    assert Unavailable(Reason.BROKER_UNAVAILABLE).retryable
    assert not Denied(Reason.LOSS_ABOVE_LIMIT).retryable


def test_every_number_is_used_once_and_lies_in_its_family() -> None:
    """Programs act on the number: two reasons with one number cannot be told apart."""
    codes = [reason.code for reason in Reason]

    assert len(set(codes)) == len(codes)
    assert {code // 1000 for code in codes} == {1, 2, 3, 4, 5}
    assert all(reason.next_step.endswith(".") for reason in Reason)


def test_the_six_published_numbers_keep_their_meaning() -> None:
    published = {
        1001: "AUTHENTICATION_FAILED",
        1002: "INSUFFICIENT_PERMISSIONS",
        2001: "INVALID_ORDER",
        2002: "INSUFFICIENT_BUYING_POWER",
        3001: "MARKET_CLOSED",
        3002: "SYMBOL_NOT_FOUND",
    }

    assert {r.code: r.name for r in Reason if r.code in published} == published
