"""The independent SDK trades on the sandbox: previews, fills, changes, groups, and refusals."""

from collections.abc import AsyncGenerator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import anyio
import httpx2
import pytest
import pytest_asyncio
import tastytrade.session
from tastytrade import Account, Session
from tastytrade.instruments import Equity, Option, get_option_chain
from tastytrade.market_data import get_market_data_by_type
from tastytrade.order import (
    AdvancedInstructions,
    InstrumentType,
    Leg,
    LimitOrder,
    MarketOrder,
    OCOOrder,
    OrderAction,
    OrderStatus,
    OrderTimeInForce,
    OTOCOOrder,
    StopOrder,
)
from tastytrade.utils import PriceEffect, TastytradeError

from strikedesk.sandbox.access import CLIENT_SECRET
from tests.patience import PATIENCE_S
from tests.sandbox.served import Served, served

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # It hands its JSON to httpx in a way that httpx has left behind.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]

DECEMBER = date(2026, 12, 18)
README = Path(__file__).parents[2] / "README.md"


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Served]:
    """A world of its own for each test: they trade in it."""
    async with served(tmp_path_factory.mktemp("sandbox")) as here:
        yield here


EXTENDED = [
    OrderTimeInForce.EXT,
    OrderTimeInForce.OVERNIGHT,
    OrderTimeInForce.GTC_EXT,
    OrderTimeInForce.GTC_OVERNIGHT,
]


CALL = Leg(
    instrument_type=InstrumentType.EQUITY_OPTION,
    symbol="AAPL  261218C00200000",
    action=OrderAction.BUY_TO_OPEN,
    quantity=1,
)


def shares(action: OrderAction, quantity: int = 10, symbol: str = "AAPL") -> Leg:
    return Leg(
        instrument_type=InstrumentType.EQUITY, symbol=symbol, action=action, quantity=quantity
    )


async def ask_of(session: Session, symbol: str = "AAPL") -> Decimal:
    (told,) = await get_market_data_by_type(session, equities=[symbol])
    assert told.ask is not None
    return told.ask


async def calls(session: Session, underlying: str = "SPY") -> list[Option]:
    """Two calls around the money, the lower strike first."""
    (spot,) = await get_market_data_by_type(session, equities=[underlying])
    chain = (await get_option_chain(session, underlying))[DECEMBER]
    assert spot.mark is not None
    above = [o for o in chain if o.option_type == "C" and o.strike_price > spot.mark]
    return [above[0], above[3]]


async def spread(session: Session, quantity: int = 1) -> list[Leg]:
    low, high = await calls(session)
    return [
        low.build_leg(quantity, OrderAction.BUY_TO_OPEN),
        high.build_leg(quantity, OrderAction.SELL_TO_OPEN),
    ]


async def test_a_dry_run_tells_fees_and_buying_power_and_keeps_nothing(
    session: Session, account: Account
) -> None:
    order = LimitOrder(legs=await spread(session), price=Decimal("-2.00"))
    told = await account.place_order(session, order, dry_run=True)
    effect = told.buying_power_effect

    assert told.order.status is OrderStatus.RECEIVED
    assert told.order.price == Decimal("-2.00")
    assert told.fee_calculation is not None
    assert told.fee_calculation.commission == -2
    assert told.fee_calculation.clearing_fees == Decimal("-0.2")
    assert effect.is_spread
    assert effect.effect is PriceEffect.DEBIT
    assert effect.impact == 200 - told.fee_calculation.total_fees.quantize(Decimal("0.01"))
    assert effect.new_buying_power == effect.current_buying_power - effect.impact
    assert await account.get_live_orders(session) == []


@pytest.mark.promise("sandbox")
async def test_a_spread_is_placed_filled_and_held(session: Session, account: Account) -> None:
    """At placing it is on its way; what came of it is read afterwards."""
    order = LimitOrder(
        legs=await spread(session), price=Decimal("-3.00"), external_identifier="mine-1"
    )
    placed = await account.place_order(session, order, dry_run=False)
    now = await account.get_order(session, placed.order.id)
    positions = await account.get_positions(session, include_marks=True)
    lines = await account.get_history(session)

    assert placed.order.status is OrderStatus.ROUTED
    assert not placed.order.cancellable
    assert now.status is OrderStatus.FILLED
    assert now.external_identifier == "mine-1"
    assert [leg.remaining_quantity for leg in now.legs] == [0, 0]
    assert 0 < now.average_fill_price() <= 3
    assert {p.symbol: p.quantity_direction for p in positions} == {
        now.legs[0].symbol: "Long",
        now.legs[1].symbol: "Short",
    }
    assert all(position.mark is not None for position in positions)
    trades = [line for line in lines if line.transaction_type == "Trade"]
    assert {line.order_id for line in trades} == {now.id}
    balances = await account.get_balances(session)
    assert balances.cash_balance == 100_000 + sum(line.net_value for line in trades)


@pytest.mark.promise("sandbox")
async def test_the_example_in_the_readme_is_what_happens(
    session: Session, account: Account
) -> None:
    """Whoever copies it sees the same figures: the market is the same for everybody."""
    chain = (await get_option_chain(session, "SPY"))[DECEMBER]
    puts = {option.strike_price: option for option in chain if option.option_type == "P"}
    legs = [
        puts[Decimal(509)].build_leg(1, OrderAction.SELL_TO_OPEN),
        puts[Decimal(504)].build_leg(1, OrderAction.BUY_TO_OPEN),
    ]
    order = LimitOrder(legs=legs, price=Decimal("0.50"))
    dry = await account.place_order(session, order, dry_run=True)
    placed = await account.place_order(session, order, dry_run=False)
    now = await account.get_order(session, placed.order.id)
    held = await account.get_positions(session)
    balances = await account.get_balances(session)
    effect, fees = dry.buying_power_effect, dry.fee_calculation

    assert fees is not None
    told = [
        f"dry      {effect.impact} {effect.effect} of buying power, {fees.total_fees} in fees",
        f"placed   {placed.order.status.value}",
        f"now      {now.status.value}",
        *(
            f"position {p.symbol} {p.quantity_direction} {p.quantity} at {p.average_open_price}"
            for p in held
        ),
        (
            f"balances {balances.net_liquidating_value} net liquidation, "
            f"{balances.derivative_buying_power} option buying power, "
            f"{balances.maintenance_requirement} required"
        ),
    ]
    assert "\n".join(told) in README.read_text(encoding="utf-8")


async def test_an_order_is_replaced_and_the_chain_of_numbers_is_kept(
    session: Session, account: Account
) -> None:
    resting = LimitOrder(
        legs=[shares(OrderAction.BUY_TO_OPEN)],
        price=-(await ask_of(session) - 20),
        time_in_force=OrderTimeInForce.GTC,
    )
    first = (await account.place_order(session, resting, dry_run=False)).order
    resting.price -= 1
    second = await account.replace_order(session, first.id, resting)
    old = await account.get_order(session, first.id)
    new = await account.get_order(session, second.id)

    assert second.id != first.id
    assert (old.status, old.edited) == (OrderStatus.CANCELLED, True)
    assert (old.replacing_order_id, new.replaces_order_id) == (second.id, first.id)
    assert new.status is OrderStatus.LIVE
    assert new.price == resting.price
    assert new.time_in_force is OrderTimeInForce.GTC
    assert [order.id for order in await account.get_live_orders(session)] == [second.id, first.id]


async def test_a_cancel_is_asked_for_and_an_ended_order_cannot_be(
    session: Session, account: Account, http: httpx2.AsyncClient
) -> None:
    resting = LimitOrder(
        legs=[shares(OrderAction.BUY_TO_OPEN)], price=-(await ask_of(session) - 20)
    )
    order = (await account.place_order(session, resting, dry_run=False)).order
    path = f"/accounts/{account.account_number}/orders/{order.id}"
    asked = await http.delete(path)

    assert asked.json()["data"]["status"] == "Cancel Requested"
    assert (await account.get_order(session, order.id)).status is OrderStatus.CANCELLED
    again = await http.delete(path)
    assert (again.status_code, again.json()["error"]["code"]) == (422, "cannot_update_order")
    with pytest.raises(TastytradeError, match="cannot_update_order"):
        await account.replace_order(session, order.id, resting)


async def test_a_close_of_what_is_not_held_opens_it_unless_told_otherwise(
    session: Session, account: Account
) -> None:
    """It is what the broker does; a client that lacks the flag learns it here, for nothing."""
    low, _ = await calls(session)
    order = LimitOrder(legs=[low.build_leg(1, OrderAction.BUY_TO_CLOSE)], price=Decimal("-0.05"))
    loose = await account.place_order(session, order, dry_run=True)
    order.advanced_instructions = AdvancedInstructions(strict_position_effect_validation=True)

    assert loose.warnings is not None
    assert [warning.code for warning in loose.warnings] == ["closing_with_no_position"]
    assert loose.order.legs[0].action is OrderAction.BUY_TO_OPEN
    with pytest.raises(TastytradeError, match="close_exceeds_position"):
        await account.place_order(session, order, dry_run=True)


async def test_a_price_off_the_tick_passes_and_is_rejected_once_it_is_routed(
    session: Session, account: Account
) -> None:
    """So it is at the broker: the preflight does not look at ticks."""
    low, _ = await calls(session, "AAPL")
    order = LimitOrder(legs=[low.build_leg(1, OrderAction.BUY_TO_OPEN)], price=Decimal("-4.01"))
    dry = await account.place_order(session, order, dry_run=True)
    placed = await account.place_order(session, order, dry_run=False)
    now = await account.get_order(session, placed.order.id)

    assert dry.order.price == now.price == Decimal("-4.01")
    assert placed.order.status is OrderStatus.ROUTED
    assert (now.status, now.reject_reason) == (OrderStatus.REJECTED, "Invalid tick")
    assert now.terminal_at is not None
    assert now.cancelled_at is None


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (
            LimitOrder(legs=[shares(OrderAction.BUY_TO_OPEN)], price=Decimal(1)),
            "cant_buy_for_credit",
        ),
        (
            LimitOrder(legs=[shares(OrderAction.BUY_TO_OPEN, 10_000)], price=Decimal(-240)),
            "margin_check_failed",
        ),
        (
            MarketOrder(legs=[shares(OrderAction.BUY_TO_OPEN)], time_in_force=OrderTimeInForce.GTC),
            "gtc_market_orders_not_supported",
        ),
        (
            LimitOrder(
                legs=[CALL],
                price=Decimal(-1),
                time_in_force=OrderTimeInForce.EXT,
            ),
            "invalid_time_in_force",
        ),
        (
            LimitOrder(legs=[shares(OrderAction.BUY_TO_OPEN, symbol="NOSUCH")], price=Decimal(-1)),
            "symbol_not_found",
        ),
    ],
)
async def test_a_refused_order_says_why_and_leaves_nothing(
    session: Session, account: Account, order: LimitOrder | MarketOrder, code: str
) -> None:
    for dry_run in (True, False):
        with pytest.raises(TastytradeError, match=code):
            await account.place_order(session, order, dry_run=dry_run)

    assert await account.get_live_orders(session) == []


@pytest.mark.promise("sandbox")
async def test_an_entry_and_its_exits_are_one_complex_order(
    session: Session, account: Account
) -> None:
    """The entry fills, the exits begin to work, and one cancel takes both."""
    ask = await ask_of(session)
    order = OTOCOOrder(
        trigger_order=LimitOrder(legs=[shares(OrderAction.BUY_TO_OPEN)], price=-(ask + 1)),
        take_profit=LimitOrder(
            legs=[shares(OrderAction.SELL_TO_CLOSE)],
            price=ask + 20,
            time_in_force=OrderTimeInForce.GTC,
        ),
        stop_loss=StopOrder(
            legs=[shares(OrderAction.SELL_TO_CLOSE)],
            stop_trigger=ask - 20,
            time_in_force=OrderTimeInForce.GTC,
        ),
    )
    dry = await account.place_complex_order(session, order, dry_run=True)
    placed = (await account.place_complex_order(session, order, dry_run=False)).complex_order
    (live,) = await account.get_live_complex_orders(session)

    assert {child.status for child in dry.complex_order.orders} == {OrderStatus.CONTINGENT}
    assert live.id == placed.id
    assert live.trigger_order is not None
    assert live.trigger_order.status is OrderStatus.FILLED
    assert live.trigger_order.complex_order_tag == "OTOCO::trigger-order"
    assert [child.status for child in live.orders] == [OrderStatus.LIVE, OrderStatus.LIVE]
    await account.delete_complex_order(session, placed.id)
    after = await account.get_complex_order(session, placed.id)
    assert {child.status for child in after.orders} == {OrderStatus.CANCELLED}
    assert after.terminal_at is not None
    assert [each.id for each in await account.get_complex_order_history(session)] == [placed.id]


async def test_the_sides_of_an_oco_end_together(session: Session, account: Account) -> None:
    ask = await ask_of(session)
    await account.place_order(
        session, MarketOrder(legs=[shares(OrderAction.BUY_TO_OPEN)]), dry_run=False
    )
    order = OCOOrder(
        take_profit=LimitOrder(legs=[shares(OrderAction.SELL_TO_CLOSE)], price=ask + 20),
        stop_loss=StopOrder(legs=[shares(OrderAction.SELL_TO_CLOSE)], stop_trigger=ask - 20),
    )
    placed = (await account.place_complex_order(session, order, dry_run=False)).complex_order
    await account.delete_order(session, placed.take_profit.id)

    after = await account.get_complex_order(session, placed.id)
    assert [child.status for child in after.orders] == [OrderStatus.CANCELLED] * 2


async def test_history_is_searched_by_day_status_and_page(
    session: Session, account: Account
) -> None:
    price = -(await ask_of(session) - 20)
    order = LimitOrder(legs=[shares(OrderAction.BUY_TO_OPEN, 1)], price=price)
    for _ in range(2):
        await account.place_order(session, order, dry_run=False)
    placed = await account.place_order(session, order, dry_run=False)
    await account.delete_order(session, placed.order.id)
    day = date(2026, 11, 20)

    every = await account.get_order_history(session, per_page=1, page_offset=None)
    oldest_first = await account.get_order_history(session, sort="Asc", start_date=day)
    cancelled = await account.get_order_history(session, statuses=[OrderStatus.CANCELLED])
    tomorrow = await account.get_order_history(session, start_date=day + timedelta(days=1))

    assert [order.id for order in oldest_first] == sorted(order.id for order in every)
    assert len(every) == 3
    assert [order.id for order in cancelled] == [placed.order.id]
    assert tomorrow == []


async def test_what_was_closed_today_is_told_to_who_asks(
    session: Session, account: Account
) -> None:
    for action in (OrderAction.BUY_TO_OPEN, OrderAction.SELL_TO_CLOSE):
        await account.place_order(session, MarketOrder(legs=[shares(action)]), dry_run=False)
    (closed,) = await account.get_positions(session, include_closed=True)

    assert await account.get_positions(session) == []
    assert (closed.quantity, closed.quantity_direction) == (0, "Zero")
    assert closed.realized_today < 0  # The spread, twice half of it.


async def test_changes_are_on_their_way_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a latency a cancel is a wish, and a replacement waits for what it replaces."""
    clock = "offset:2026-11-20T16:00:00Z"
    async with served(tmp_path, clock, latency_ms=300) as here:
        monkeypatch.setattr(tastytrade.session, "API_URL", here.address)
        refresh_token = here.world.access.full.refresh_token
        async with Session(CLIENT_SECRET, refresh_token, trust_env=False) as session:
            account = (await Account.get(session))[0]
            resting = LimitOrder(legs=[shares(OrderAction.BUY_TO_OPEN)], price=Decimal("-226.5"))
            old = (await account.place_order(session, resting, dry_run=False)).order
            resting.price -= 1
            new = await account.replace_order(session, old.id, resting)
            between = await account.get_order(session, old.id)
            with anyio.fail_after(PATIENCE_S):
                while (await account.get_order(session, new.id)).status != OrderStatus.LIVE:
                    pass
            await account.delete_order(session, new.id)
            asked = await account.get_order(session, new.id)
            with anyio.fail_after(PATIENCE_S):
                while (await account.get_order(session, new.id)).status != OrderStatus.CANCELLED:
                    pass

    assert (new.status, between.status) == (OrderStatus.CONTINGENT, OrderStatus.REPLACE_REQUESTED)
    assert asked.status is OrderStatus.CANCEL_REQUESTED


async def test_equities_build_their_own_legs(session: Session, account: Account) -> None:
    apple = await Equity.get(session, "AAPL")
    order = MarketOrder(legs=[apple.build_leg(5, OrderAction.BUY_TO_OPEN)])
    placed = await account.place_order(session, order, dry_run=False)

    (position,) = await account.get_positions(session)
    assert (position.symbol, position.quantity) == ("AAPL", 5)
    assert (await account.get_order(session, placed.order.id)).price is None


@pytest.mark.parametrize("hours", EXTENDED)
async def test_shares_may_be_ordered_for_extended_hours(
    session: Session, account: Account, hours: OrderTimeInForce
) -> None:
    """They are told as they were written, and change as others do."""
    price = -(await ask_of(session) / 2).quantize(Decimal("0.01"))
    legs = [shares(OrderAction.BUY_TO_OPEN)]
    order = LimitOrder(time_in_force=hours, legs=legs, price=price)
    placed = await account.place_order(session, order, dry_run=False)
    assert placed.order is not None
    live = await account.get_order(session, placed.order.id)
    cheaper = LimitOrder(time_in_force=hours, legs=legs, price=price + 1)
    new = await account.replace_order(session, live.id, cheaper)

    assert (live.status, live.time_in_force) == (OrderStatus.LIVE, hours)
    assert (await account.get_order(session, new.id)).time_in_force == hours
