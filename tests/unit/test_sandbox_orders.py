"""Orders on the sandbox's wire: what is told is what was asked, and nothing else gets through."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any, cast

from hypothesis import assume, given
from hypothesis import strategies as st

from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType, TimeInForce
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.sandbox.notes import Note
from strikedesk.sandbox.orders.reading import read_change, read_document, read_order
from strikedesk.sandbox.orders.telling import told_dry
from strikedesk.sandbox.refusal import Refusal
from strikedesk.sandbox.spelling import read_symbol, streamer_symbol, wire_symbol
from strikedesk.sandbox.wire import decimal, effect, signed
from tests.builders import an_order_by_value

PRICES = st.decimals("0.01", "9999.99", places=2)
SYMBOLS: st.SearchStrategy[Symbol] = st.one_of(
    st.just(EquitySymbol("AAPL")),
    st.builds(
        OptionSymbol,
        st.just("AAPL"),
        st.sampled_from([date(2026, 12, 18), date(2027, 1, 15)]),
        st.sampled_from(Right),
        st.decimals("0.5", "2000", places=1).filter(bool),
    ),
)
LONG = [Action.BUY_TO_OPEN, Action.SELL_TO_CLOSE]
WIRED = [action for action in Action if action.opens is not None]
LEGS = st.lists(
    st.builds(
        Leg,
        symbol=SYMBOLS,
        action=st.sampled_from(WIRED),
        quantity=st.integers(1, 900),
    ),
    min_size=1,
    max_size=4,
)


@st.composite
def orders(draw: st.DrawFn) -> OrderRequest:
    """Any order that is lawful by its form."""
    kind, time = draw(st.sampled_from(OrderType)), draw(st.sampled_from(TimeInForce))
    if kind is OrderType.NOTIONAL_MARKET:
        value, action = draw(PRICES) + 5, draw(st.sampled_from(LONG))
        return an_order_by_value(str(value), "AAPL", action, "5WS00001")
    limited, stopped = kind.has_limit, kind.has_stop
    sign = draw(st.sampled_from([1, -1]))
    try:
        return OrderRequest(
            account_id="5WS00001",
            legs=tuple(draw(LEGS)),
            order_type=kind,
            limit_net=draw(PRICES) * sign if limited else None,
            stop_trigger=draw(PRICES) if stopped else None,
            time_in_force=time,
            gtd_date=date(2026, 12, 1) if time is TimeInForce.GTD else None,
        )
    except Denied:
        assume(False)
        raise


@given(orders())
def test_an_order_read_from_what_is_told_is_the_order(order: OrderRequest) -> None:
    """A sign lost on the way would turn a debit into a credit."""
    told = told_dry(order, Note())

    assert read_order(told).request("5WS00001") == order


@given(orders())
def test_a_change_of_nothing_changes_nothing(order: OrderRequest) -> None:
    told = read_order(told_dry(order, Note()))

    assert read_change({}, told).request("5WS00001", order.legs) == order


JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ["order-type", "time-in-force", "price", "price-effect", "stop-trigger", "gtc-date"]
MORE = ["legs", "rules", "advanced-instructions", "external-identifier", "source"]
LEG_FIELDS = ["instrument-type", "symbol", "action", "quantity"]


@given(orders(), st.sampled_from(FIELDS + MORE), JUNK)
def test_junk_in_a_field_is_refused_or_read_and_breaks_nothing(
    order: OrderRequest, name: str, junk: Any
) -> None:
    assert status_of({**told_dry(order, Note()), name: junk}) in {201, 400, 422}


@given(orders(), st.sampled_from(LEG_FIELDS), JUNK)
def test_junk_in_a_leg_is_refused_or_read_and_breaks_nothing(
    order: OrderRequest, name: str, junk: Any
) -> None:
    legs: list[Any] = [{**cast("dict[str, Any]", leg), name: junk} for leg in _legs(order)]

    assert status_of({**told_dry(order, Note()), "legs": legs}) in {201, 400, 422}


def _legs(order: OrderRequest) -> list[Any]:
    return cast("list[Any]", told_dry(order, Note())["legs"])


def status_of(document: Mapping[str, object]) -> int:
    """Return what a client would be answered as far as reading goes; anything else is a crash."""
    try:
        read_order(document).request("5WS00001")
    except Refusal as refusal:
        return refusal.status
    return 201


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_refused(body: bytes) -> None:
    with suppress(Refusal):
        assert isinstance(read_document(body), dict)


@given(SYMBOLS)
def test_a_symbol_read_back_is_the_symbol(symbol: Symbol) -> None:
    assert read_symbol(wire_symbol(symbol)) == symbol


def test_the_streamer_s_name_has_the_shortest_strike() -> None:
    """A client subscribes by this name: a zero too many, and it hears nothing."""
    for strike, told in (("600", "600"), ("2.50", "2.5"), ("0.05", "0.05"), ("102.125", "102.125")):
        contract = OptionSymbol("SPXW", date(2026, 12, 18), Right.CALL, Decimal(strike))
        assert streamer_symbol(contract) == f".SPXW261218C{told}"


@given(st.decimals(-(10**12), 10**12, places=4))
def test_an_amount_is_a_magnitude_and_its_direction(amount: Decimal) -> None:
    """Every decimal has a fractional digit, no sign and no exponent."""
    told = signed("value", amount)
    text = str(told["value"])

    assert "." in text
    assert not set(text) & set("-+eE")
    sign = {"Debit": -1, "Credit": 1, "None": 0}[effect(amount)]
    assert Decimal(text) * sign == amount
    assert decimal(amount).count(".") == 1
