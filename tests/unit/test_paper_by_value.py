"""The paper broker trades by value, and tells the parts of shares as any broker does."""

from datetime import timedelta
from decimal import Decimal

import pytest

from strikedesk.brokers.paper.worth import worth_of
from strikedesk.domain.broking import PlaceTicket
from strikedesk.domain.orders import Action
from strikedesk.domain.untraded import Untraded
from tests.builders import NOON
from tests.fakes.market import ScriptedMarket
from tests.unit.exchange_floor import CASH, IRA, MARGIN, Floor, a_value, an_order
from tests.unit.test_paper_day_profit import CLOSE, MONDAY, Desk

D = Decimal


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def place(desk: Desk, value: str, action: Action = Action.BUY) -> None:
    ticket = PlaceTicket(client_order_id=value, order=a_value(value, action))
    assert (await desk.broker.submit(ticket)).broker_order.filled_units == 1


async def test_a_part_of_a_share_is_told_beside_the_positions(desk: Desk) -> None:
    await desk.trade("buy 2 AAPL", "200")
    await place(desk, "50")

    (position,) = await desk.broker.positions(MARGIN)

    assert position.quantity == 2
    assert await desk.broker.untraded(MARGIN) == (
        Untraded(
            account_id=MARGIN,
            symbol="AAPL",
            kind="fraction_of_a_share",
            quantity=D("0.25"),
            multiplier=D(1),
            average_price=D(200),
            mark=D(200),
        ),
    )
    assert await desk.broker.untraded(CASH) == ()


async def test_a_survey_tells_the_parts_that_are_held(desk: Desk) -> None:
    await place(desk, "50")

    seen = await desk.broker.survey(PlaceTicket(client_order_id="c", order=a_value("20")))

    assert seen.fractions == {"AAPL": D("0.25")}
    assert seen.preflight.refusals == ()
    assert (seen.preflight.buying_power_before, seen.preflight.buying_power_after) == (
        D("99950.00"),
        D("99930.00"),
    )


async def test_what_another_account_took_meanwhile_is_not_promised_again(desk: Desk) -> None:
    """What an order came to is remembered, and the size that it met is part of that."""
    ticket = PlaceTicket(client_order_id="c", order=a_value("5000"))
    before = await desk.broker.preflight(ticket)
    for account in (CASH, IRA):
        theirs = an_order("buy 490 AAPL", net="200", account=account)
        await desk.broker.submit(PlaceTicket(client_order_id=account, order=theirs))

    assert before.refusals == ()
    assert (await desk.broker.preflight(ticket)).refusals == ("quantity_above_venue_limit",)


async def test_an_account_is_worth_its_parts_of_shares_too(desk: Desk) -> None:
    await desk.trade("buy 1 AAPL", "200")
    await place(desk, "50")

    later = await desk.at(CLOSE - timedelta(seconds=30))

    assert later.cash == D(99_750)
    assert later.net_liquidation == D(99_750) + D("1.25") * 202
    assert (later.long_value, later.short_value) == (D("1.25") * 202, 0)
    assert later.open_profit == D("2.50")
    assert later.day_profit == D("2.50")
    # Nothing is lent on the part.
    assert later.option_buying_power == D(99_750) + D(202) / 2


@pytest.mark.parametrize("whole", [0, 1])
async def test_the_day_after_counts_the_part_from_its_close(desk: Desk, whole: int) -> None:
    if whole:
        await desk.trade("buy 1 AAPL", "200")
    await place(desk, "50")

    monday = await desk.at(MONDAY)

    assert monday.day_profit == (D("0.25") + whole) * 3


async def test_what_was_sold_whole_by_value_counts_in_the_day(desk: Desk) -> None:
    await place(desk, "50")
    await desk.at(CLOSE - timedelta(seconds=30))
    await place(desk, "50.50", Action.SELL)

    balances = await desk.balances()

    assert await desk.broker.untraded(MARGIN) == ()
    assert (balances.day_profit, balances.realized_profit) == (D("0.50"), D("0.50"))


async def test_a_part_that_nobody_quotes_leaves_the_worth_unknown() -> None:
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.place(a_value("50"))
    floor.quote("AAPL", None, None)

    for market in (floor.market, ScriptedMarket(), None):
        assert worth_of(floor.world, market, NOON)[0].worth is None
