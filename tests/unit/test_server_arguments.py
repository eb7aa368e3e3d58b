"""Arguments: what clients really send is understood, and what could mean two things is refused."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import Action, OrderType
from strikedesk.domain.reasons import Reason
from strikedesk.server import arguments, order_arguments
from strikedesk.server.arguments import (
    LIST_TEXT_MAX,
    Argument,
    Day,
    Days,
    Flag,
    Legs,
    Price,
    Quantity,
    Symbols,
    choice,
    fraction,
    several,
    text,
    whole,
)
from strikedesk.server.order_arguments import TypeOfOrder
from tests.builders import a_leg

CALL = "AAPL261218C00200000"
A_LEG = {"symbol": CALL, "action": "buy_to_open", "quantity": 1}
DEEP = "[" * 100_000 + "]" * 100_000
NOT_NUMBERS: list[Any] = [
    True, None, [], {}, "", " ", "one", "1_000", "1,000", "0x10", "+1", "1e2", "NaN", "Infinity",
    "\uff11\uff12", "\u00b2", "1 2", "--1", float("nan"), float("inf"), 10**400, "9" * 400, DEEP,
]  # fmt: skip


def read(kind: Any, value: object) -> Any:
    """Read a value as the argument `given` of a tool."""
    reader: Argument[Any] = kind.__metadata__[0]
    return reader.read(value, "given")


def refusal(kind: Any, value: object) -> Denied:
    with pytest.raises(Denied) as denied:
        read(kind, value)
    return denied.value


@pytest.mark.parametrize("value", [7, "7", " 7 ", "007"])
def test_a_quantity_is_an_integer_or_its_digits(value: object) -> None:
    assert read(Quantity, value) == 7


@pytest.mark.parametrize("value", [*NOT_NUMBERS, 1.5, 2.0, "1.5", 0, -1, "-1", "0"])
def test_a_quantity_is_nothing_else(value: object) -> None:
    """True is 1 and 2.0 is 2 to most readers; an order is not to be guessed."""
    denied = refusal(Quantity, value)

    assert denied.reason is Reason.INVALID_QUANTITY
    assert denied.facts["allowed"] == "a whole number from 1 to 1000000"


@pytest.mark.parametrize(
    ("value", "price"),
    [(1, "1"), (1.2, "1.2"), ("1.20", "1.20"), (0.1, "0.1"), (1e-4, "0.0001"), ("0", "0")],
)
def test_a_price_is_read_as_it_was_written(value: object, price: str) -> None:
    """0.1 is a tenth, not the nearest binary fraction."""
    got = read(Price, value)

    assert isinstance(got, Decimal)
    assert str(got) == price


@pytest.mark.parametrize("value", [*NOT_NUMBERS, -0.01, "-1", "1e5", 1e300, ".5", "5."])
def test_a_price_is_nothing_else(value: object) -> None:
    assert refusal(Price, value).reason is Reason.INVALID_PRICE


def test_there_is_no_negative_zero_among_prices() -> None:
    assert str(read(Price, -0.0)) == "0.0"
    assert str(read(Price, "-0")) == "0"


@pytest.mark.parametrize(
    "value",
    ["20261218", "2026-12-18T00:00:00", "2026-13-01", "2026-02-30", "2026-W51-5", 1_800_000_000,
     "\uff12\uff10\uff12\uff16-12-18", None, "", "18/12/2026", "0000-01-01"],
)  # fmt: skip
def test_a_date_is_written_one_way_and_exists(value: object) -> None:
    denied = refusal(Day, value)

    assert denied.facts["allowed"] == "a date as YYYY-MM-DD"


def test_a_date_is_a_date() -> None:
    assert read(Day, "2026-12-18") == date(2026, 12, 18)


@pytest.mark.parametrize("value", [1, 0, "yes", "on", "1", None, "t"])
def test_a_flag_is_true_or_false_and_not_what_looks_like_it(value: object) -> None:
    assert refusal(Flag, value).facts["allowed"] == "true or false"


def test_a_flag_may_be_a_word() -> None:
    assert [read(Flag, value) for value in (True, False, "true", "FALSE")] == [
        True, False, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [["AAPL", CALL], f"AAPL,{CALL}", f" AAPL , {CALL} ", json.dumps(["AAPL", CALL]), ["aapl", CALL],
     ["AAPL", "AAPL", CALL]],
)  # fmt: skip
def test_symbols_come_as_a_list_as_its_text_or_with_commas(value: object) -> None:
    """Clients send all three; a symbol named twice is one."""
    assert [symbol.compact for symbol in read(Symbols, value)] == ["AAPL", CALL]


@pytest.mark.parametrize(
    "value",
    ["", ",", [], ["AAPL"] * 51, [1], [None], [["AAPL"]], {"AAPL": 1}, True, None, 5, DEEP,
     "x" * 1_000_000, ["x" * 1_000_000], "[1, NaN]", '["AAPL"', '{"a": 1}', ["\u017fPY"],
     ["\uff21\uff21\uff30\uff2c"]],
)  # fmt: skip
def test_symbols_are_nothing_else(value: object) -> None:
    denied = refusal(Symbols, value)

    assert denied.reason in {Reason.INVALID_ARGUMENT, Reason.INVALID_SYMBOL}
    assert len(str(denied)) < 400


@pytest.mark.parametrize("value", [[A_LEG], json.dumps([A_LEG]), [json.dumps(A_LEG)]])
def test_legs_come_as_a_list_or_as_its_text(value: object) -> None:
    assert read(Legs, value) == (a_leg(CALL, Action.BUY_TO_OPEN, 1),)


@pytest.mark.parametrize(
    ("legs", "reason"),
    [
        ([], Reason.INVALID_LEGS),
        ([A_LEG] * 5, Reason.INVALID_LEGS),
        ([{**A_LEG, "price": 1}], Reason.INVALID_LEGS),
        ([{"symbol": CALL, "action": "buy_to_open"}], Reason.INVALID_LEGS),
        (A_LEG, Reason.INVALID_LEGS),
        (CALL, Reason.INVALID_LEGS),
        (DEEP, Reason.INVALID_LEGS),
        ([{**A_LEG, "quantity": 1.0}], Reason.INVALID_QUANTITY),
        ([{**A_LEG, "quantity": True}], Reason.INVALID_QUANTITY),
        ([{**A_LEG, "action": "buy_to_win"}], Reason.INVALID_ARGUMENT),
        ([{**A_LEG, "action": "buy"}], Reason.INVALID_LEGS),
        ([{**A_LEG, "symbol": "AAPL 200"}], Reason.INVALID_SYMBOL),
    ],
)
def test_a_leg_is_symbol_action_and_quantity_and_nothing_more(legs: object, reason: Reason) -> None:
    """A key that we do not know is a wish that we would not have heard."""
    assert refusal(Legs, legs).reason is reason


def test_a_refusal_inside_a_leg_says_where() -> None:
    denied = refusal(Legs, [A_LEG, {**A_LEG, "quantity": "many"}])

    assert denied.facts == {
        "argument": "given[1].quantity",
        "allowed": "a whole number from 1 to 1000000",
        "given": "a text",
    }


def test_a_word_is_one_of_an_enum_in_either_case() -> None:
    word = choice(Action)

    assert word.read(" Buy_To_Open ", "action") is Action.BUY_TO_OPEN
    with pytest.raises(Denied):
        word.read("buy_to", "action")


@pytest.mark.parametrize("kind", OrderType)
def test_every_type_of_order_is_read(kind: OrderType) -> None:
    assert read(TypeOfOrder, kind.value.upper()) is kind


def test_days_may_be_many() -> None:
    assert read(Days, "2026-12-18, 2026-11-20") == (date(2026, 12, 18), date(2026, 11, 20))


def test_a_fraction_keeps_what_arithmetic_left_on_it() -> None:
    """A client that adds 0.6 and 0.06 sends sixteen digits and means a delta."""
    assert fraction(-1, 1).read(0.6 + 0.06, "delta_max") == 0.6 + 0.06
    for odd in (float("nan"), float("inf"), 1.0000000000000002):
        with pytest.raises(Denied):
            fraction(-1, 1).read(odd, "delta_max")


def test_a_fraction_is_a_float_within_bounds() -> None:
    delta = fraction(-1, 1)

    assert delta.read("-0.25", "delta") == -0.25
    for value in (1.01, "NaN", True, None):
        with pytest.raises(Denied):
            delta.read(value, "delta")


def test_a_list_may_be_allowed_to_be_empty() -> None:
    assert several(whole(1, 9), 3, least=0).read([], "numbers") == ()


@pytest.mark.parametrize(
    "value", ["", " ", "two\nlines", "zero\u200bwidth", "bidi\u202e", 5, "x" * 201]
)
def test_a_text_is_one_short_printable_line(value: object) -> None:
    with pytest.raises(Denied):
        text().read(value, "name")


@given(value=st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
@pytest.mark.parametrize("kind", [Quantity, Price, Day, Days, Flag, Symbols, Legs])
def test_whatever_is_given_is_read_or_refused_in_our_words(kind: Any, value: object) -> None:
    """Nothing else may come out of a reader: that would be a crash with somebody's text in it."""
    told = ""
    try:
        read(kind, value)
    except Denied as denied:
        told = str(denied)

    assert len(told) < 400


@given(number=st.integers(min_value=1, max_value=1_000_000))
def test_digits_and_integers_are_the_same_quantity(number: int) -> None:
    assert read(Quantity, number) == read(Quantity, str(number)) == number


@given(price=st.decimals(0, 1_000_000, places=4))
def test_a_price_survives_json_in_both_spellings(price: Decimal) -> None:
    assert read(Price, str(price)) == price
    assert read(Price, json.loads(json.dumps(float(price)))) == price


def test_pydantic_calls_the_reader_and_shows_its_schema() -> None:
    adapter = TypeAdapter[int](Quantity)

    assert adapter.validate_python("3") == 3
    assert adapter.json_schema() == {"type": "integer", "minimum": 1}


def test_a_text_longer_than_any_list_is_not_even_parsed() -> None:
    assert refusal(Symbols, "[" + " " * LIST_TEXT_MAX + "]").facts["given"] == "a text"


def test_every_kind_of_argument_has_a_lean_schema() -> None:
    """Their sizes add up in a model's context."""
    kinds = {
        name: kind
        for name, kind in (vars(arguments) | vars(order_arguments)).items()
        if hasattr(kind, "__metadata__")
    }
    long = {
        name: size
        for name, kind in kinds.items()
        if (size := len(json.dumps(TypeAdapter(kind).json_schema()))) > 420
    }

    assert kinds
    assert long == {}
