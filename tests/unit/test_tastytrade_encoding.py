"""Orders on their way to tastytrade and back: nothing is lost or becomes another thing."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.orders.decoding import decoded
from strikedesk.brokers.tastytrade.orders.effects import asks_what_is_held, explicit
from strikedesk.brokers.tastytrade.orders.encoding import as_body, encoded
from strikedesk.brokers.tastytrade.orders.rules import check_replacement, check_shape
from strikedesk.brokers.tastytrade.orders.ticks import check_ticks, finest, tick_at
from strikedesk.brokers.tastytrade.orders.words import STATES
from strikedesk.brokers.tastytrade.payloads.chains import TickTold
from strikedesk.brokers.tastytrade.payloads.envelopes import Listed
from strikedesk.brokers.tastytrade.payloads.orders import OrderTold
from strikedesk.domain.broking import BrokerOrder
from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol, parse_symbol
from tests.builders import a_leg, an_order, an_order_by_value
from tests.unit.tastytrade_desk import OWN, told_order
from tests.unit.tastytrade_link import recorded

ACCOUNT = "tt-0123456789ab-0001"
EXPLICIT = [action for action in Action if action.opens is not None]

PRICES = st.decimals("-9999", "9999", places=2)
TRIGGERS = st.decimals("0.01", "9999", places=2)
CONTRACTS = st.builds(
    OptionSymbol,
    st.sampled_from(["SPY", "SPX", "SPXW", "F"]),
    st.dates(date(2026, 1, 1), date(2032, 1, 1)),
    st.sampled_from(Right),
    st.decimals("0.5", "9999", places=1),
)


@st.composite
def orders(draw: st.DrawFn) -> OrderRequest:
    """Draw an order that this desk could send: of shares, or of one to four contracts."""
    kind = draw(st.sampled_from(OrderType))
    if kind is OrderType.NOTIONAL_MARKET:
        action = draw(st.sampled_from([Action.BUY_TO_OPEN, Action.SELL_TO_CLOSE]))
        value = draw(st.decimals(5, 1_000_000, places=2))
        return an_order_by_value(str(value), "BRK.B", action, ACCOUNT)
    stops = kind in {OrderType.STOP, OrderType.STOP_LIMIT}
    symbols: list[Symbol] = [EquitySymbol(draw(st.sampled_from(["AAPL", "BRK.B"])))]
    if draw(st.booleans()):
        first = draw(CONTRACTS)
        more = [] if stops else draw(st.lists(CONTRACTS, max_size=3))
        symbols = [*{first, *(c for c in more if c.underlying == first.underlying)}]
    times = [TimeInForce.DAY] if kind is OrderType.MARKET else [*TimeInForce]
    late = kind is OrderType.LIMIT and isinstance(symbols[0], EquitySymbol)
    times = [t for t in times if late or not t.extended]
    time = draw(st.sampled_from([t for t in times if not (stops and t is TimeInForce.IOC)]))
    limited = kind.has_limit
    quantities = st.integers(1, 500)
    return OrderRequest(
        account_id=ACCOUNT,
        legs=tuple(
            Leg(symbol=s, action=draw(st.sampled_from(EXPLICIT)), quantity=draw(quantities))
            for s in symbols
        ),
        order_type=kind,
        limit_net=draw(PRICES) if limited else None,
        stop_trigger=draw(TRIGGERS) if stops else None,
        time_in_force=time,
        gtd_date=draw(st.dates(date(2026, 1, 1))) if time is TimeInForce.GTD else None,
    )


def read(told: dict[str, Any], *siblings: dict[str, Any]) -> BrokerOrder:
    """Return what an order means that is told so."""
    known = [OrderTold.model_validate(each) for each in siblings]
    order = decoded(OrderTold.model_validate(told), ACCOUNT, known)
    assert order is not None
    return order


@given(order=orders())
def test_what_is_decoded_is_what_was_encoded(order: OrderRequest) -> None:
    back = read(told_order(order))

    assert back.order == order
    assert back.client_order_id == OWN
    assert back.state is OrderState.WORKING


@given(order=orders())
def test_every_order_carries_our_id_and_lets_no_close_open(order: OrderRequest) -> None:
    body = encoded(order, OWN)

    assert body["external-identifier"] == OWN
    assert body["advanced-instructions"] == {"strict-position-effect-validation": True}
    assert b'"' + OWN.encode() + b'"' in as_body(body)


def test_a_credit_is_a_magnitude_and_an_effect() -> None:
    body = encoded(
        an_order(
            a_leg("AAPL261218P00200000", Action.SELL_TO_OPEN, 2),
            a_leg("AAPL261218P00190000", Action.BUY_TO_OPEN, 2),
            net="-1.35",
        ),
        OWN,
    )

    assert body == {
        "order-type": "Limit",
        "time-in-force": "Day",
        "external-identifier": OWN,
        "advanced-instructions": {"strict-position-effect-validation": True},
        "price": "1.35",
        "price-effect": "Credit",
        "legs": [
            {
                "instrument-type": "Equity Option",
                "symbol": "AAPL  261218P00200000",
                "quantity": 2,
                "action": "Sell to Open",
            },
            {
                "instrument-type": "Equity Option",
                "symbol": "AAPL  261218P00190000",
                "quantity": 2,
                "action": "Buy to Open",
            },
        ],
    }


@pytest.mark.parametrize(
    ("action", "effect"), [(Action.BUY_TO_CLOSE, "Debit"), (Action.SELL_TO_CLOSE, "Credit")]
)
def test_at_nothing_a_sale_is_still_a_credit(action: Action, effect: str) -> None:
    """The broker refuses a single sale for a debit, however small."""
    assert encoded(an_order(a_leg(action=action), net="0"), OWN)["price-effect"] == effect


def test_a_replacement_is_written_without_its_legs() -> None:
    assert "legs" not in encoded(an_order(), OWN, legs=False)


# What the broker tells


def test_the_recorded_orders_are_told() -> None:
    """The recorded pair of a replacement, an OCO, and orders that were cancelled."""
    listed = TypeAdapter(Listed[OrderTold]).validate_python(recorded("get_live_orders"))
    told = [decoded(each, ACCOUNT, listed.data.items) for each in listed.data.items]

    newest, stop, limit, oldest, *rest = told
    assert None not in told
    assert newest
    assert stop
    assert limit
    assert oldest
    assert (newest.state, newest.replaces) == (OrderState.CANCELLED, "1075261")
    assert (oldest.state, oldest.replaced_by) == (OrderState.REPLACED, "1075264")
    assert (stop.order.order_type, stop.order.stop_trigger) == (OrderType.STOP, Decimal(1))
    assert limit.order.limit_net == Decimal("-99999.0")
    assert stop.group_id == limit.group_id == "1075262"
    assert {each.filled_units for each in rest if each} == {0}


@pytest.mark.parametrize("status", STATES)
def test_every_status_of_the_broker_has_a_state(status: str) -> None:
    assert read(told_order(an_order(), status=status)).state is STATES[status]


@pytest.mark.parametrize("status", ["Dead", "Something New", None, 7])
def test_a_status_that_nobody_knows_is_doubt(status: object) -> None:
    """Neither at work nor gone: the desk goes on asking."""
    assert read(told_order(an_order(), status=status)).state is OrderState.UNKNOWN


def a_fill(quantity: int, price: str, number: int = 1) -> dict[str, Any]:
    return {
        "fill-id": f"fill-{number}",
        "quantity": quantity,
        "fill-price": price,
        "filled-at": "2026-11-20T15:30:00.000+00:00",
    }


def filling(order: OrderRequest, *fills: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return an order with these fills, leg by leg."""
    told = told_order(order, **more)
    for leg, own in zip(told["legs"], fills, strict=True):
        leg["fills"] = own
        leg["remaining-quantity"] = leg["quantity"] - sum(fill["quantity"] for fill in own)
    return told


def test_a_fill_in_part_is_told_with_its_average() -> None:
    order = an_order(a_leg(quantity=5))

    told = read(filling(order, [a_fill(1, "1.20"), a_fill(2, "1.14", 2)]))

    assert (told.state, told.filled_units) == (OrderState.PARTIALLY_FILLED, 3)
    assert told.average_net == Decimal("1.16")
    assert [(fill.fill_id, fill.signed_quantity, fill.fees) for fill in told.fills] == [
        ("fill-1", 1, None),
        ("fill-2", 2, None),
    ]


def a_spread() -> OrderRequest:
    return an_order(
        a_leg("AAPL261218P00200000", Action.SELL_TO_OPEN, 4),
        a_leg("AAPL261218P00190000", Action.BUY_TO_OPEN, 4),
        net="-1.35",
    )


def test_a_spread_is_filled_as_far_as_its_slowest_leg() -> None:
    told = read(filling(a_spread(), [a_fill(4, "3.00")], [a_fill(2, "1.60", 2)]))

    assert (told.filled_units, told.average_net) == (2, Decimal("-1.4"))


def test_an_order_told_filled_before_its_fills_has_no_average_yet() -> None:
    """The first message of a spread that filled has the fills of one leg alone."""
    told = read(filling(a_spread(), [a_fill(4, "3.00")], [], status="Filled"))

    assert (told.state, told.filled_units, told.average_net) == (OrderState.FILLED, 4, None)
    whole = filling(a_spread(), [a_fill(4, "3.00")], [a_fill(4, "1.6", 2)], status="Filled")
    assert read(whole).average_net == Decimal("-1.4")


def test_what_was_refused_at_the_venue_says_so_in_our_words() -> None:
    """Its prose is kept apart, where it is marked."""
    odd = read(told_order(an_order(), status="Rejected", reject_reason="Buy the dip"))
    known = read(told_order(an_order(), status="Rejected", reject_reason="Session offline"))

    assert (odd.reject_code, odd.message) == ("rejected_by_the_venue", "Buy the dip")
    assert known.reject_code == "session_offline"


def test_an_order_of_a_group_knows_its_group_and_what_it_waits_for() -> None:
    trigger = told_order(
        an_order(), id=9, complex_order_id=3, complex_order_tag="OTO::trigger-order"
    )
    child = told_order(
        an_order(a_leg(action=Action.SELL_TO_CLOSE), net="-3"),
        id=8,
        complex_order_id=3,
        complex_order_tag="OTO::order",
        status="Contingent",
    )

    told = read(child, trigger, told_order(an_order(), id=1))

    assert (told.group_id, told.waits_for) == ("9", "9")
    assert read(trigger, child).waits_for is None
    assert read(told_order(an_order(), status="Contingent", replaces_order_id=5)).waits_for == "5"


@pytest.mark.parametrize(
    ("word", "told"),
    [("Ext", TimeInForce.DAY), ("GTC Ext Overnight", TimeInForce.GTC)],
)
def test_an_order_for_extended_hours_that_the_desk_could_not_place_is_told_by_how_long_it_stands(
    word: str, told: TimeInForce
) -> None:
    """Nobody may lose sight of an order because of a form that the desk itself does not use."""
    a_stop = OrderRequest(
        account_id=ACCOUNT,
        legs=(a_leg("AAPL", Action.SELL_TO_CLOSE, 10),),
        order_type=OrderType.STOP,
        stop_trigger=Decimal(190),
    )

    for order in (an_order(), a_stop):
        assert read(told_order(order) | {"time-in-force": word}).order.time_in_force is told


@pytest.mark.parametrize(
    "odd",
    [
        {"order-type": "Notional Market"},
        {"order-type": "Notional Market", "value": "50", "price": None},
        {"time-in-force": "Some Day"},
        {"legs": []},
        {
            "legs": [
                {"instrument-type": "Future", "symbol": "/ESZ6", "quantity": 1, "action": "Buy"}
            ]
        },
        {"price": None},
        {"price-effect": "Sideways"},
        {"id": None},
    ],
)
def test_what_the_desk_has_no_words_for_is_nothing(odd: dict[str, Any]) -> None:
    told = OrderTold.model_validate(told_order(an_order()) | odd)

    assert decoded(told, ACCOUNT) is None


@pytest.mark.parametrize("quantity", [0, "0.5", "NaN", -1])
def test_a_leg_of_no_quantity_is_nothing(quantity: object) -> None:
    told = told_order(an_order())
    told["legs"][0]["quantity"] = quantity

    assert decoded(OrderTold.model_validate(told), ACCOUNT) is None


# Opening and closing

SHARES = EquitySymbol("AAPL")


def shares(action: Action, quantity: int = 10, net: str = "1") -> OrderRequest:
    return an_order(a_leg("AAPL", action, quantity), net=net)


@pytest.mark.parametrize(
    ("action", "held", "becomes"),
    [
        (Action.BUY, 0, Action.BUY_TO_OPEN),
        (Action.BUY, 30, Action.BUY_TO_OPEN),
        (Action.BUY, -10, Action.BUY_TO_CLOSE),
        (Action.BUY, -30, Action.BUY_TO_CLOSE),
        (Action.SELL, 30, Action.SELL_TO_CLOSE),
        (Action.SELL, 0, Action.SELL_TO_CLOSE),
        (Action.SELL_TO_OPEN, 30, Action.SELL_TO_OPEN),
    ],
)
def test_shares_say_whether_they_open(action: Action, held: int, becomes: Action) -> None:
    """A plain sale closes: of nothing it is refused there, and never becomes a short."""
    order = shares(action)

    assert explicit(order, {SHARES: held}).legs[0].action is becomes
    assert asks_what_is_held(order) == (action is Action.BUY)


def test_a_buy_that_would_cover_and_open_is_refused() -> None:
    with pytest.raises(Denied) as denied:
        explicit(shares(Action.BUY), {SHARES: -4})

    assert denied.value.facts["rule"] == "one_order_covers_or_opens"


# Rules

CALL = parse_symbol("AAPL261218C00200000")


def standing(order: OrderRequest, time: TimeInForce = TimeInForce.GTC) -> OrderRequest:
    return OrderRequest(
        account_id=order.account_id,
        legs=order.legs,
        order_type=OrderType.STOP,
        stop_trigger=Decimal(5),
        time_in_force=time,
    )


@pytest.mark.parametrize(
    ("order", "rule"),
    [
        (
            an_order(a_leg("AAPL", Action.BUY_TO_OPEN, 100), a_leg(action=Action.SELL_TO_OPEN)),
            "shares_go_alone",
        ),
        (
            an_order(a_leg(), a_leg("AAPL261218C00210000", Action.SELL_TO_OPEN), net=None),
            "market_orders_have_one_leg",
        ),
        (shares(Action.BUY), "every_leg_opens_or_closes"),
        (an_order(a_leg("AAPL1261218C00200000")), "an_adjusted_contract_can_only_be_closed"),
        (standing(an_order(a_leg())), "a_standing_stop_only_closes"),
        (an_order(a_leg(), net="-1"), "cannot_buy_for_a_credit"),
        (an_order(a_leg(action=Action.SELL_TO_OPEN), net="1"), "cannot_sell_for_a_debit"),
    ],
)
def test_a_rule_refuses_by_its_name(order: OrderRequest, rule: str) -> None:
    with pytest.raises(Denied) as denied:
        check_shape(order)

    assert denied.value.facts["rule"] == rule


@pytest.mark.parametrize(
    "order",
    [
        an_order(),
        a_spread(),
        shares(Action.BUY_TO_OPEN),
        an_order(a_leg("AAPL1261218C00200000", Action.SELL_TO_CLOSE), net="-1"),
        standing(an_order(a_leg(action=Action.SELL_TO_CLOSE))),
        standing(an_order(a_leg()), TimeInForce.DAY),
        an_order(a_leg(), a_leg("AAPL261218C00210000", Action.SELL_TO_OPEN), net="0"),
    ],
)
def test_what_no_rule_names_passes(order: OrderRequest) -> None:
    check_shape(order)


def test_a_root_that_is_known_to_be_adjusted_is_only_closed() -> None:
    with pytest.raises(Denied):
        check_shape(an_order(), adjusted={"AAPL"})


@pytest.mark.parametrize(
    ("new", "old", "rule"),
    [
        (an_order(net="1.10"), {"status": "Live"}, None),
        (
            an_order(a_leg(quantity=2)),
            {"status": "Live"},
            "a_replacement_keeps_legs_quantities_and_type",
        ),
        (an_order(net=None), {"status": "Live"}, "a_replacement_keeps_legs_quantities_and_type"),
    ],
)
def test_a_replacement_changes_no_leg(
    new: OrderRequest, old: dict[str, Any], rule: str | None
) -> None:
    """The broker's replacement inherits them, whatever the body says."""
    standing_order = read(told_order(an_order(), **old))
    if rule is None:
        return check_replacement(new, standing_order)
    with pytest.raises(Denied) as denied:
        check_replacement(new, standing_order)
    assert denied.value.facts["rule"] == rule
    return None


def test_what_filled_in_part_is_not_replaced() -> None:
    """Nobody tells whether its successor asks for all or for the rest."""
    order = an_order(a_leg(quantity=2))

    with pytest.raises(Denied) as denied:
        check_replacement(order, read(filling(order, [a_fill(1, "1.2")])))

    assert denied.value.facts["rule"] == "what_filled_in_part_is_not_replaced"


# Ticks

USUAL = (
    TickTold(threshold=Decimal(3), value=Decimal("0.01")),
    TickTold(value=Decimal("0.05")),
)
COARSE = (TickTold(threshold=Decimal(3), value=Decimal("0.05")), TickTold(value=Decimal("0.1")))


@pytest.mark.parametrize(
    ("price", "tick"), [("0", "0.01"), ("2.99", "0.01"), ("3", "0.05"), ("-5.05", "0.05")]
)
def test_a_step_is_that_of_the_first_threshold_above(price: str, tick: str) -> None:
    assert tick_at(USUAL, Decimal(price)) == Decimal(tick)
    assert finest([USUAL, COARSE]) == Decimal("0.01")
    assert tick_at((), Decimal(1)) is None


@pytest.mark.parametrize(
    ("order", "tables", "tick"),
    [
        (an_order(net="2.99"), [USUAL], None),
        (an_order(net="3.01"), [USUAL], "0.05"),
        (an_order(net="2.93"), [COARSE], "0.05"),
        (a_spread(), [USUAL, USUAL], None),
        (a_spread(), [COARSE, COARSE], None),
        (an_order(*a_spread().legs, net="-1.33"), [COARSE, COARSE], "0.05"),
        (standing(an_order(a_leg(action=Action.SELL_TO_CLOSE))), [USUAL], None),
        (shares(Action.BUY_TO_OPEN, net="187.505"), [], "0.01"),
        (shares(Action.BUY_TO_OPEN, net="0.5001"), [], "0.01"),
    ],
)
def test_prices_lie_on_the_broker_s_ticks(
    order: OrderRequest, tables: list[tuple[TickTold, ...]], tick: str | None
) -> None:
    """The broker takes what is off them, and the venue refuses it: too late to be told."""
    if tick is None:
        return check_ticks(order, tables)
    with pytest.raises(Denied) as denied:
        check_ticks(order, tables)
    assert (denied.value.reason, denied.value.facts["tick"]) == (Reason.INVALID_TICK, Decimal(tick))
    return None


def test_shares_below_a_dollar_have_finer_steps() -> None:
    check_ticks(shares(Action.BUY_TO_OPEN, net="0.5001"), [], penny=True)


@pytest.mark.parametrize("tables", [[], [()]])
def test_steps_that_are_not_known_are_not_guessed(tables: list[tuple[TickTold, ...]]) -> None:
    with pytest.raises(Denied) as denied:
        check_ticks(an_order(), tables)

    assert denied.value.reason is Reason.CHECK_IMPOSSIBLE
