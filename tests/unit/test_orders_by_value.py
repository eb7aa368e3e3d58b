"""An order by an amount of dollars on the order path: what it is weighed as, and what denies it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.broking import BrokerOrder, PlaceTicket
from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import Action, Leg, OrderType
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol, parse_symbol
from strikedesk.domain.untraded import Untraded
from strikedesk.orders.by_value import weighed
from strikedesk.orders.draft import Change, Draft
from strikedesk.orders.preview import Preview
from strikedesk.orders.surroundings import Surroundings
from strikedesk.orders.wording import order_in_words
from strikedesk.risk.facts import OrderFacts
from strikedesk.risk.limits import Limits
from strikedesk.risk.verdict import Check, assess
from tests.builders import NOON, a_leg, an_order_by_value
from tests.fakes.broker import ACCOUNT, Day
from tests.limits import FINE, LIMITS, failures
from tests.unit.order_desk import ME, OrderDesk

D = Decimal
AAPL = EquitySymbol("AAPL")
CALL, HIGHER = "AAPL261218C00200000", "AAPL261218C00210000"
NIGHT = NOON.replace(hour=3)


@pytest.fixture
def desk(orders: OrderDesk) -> OrderDesk:
    orders.quote("AAPL", "199.90", "200.10")
    return orders


async def preview(
    desk: OrderDesk, value: str = "50", action: Action = Action.BUY, symbol: str = "AAPL"
) -> Preview:
    draft = Draft(
        account=ACCOUNT.handle,
        legs=(Leg(symbol=parse_symbol(symbol), action=action, quantity=1),),
        order_type=OrderType.NOTIONAL_MARKET,
        value=D(value),
    )
    return await desk.previewer.place(draft, caller=ME)


async def denied(desk: OrderDesk, value: str = "50", action: Action = Action.BUY) -> Denied:
    with pytest.raises(Denied) as raised:
        await preview(desk, value, action)
    assert desk.broker.tickets == []
    return raised.value


def holds(desk: OrderDesk, whole: int, fraction: str = "0", *, calls: int = 0) -> None:
    """Let the account hold so many whole shares, and a part of one beside them."""
    held = {AAPL: whole, parse_symbol(CALL): calls}
    desk.broker.held = {symbol: count for symbol, count in held.items() if count}
    part = Untraded(
        account_id=ACCOUNT.account_id,
        symbol="AAPL",
        kind="fraction_of_a_share",
        quantity=D(fraction),
    )
    coin = replace(part, symbol="BTC/USD", kind="cryptocurrency", quantity=D(3))
    desk.broker.beside = (coin, part) if part.quantity else (coin,)


def check(preview: Preview, name: str) -> Check:
    (found,) = [each for each in preview.checks if each.name == name]
    return found


async def test_a_purchase_costs_its_amount_and_can_lose_no_more(desk: OrderDesk) -> None:
    """The limits hold the amount itself, and the shares that it comes to rounded up."""
    told = await preview(desk, "250")

    figures = told.figures
    assert figures is not None
    assert figures.cash_effect == D(-250)
    assert (figures.max_loss, figures.max_profit) == (D(250), "unlimited")
    assert (figures.risk_added, figures.notional) == (D(250), D(250))
    assert figures.break_evens == (D("200.10"),)
    assert check(told, "shares").facts["shares"] == 2
    assert check(told, "price_collar").facts == {"spread": D("0.20"), "limit": D("20.010")}


async def test_what_is_bought_by_value_covers_no_call(desk: OrderDesk) -> None:
    """It is weighed as one share and may be a fiftieth of one: the risk is the amount."""
    for covers, count in ((AAPL, 99), (parse_symbol(HIGHER), 1)):
        desk.broker.held = {parse_symbol(CALL): -1, covers: count}

        told = await preview(desk)

        assert told.figures is not None
        assert told.figures.risk_added == D(50)


async def test_it_leaves_as_it_was_asked_for(desk: OrderDesk) -> None:
    told = await preview(desk)

    await desk.confirmer(told.record.preview_id, told.nonce or "", caller=ME)

    (ticket,) = desk.broker.tickets
    assert isinstance(ticket, PlaceTicket)
    assert ticket.order == replace(an_order_by_value("50.00", "AAPL"))


async def test_a_person_reads_the_amount_and_about_how_many_shares_it_is(desk: OrderDesk) -> None:
    told = await preview(desk)
    stored = await desk.ledger.preview(told.record.preview_id)

    assert stored is not None
    words = order_in_words(stored)
    assert "BUY AAPL [AAPL] for 50.00 USD at the market, without a limit\n" in words
    assert "About: 0.24987 shares at 200.10 USD\n" in words
    assert "Units" not in words
    assert (
        "There is no limit: the amount may come to fewer shares, or take more, than now."
        in told.warnings
    )


async def test_the_limit_on_shares_holds_what_the_amount_comes_to(desk: OrderDesk) -> None:
    desk.limits = Limits(shares_max=1, duplicate_window_s=0)

    assert (await preview(desk, "200.10")).record.order.by_value
    assert (await denied(desk, "200.11")).reason is Reason.CONTRACTS_ABOVE_LIMIT


async def test_an_equal_amount_just_after_is_a_duplicate(desk: OrderDesk) -> None:
    desk.limits = Limits(duplicate_window_s=60)
    told = await preview(desk)
    await desk.confirmer(told.record.preview_id, told.nonce or "", caller=ME)

    with pytest.raises(Denied) as raised:
        await preview(desk)

    assert raised.value.reason is Reason.DUPLICATE_ORDER


@pytest.mark.parametrize(("bid", "ask"), [("199.90", None), (None, "200.10"), ("201", "200")])
@pytest.mark.parametrize("action", [Action.BUY, Action.SELL])
async def test_without_both_sides_it_is_denied(
    desk: OrderDesk, bid: str | None, ask: str | None, action: Action
) -> None:
    """Nothing bounds its price but that both sides are there, and near each other."""
    holds(desk, 10)
    desk.quote("AAPL", bid, ask)

    error = await denied(desk, action=action)

    assert error.reason is Reason.QUOTE_MISSING
    assert error.facts["rule"] == "an_order_by_value_needs_both_sides"


async def test_a_wide_market_denies_it_whichever_way_it_goes(desk: OrderDesk) -> None:
    holds(desk, 10)
    desk.quote("AAPL", "170.00", "200.00")

    assert (await denied(desk)).reason is Reason.PRICE_OUTSIDE_COLLAR
    assert (await denied(desk, action=Action.SELL)).reason is Reason.PRICE_OUTSIDE_COLLAR


async def test_an_old_quote_denies_it(desk: OrderDesk) -> None:
    desk.broker.quote_age = timedelta(minutes=2)

    assert (await denied(desk)).reason is Reason.QUOTE_STALE


@pytest.mark.parametrize("action", [Action.BUY, Action.SELL])
async def test_outside_of_regular_hours_it_is_denied(desk: OrderDesk, action: Action) -> None:
    """Nobody knows at what price the next session opens: it waits for none."""
    holds(desk, 10)
    desk.clock.at = NIGHT

    error = await denied(desk, action=action)

    assert error.reason is Reason.MARKET_CLOSED
    assert error.facts["rule"] == "an_order_by_value_needs_an_open_market"


async def test_a_market_that_closed_after_the_preview_stops_the_send(desk: OrderDesk) -> None:
    desk.clock.at = NOON.replace(hour=20, minute=59, second=30)
    told = await preview(desk)
    desk.clock.at += timedelta(seconds=40)

    with pytest.raises(Denied) as raised:
        await desk.confirmer(told.record.preview_id, told.nonce or "", caller=ME)

    assert raised.value.reason is Reason.MARKET_CLOSED
    assert desk.broker.tickets == []


@pytest.mark.parametrize(
    ("whole", "fraction", "value"),
    [
        (0, "0.5", "99.95"),  # all of the fraction
        (0, "0.5", "50"),
        (1, "0", "199.90"),  # all of the share
        (1, "0.5", "299.85"),  # all there is
        (3, "0.2", "250"),
    ],
)
async def test_what_is_held_can_be_sold_by_value_the_fraction_as_well(
    desk: OrderDesk, whole: int, fraction: str, value: str
) -> None:
    holds(desk, whole, fraction)
    desk.limits = Limits(closing_only=True)

    told = await preview(desk, value, Action.SELL)

    assert told.figures is not None
    assert told.figures.cash_effect == D(value)
    assert told.figures.risk_added == -D(value)


@pytest.mark.parametrize(
    ("whole", "fraction", "value"),
    [(0, "0", "5"), (0, "0.5", "99.96"), (1, "0", "199.91"), (1, "0.5", "299.86")],
)
async def test_no_more_is_sold_by_value_than_is_held(
    desk: OrderDesk, whole: int, fraction: str, value: str
) -> None:
    """Otherwise it would open a short of which nobody knows the size."""
    holds(desk, whole, fraction)

    error = await denied(desk, value, Action.SELL)

    assert error.reason is Reason.CLOSE_EXCEEDS_POSITION
    assert error.facts["held"] == whole + D(fraction)


async def test_a_sale_where_nobody_tells_the_fraction_is_denied(desk: OrderDesk) -> None:
    sale = an_order_by_value("50", "AAPL", Action.SELL)
    quotes = await desk.broker.quotes([AAPL])

    with pytest.raises(Denied) as raised:
        weighed(sale, quotes, Surroundings(positions=(), working=()), None, NOON)

    assert raised.value.reason is Reason.CHECK_IMPOSSIBLE


@pytest.mark.parametrize(
    ("whole", "fraction", "denies"), [(100, "0", True), (100, "0.3", False), (101, "0", False)]
)
async def test_a_sale_never_takes_the_cover_of_a_call_apart(
    desk: OrderDesk, whole: int, fraction: str, denies: bool
) -> None:
    """A quarter of a share out of a hundred leaves ninety-nine, and a call that is naked."""
    holds(desk, whole, fraction, calls=-1)

    if denies:
        assert (await denied(desk, action=Action.SELL)).reason is Reason.LOSS_UNDEFINED
    else:
        assert (await preview(desk, action=Action.SELL)).figures is not None


async def test_a_short_is_neither_closed_nor_bought_against_by_value(desk: OrderDesk) -> None:
    holds(desk, -3, "0.5")

    assert (await denied(desk)).facts["rule"] == "a_short_is_not_traded_by_value"
    assert (await denied(desk, action=Action.SELL)).facts["rule"] == (
        "a_short_is_not_traded_by_value"
    )


async def test_a_sale_by_value_at_work_promises_all_the_shares(desk: OrderDesk) -> None:
    """How many it takes is known once it has filled: until then none is free for another."""
    holds(desk, 10)
    desk.broker.placed.append(
        BrokerOrder(
            broker_order_id="b-1",
            client_order_id="elsewhere",
            order=an_order_by_value("400", "AAPL", Action.SELL),
            state=OrderState.WORKING,
        )
    )
    sale = a_leg("AAPL", Action.SELL)

    with pytest.raises(Denied) as raised:
        await desk.preview(sale, price=None, effect=None, order_type=OrderType.MARKET)
    assert raised.value.facts["in_working_orders"] == 10
    assert (await denied(desk, action=Action.SELL)).reason is Reason.CLOSE_EXCEEDS_POSITION


async def test_a_purchase_by_value_at_work_promises_nothing(desk: OrderDesk) -> None:
    holds(desk, 10)
    desk.broker.day = Day.WORKING
    told = await preview(desk)
    await desk.confirmer(told.record.preview_id, told.nonce or "", caller=ME)

    assert (await preview(desk, "100", Action.SELL)).figures is not None


async def test_an_order_by_value_is_not_replaced(desk: OrderDesk) -> None:
    desk.broker.day = Day.WORKING
    told = await preview(desk)
    row = await desk.confirmer(told.record.preview_id, told.nonce or "", caller=ME)

    with pytest.raises(Denied) as raised:
        await desk.previewer.replace(row.order_id, Change(units=2), caller=ME)

    assert raised.value.facts["rule"] == "an_order_by_value_is_not_replaced"


BY_VALUE = replace(
    FINE,
    order_type=OrderType.NOTIONAL_MARKET,
    has_options=False,
    limit_net=None,
    market_net=D(10),
    spread=D("0.99"),
)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (BY_VALUE, None),
        (replace(BY_VALUE, spread=D(1)), None),
        (replace(BY_VALUE, spread=D("1.01")), Reason.PRICE_OUTSIDE_COLLAR),
        (replace(BY_VALUE, spread=None), Reason.QUOTE_MISSING),
        (replace(BY_VALUE, market_net=None), Reason.QUOTE_MISSING),
        (replace(BY_VALUE, market_net=D("0.3"), spread=D("0.05")), None),
        (replace(BY_VALUE, market_net=D("-0.3"), spread=D("0.06")), Reason.PRICE_OUTSIDE_COLLAR),
        (replace(BY_VALUE, spread=D(2), closes=True), Reason.PRICE_OUTSIDE_COLLAR),
    ],
)
def test_the_sides_of_its_market_are_no_further_apart_than_the_collar_has_room(
    facts: OrderFacts, reason: Reason | None
) -> None:
    failed = dict(failures(facts))

    assert failed == ({} if reason is None else {"price_collar": reason})
    assert "price_collar" in [each.name for each in assess(facts, LIMITS)]
