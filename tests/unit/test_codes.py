"""A broker's code and its number of an order: what looks like none is kept and shown nowhere."""

import pytest

from strikedesk.domain.codes import UNLISTED, plain_code, plain_number
from strikedesk.domain.errors import Rejected
from strikedesk.domain.reasons import Reason

KEYS = (
    "Zk39vQx7Lw0pYt58rB2nM4cH1jUd6fEs",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOjF9",
    "jane.doe@mail.example",
    "Bearer abc",
    "\u202eoops",
    "",
)


@pytest.mark.parametrize(
    "code",
    ["margin_check_failed", "rule_15_c", "MARGIN_CHECK", "40310000", "expired", "x" * 64],
)
def test_a_word_in_one_case_or_a_number_is_a_code(code: str) -> None:
    assert plain_code(code) == code


@pytest.mark.promise("secrets")
@pytest.mark.parametrize("text", [*KEYS, "x" * 65, "4" * 10, "_x", "x__y", "call 555 0100"])
def test_whatever_else_stands_there_is_told_as_no_code(text: str) -> None:
    """It is kept in the ledger and shown in no field that is marked."""
    assert plain_code(text) == UNLISTED


@pytest.mark.parametrize(
    "number", ["123456789", "b-1", "9c8f0a4e-5a52-4b6e-9a51-1f6c2f1f9f11", "W.1:2", "7F3A"]
)
def test_digits_and_letters_of_one_case_are_a_number(number: str) -> None:
    assert plain_number(number) == number


@pytest.mark.promise("secrets")
@pytest.mark.parametrize("text", [*KEYS, "4" * 37, None])
def test_whatever_else_stands_there_is_no_number(text: str | None) -> None:
    assert plain_number(text) is None


@pytest.mark.promise("secrets")
def test_a_refusal_carries_no_code_that_is_none_wherever_it_is_raised() -> None:
    """A read may be refused too, and nobody looks at that code any more."""
    assert Rejected(Reason.BROKER_REJECTED, code=KEYS[0]).facts["code"] == UNLISTED
    assert Rejected(Reason.BROKER_REJECTED, code=None).facts["code"] is None
    assert Rejected(Reason.BROKER_REJECTED, code="too_late").facts["code"] == "too_late"
