"""Orders: lawful by construction, one canonical text each."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import (
    Action,
    Leg,
    OrderRequest,
    OrderType,
    TimeInForce,
    read_canonical,
)
from strikedesk.domain.symbols import parse_symbol
from tests.builders import a_leg, an_order

CALL_200, CALL_210 = "AAPL261218C00200000", "AAPL261218C00210000"

option_actions = st.sampled_from([action for action in Action if action.opens is not None])
symbols = st.sampled_from([CALL_200, CALL_210, "AAPL261218P00190000", "AAPL270115C00200000"])
nets = st.integers(-10_000, 10_000).map(lambda cents: Decimal(cents) / 100)


@st.composite
def orders(draw: st.DrawFn) -> OrderRequest:
    chosen = draw(st.lists(symbols, min_size=1, max_size=4, unique=True))
    legs = tuple(
        Leg(
            symbol=parse_symbol(text),
            action=draw(option_actions),
            quantity=draw(st.integers(1, 60)),
        )
        for text in chosen
    )
    return OrderRequest(
        account_id=draw(st.text(min_size=1, max_size=12)),
        legs=legs,
        order_type=OrderType.LIMIT,
        limit_net=draw(nets),
        time_in_force=draw(st.sampled_from([TimeInForce.DAY, TimeInForce.GTC])),
    )


@given(orders())
def test_an_order_reads_back_from_its_canonical_text(order: OrderRequest) -> None:
    """What the ledger kept is what is sent: nothing may change between the two."""
    again = read_canonical(order.canonical)

    assert again.canonical == order.canonical
    assert again.digest == order.digest
    assert set(again.legs) == set(order.legs)


@pytest.mark.parametrize(
    ("written", "read"),
    [("1.2", "1.20"), ("-1.20", "-1.20"), ("3", "3.00"), ("0", "0.00"), ("0.0125", "0.0125")],
)
def test_a_price_reads_back_to_the_cent_or_finer_where_it_is(written: str, read: str) -> None:
    """What is shown of a row that was read is what was shown of the order that was placed."""
    order = an_order(net=written)

    assert str(read_canonical(order.canonical).limit_net) == read


@given(orders(), st.randoms())
def test_the_order_of_the_legs_does_not_matter(order: OrderRequest, random: Random) -> None:
    """The same order written twice must be recognised as one."""
    legs = list(order.legs)
    random.shuffle(legs)
    shuffled = OrderRequest(
        account_id=order.account_id,
        legs=tuple(legs),
        order_type=order.order_type,
        limit_net=order.limit_net,
        time_in_force=order.time_in_force,
    )

    assert shuffled.digest == order.digest


@given(orders(), orders())
def test_two_different_orders_never_share_a_digest(one: OrderRequest, other: OrderRequest) -> None:
    same = one.canonical == other.canonical

    assert (one.digest == other.digest) == same
    assert same == (
        (set(one.legs), one.limit_net, one.account_id, one.time_in_force)
        == (set(other.legs), other.limit_net, other.account_id, other.time_in_force)
    )


def test_units_are_the_legs_divided_by_what_they_share() -> None:
    order = an_order(
        a_leg(CALL_200, Action.BUY_TO_OPEN, 4), a_leg(CALL_210, Action.SELL_TO_OPEN, 6)
    )

    assert order.units == 2
    assert order.contracts == 10
    assert order.cash_effect(Decimal("1.20")) == Decimal(-240)


def test_a_hundred_shares_weigh_as_much_as_one_contract() -> None:
    """A buy-write is priced per share of the stock less the call."""
    stock = Leg(symbol=parse_symbol("AAPL"), action=Action.BUY, quantity=200)
    call = a_leg(CALL_210, Action.SELL_TO_OPEN, 2)
    order = an_order(stock, call, net="198.50")
    prices = {stock.symbol: Decimal("200.00"), call.symbol: Decimal("1.50")}

    assert order.units == 2
    assert order.net_of(prices) == Decimal("198.50")
    assert order.net_at([prices[leg.symbol] for leg in order.legs]) == order.net_of(prices)
    assert order.cash_effect(Decimal("198.50")) == Decimal(-39_700)


def test_shares_alone_are_priced_one_by_one() -> None:
    order = an_order(Leg(symbol=parse_symbol("AAPL"), action=Action.BUY, quantity=30), net="200")

    assert order.cash_effect(Decimal(200)) == Decimal(-6_000)


@pytest.mark.parametrize("force", [force for force in TimeInForce if force.extended])
def test_shares_at_a_limit_may_ask_for_extended_hours_and_read_back_so(force: TimeInForce) -> None:
    order = a_request(legs=(a_leg("AAPL", Action.BUY, 30),), time_in_force=force)

    assert read_canonical(order.canonical) == order
    assert f'"time_in_force":"{force.value}"' in order.canonical


def test_what_stands_as_long_in_regular_hours() -> None:
    assert {force.value: force.in_regular_hours.value for force in TimeInForce} == {
        "day": "day",
        "gtc": "gtc",
        "gtd": "gtd",
        "ioc": "ioc",
        "ext": "day",
        "gtc_ext": "gtc",
        "ext_overnight": "day",
        "gtc_ext_overnight": "gtc",
    }


def a_request(**changes: object) -> OrderRequest:
    given_fields: dict[str, object] = {
        "account_id": "a",
        "legs": (a_leg(),),
        "order_type": OrderType.LIMIT,
        "limit_net": Decimal(1),
    }
    return OrderRequest(**(given_fields | changes))  # pyright: ignore[reportArgumentType] -- wrong on purpose


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("one_to_four_legs", {"legs": ()}),
        ("one_to_four_legs", {"legs": tuple(a_leg(f"AAPL261218C0020{n}000") for n in range(5))}),
        ("no_symbol_twice", {"legs": (a_leg(), a_leg(action=Action.SELL_TO_OPEN))}),
        ("one_underlying", {"legs": (a_leg(), a_leg("MSFT261218C00400000"))}),
        ("price_goes_with_limit_orders", {"limit_net": None}),
        ("price_goes_with_limit_orders", {"order_type": OrderType.MARKET}),
        (
            "price_goes_with_limit_orders",
            {"order_type": OrderType.MARKETABLE_LIMIT, "limit_net": None},
        ),
        (
            "stop_trigger_goes_with_stop_orders",
            {"order_type": OrderType.MARKETABLE_LIMIT, "stop_trigger": Decimal(1)},
        ),
        (
            "extended_hours_take_limit_orders",
            {
                "time_in_force": TimeInForce.EXT,
                "legs": (a_leg("AAPL", Action.BUY, 10),),
                "order_type": OrderType.MARKETABLE_LIMIT,
            },
        ),
        ("stop_trigger_goes_with_stop_orders", {"stop_trigger": Decimal(1)}),
        ("price_is_finite", {"limit_net": Decimal("NaN")}),
        ("price_is_finite", {"limit_net": Decimal("1e7")}),
        ("price_step", {"limit_net": Decimal("0.00001")}),
        ("gtd_date_with_gtd_only", {"gtd_date": date(2026, 12, 1)}),
        ("gtd_date_with_gtd_only", {"time_in_force": TimeInForce.GTD}),
        (
            "stop_trigger_is_positive",
            {"order_type": OrderType.STOP_LIMIT, "stop_trigger": Decimal(0)},
        ),
        (
            "stop_orders_have_one_leg",
            {
                "order_type": OrderType.STOP_LIMIT,
                "stop_trigger": Decimal(1),
                "legs": (a_leg(), a_leg(CALL_210)),
            },
        ),
        (
            "stop_order_waits",
            {
                "order_type": OrderType.STOP_LIMIT,
                "stop_trigger": Decimal(1),
                "time_in_force": TimeInForce.IOC,
            },
        ),
        ("extended_hours_are_for_one_leg_of_shares", {"time_in_force": TimeInForce.EXT}),
        (
            "extended_hours_are_for_one_leg_of_shares",
            {
                "time_in_force": TimeInForce.GTC_EXT,
                "legs": (a_leg("AAPL", Action.BUY, 100), a_leg()),
            },
        ),
        (
            "extended_hours_take_limit_orders",
            {
                "time_in_force": TimeInForce.EXT_OVERNIGHT,
                "legs": (a_leg("AAPL", Action.BUY, 10),),
                "order_type": OrderType.MARKET,
                "limit_net": None,
            },
        ),
        (
            "extended_hours_take_limit_orders",
            {
                "time_in_force": TimeInForce.GTC_EXT_OVERNIGHT,
                "legs": (a_leg("AAPL", Action.BUY, 10),),
                "order_type": OrderType.STOP_LIMIT,
                "stop_trigger": Decimal(1),
            },
        ),
        (
            "market_order_is_day_or_ioc",
            {
                "order_type": OrderType.MARKET,
                "limit_net": None,
                "time_in_force": TimeInForce.GTC,
            },
        ),
    ],
)
def test_an_unlawful_order_is_denied_by_the_name_of_the_rule(
    rule: str, changes: dict[str, object]
) -> None:
    with pytest.raises(Denied) as denied:
        a_request(**changes)

    assert denied.value.facts["rule"] == rule


@pytest.mark.parametrize(
    "make",
    [
        lambda: a_leg(quantity=0),
        lambda: a_leg(quantity=-1),
        lambda: a_leg(quantity=1_000_001),
        lambda: a_leg(action=Action.BUY),
    ],
)
def test_a_leg_that_means_nothing_is_denied(make: Callable[[], Leg]) -> None:
    with pytest.raises(Denied):
        make()


def test_every_action_is_undone_by_one_that_it_undoes() -> None:
    assert all(action.undone.undone is action for action in Action)
    assert all(action.undone.sign == -action.sign for action in Action)
