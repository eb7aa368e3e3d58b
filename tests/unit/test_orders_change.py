"""Replace, cancel, close and roll: each a preview like any other."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.accounts import Environment
from strikedesk.domain.broking import BrokerOrder, CancelTicket, ReplaceTicket
from strikedesk.domain.errors import Denied, Rejected, Unavailable
from strikedesk.domain.ledger import TicketKind
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, TimeInForce
from strikedesk.domain.quotes import Expiration, Settlement
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol, parse_option, parse_symbol
from strikedesk.orders.closing import CloseRequest, RollRequest
from strikedesk.orders.draft import Change
from strikedesk.orders.preview import Preview
from strikedesk.risk.verdict import Outcome
from tests.builders import a_leg
from tests.fakes.broker import Day, ScriptedBroker
from tests.unit.order_desk import CALL, OrderDesk

NEXT = "AAPL270115C00200000"


async def working(orders: OrderDesk) -> Preview:
    orders.broker.day = Day.WORKING
    preview = await orders.preview()
    await orders.confirm(preview)
    return preview


async def test_a_replacement_sends_the_change_and_closes_the_old_row(orders: OrderDesk) -> None:
    old = await working(orders)
    change = Change(price=Decimal("1.15"), price_effect=PriceEffect.DEBIT)

    preview = await orders.previewer.replace(old.record.order_id, change, caller="stdio")
    new = await orders.confirm(preview)

    ticket = orders.broker.tickets[-1]
    assert isinstance(ticket, ReplaceTicket)
    assert (ticket.broker_order_id, ticket.order.limit_net) == ("b-1", Decimal("1.15"))
    assert (new.state, new.broker_order_id) == (OrderState.WORKING, "b-2")
    old_row = await orders.row(old)
    assert (old_row.state, old_row.replaced_by) == (OrderState.REPLACED, "b-2")


async def test_a_cancel_needs_a_nonce_too_and_ends_both_rows(orders: OrderDesk) -> None:
    """A cancel can remove protection, so nobody cancels by calling one tool."""
    old = await working(orders)

    preview = await orders.previewer.cancel(old.record.order_id, caller="stdio")
    assert len(orders.broker.tickets) == 1
    act = await orders.confirm(preview)

    assert isinstance(orders.broker.tickets[-1], CancelTicket)
    assert (act.kind, act.state) == (TicketKind.CANCEL, OrderState.CANCELLED)
    assert (await orders.row(old)).state is OrderState.CANCELLED


async def test_a_cancel_keeps_the_price_as_the_order_had_it(orders: OrderDesk) -> None:
    """The order is read from the ledger by then, which has every price to four digits."""
    old = await working(orders)
    preview = await orders.previewer.cancel(old.record.order_id, caller="stdio")
    kept = [await orders.ledger.preview(each.record.preview_id) for each in (old, preview)]

    assert [each and each.shown["limit_net"] for each in kept] == ["1.20", "1.20"]


async def test_a_cancel_of_a_closing_order_warns_of_the_protection_it_removes(
    orders: OrderDesk,
) -> None:
    orders.broker.day = Day.WORKING
    orders.broker.held[parse_symbol(CALL)] = 1
    close = await orders.preview(
        a_leg(CALL, Action.SELL_TO_CLOSE), price="2.00", effect=PriceEffect.CREDIT
    )
    await orders.confirm(close)

    preview = await orders.previewer.cancel(close.record.order_id, caller="stdio")

    assert preview.warnings == (
        "This order closes AAPL positions: without it nothing protects them.",
    )


@pytest.mark.parametrize("units", [2, 7])
async def test_a_replacement_may_change_the_size(orders: OrderDesk, units: int) -> None:
    old = await working(orders)

    preview = await orders.previewer.replace(
        old.record.order_id, Change(units=units), caller="stdio"
    )

    assert preview.record.order.contracts == units


async def test_a_replacement_meets_the_limits_like_any_order(orders: OrderDesk) -> None:
    old = await working(orders)

    with pytest.raises(Denied) as denied:
        await orders.previewer.replace(old.record.order_id, Change(units=21), caller="stdio")

    assert denied.value.reason is Reason.CONTRACTS_ABOVE_LIMIT


async def test_a_replacement_may_change_how_long_it_stands(orders: OrderDesk) -> None:
    old = await working(orders)
    change = Change(time_in_force=TimeInForce.GTD, gtd_date=date(2026, 12, 4))

    preview = await orders.previewer.replace(old.record.order_id, change, caller="stdio")

    order = preview.record.order
    assert (order.time_in_force, order.gtd_date) == (TimeInForce.GTD, date(2026, 12, 4))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (Change(), Reason.NOTHING_TO_CHANGE),
        (Change(units=1), Reason.NOTHING_TO_CHANGE),
        (Change(units=0), Reason.INVALID_QUANTITY),
        (Change(price=Decimal(1)), Reason.INVALID_PRICE),
    ],
)
async def test_a_change_that_is_none_is_denied(
    orders: OrderDesk, change: Change, reason: Reason
) -> None:
    old = await working(orders)

    with pytest.raises(Denied) as denied:
        await orders.previewer.replace(old.record.order_id, change, caller="stdio")

    assert denied.value.reason is reason
    if reason is Reason.INVALID_QUANTITY:
        assert denied.value.facts == {"quantity": 0}


async def test_only_a_working_order_can_be_changed(orders: OrderDesk) -> None:
    filled = await orders.preview()
    await orders.confirm(filled)

    for order_id, reason in [
        (filled.record.order_id, Reason.ORDER_NOT_WORKING),
        ("id-9999", Reason.ORDER_UNKNOWN),
    ]:
        with pytest.raises(Denied) as denied:
            await orders.previewer.cancel(order_id, caller="stdio")
        assert denied.value.reason is reason


async def test_a_partly_filled_close_is_repriced_for_the_rest_of_it(orders: OrderDesk) -> None:
    """Three of ten are sold; the new price is for seven, and seven are still held."""
    orders.broker.held[parse_symbol(CALL)] = 10
    old = await working_close(orders, 10)
    orders.broker.placed[0] = replace(
        orders.broker.placed[0], state=OrderState.PARTIALLY_FILLED, filled_units=3
    )
    orders.broker.held[parse_symbol(CALL)] = 7
    change = Change(price=Decimal("1.10"), price_effect=PriceEffect.CREDIT)

    preview = await orders.previewer.replace(old.record.order_id, change, caller="stdio")

    assert preview.record.order.contracts == 10
    assert preview.figures is not None
    assert preview.figures.cash_effect == Decimal("770.00")
    assert preview.warnings[0] == (
        "3 of 10 units are filled already; the figures are those of the other 7."
    )
    await orders.confirm(preview)
    assert len(orders.broker.tickets) == 2


async def test_a_replacement_that_leaves_nothing_to_fill_is_denied(orders: OrderDesk) -> None:
    orders.broker.held[parse_symbol(CALL)] = 10
    old = await working_close(orders, 10)
    orders.broker.placed[0] = replace(
        orders.broker.placed[0], state=OrderState.PARTIALLY_FILLED, filled_units=3
    )

    with pytest.raises(Denied) as denied:
        await orders.previewer.replace(old.record.order_id, Change(units=3), caller="stdio")

    assert denied.value.facts == {"units": 3, "filled_already": 3}


async def test_an_order_replaced_twice_while_it_fills_never_grows(orders: OrderDesk) -> None:
    """Three of ten filled before the first change and two before the second: five are left."""
    old = await filling(orders, 10, filled=3)
    dearer = Change(price=Decimal("1.21"), price_effect=PriceEffect.DEBIT)
    first = await orders.previewer.replace(old.record.order_id, dearer, caller="stdio")
    await orders.confirm(first)
    fill_some(orders, 2)

    dearest = Change(price=Decimal("1.22"), price_effect=PriceEffect.DEBIT)
    second = await orders.previewer.replace(first.record.order_id, dearest, caller="stdio")
    await orders.confirm(second)

    assert [placed.order.units for placed in orders.broker.placed] == [10, 7, 5]
    assert second.warnings[0] == (
        "2 of 7 units are filled already; the figures are those of the other 5."
    )


async def test_a_size_asked_of_a_replacement_counts_all_that_ever_filled(orders: OrderDesk) -> None:
    """Its row says ten units, so that twelve are two more."""
    old = await filling(orders, 10, filled=3)
    dearer = Change(price=Decimal("1.21"), price_effect=PriceEffect.DEBIT)
    first = await orders.previewer.replace(old.record.order_id, dearer, caller="stdio")
    await orders.confirm(first)
    fill_some(orders, 2)

    second = await orders.previewer.replace(first.record.order_id, Change(units=12), caller="stdio")
    await orders.confirm(second)

    assert orders.broker.placed[-1].order.units == 12 - 3 - 2
    with pytest.raises(Denied) as denied:
        await orders.previewer.replace(first.record.order_id, Change(units=3), caller="stdio")
    assert denied.value.reason in {Reason.ORDER_NOT_WORKING, Reason.INVALID_QUANTITY}


@pytest.mark.promise("limits")
async def test_what_filled_of_a_replaced_order_counts_before_the_desk_has_heard_of_it(
    orders: OrderDesk,
) -> None:
    """Three of four filled and 366 dollars are spent, whatever our row of it says as yet."""
    orders.limits = replace(orders.limits, loss_usd_day_max=Decimal(500))
    old = await filling(orders, 4, filled=3)
    more = Change(units=5)

    with pytest.raises(Denied) as denied:
        await orders.previewer.replace(old.record.order_id, more, caller="stdio")

    assert denied.value.reason is Reason.DAY_LOSS_ABOVE_LIMIT
    assert denied.value.facts["before"] == Decimal("360.00")


@pytest.mark.promise("limits")
async def test_what_fills_between_preview_and_confirm_counts_in_the_claim(
    orders: OrderDesk,
) -> None:
    orders.limits = replace(orders.limits, loss_usd_day_max=Decimal(500))
    old = await filling(orders, 4, filled=0)
    dearer = Change(price=Decimal("1.25"), price_effect=PriceEffect.DEBIT)
    preview = await orders.previewer.replace(old.record.order_id, dearer, caller="stdio")
    fill_some(orders, 2)
    orders.limits = replace(orders.limits, loss_usd_day_max=Decimal("489.99"))

    with pytest.raises(Denied) as denied:
        await orders.confirm(preview)

    assert denied.value.reason is Reason.DAY_LOSS_ABOVE_LIMIT
    assert len(orders.broker.tickets) == 1


async def filling(orders: OrderDesk, contracts: int, *, filled: int) -> Preview:
    orders.broker.day = Day.WORKING
    preview = await orders.preview(a_leg(CALL, quantity=contracts))
    await orders.confirm(preview)
    fill_some(orders, filled)
    return preview


def fill_some(orders: OrderDesk, units: int) -> None:
    """Let the newest order fill so far, without a word to the desk."""
    state = OrderState.PARTIALLY_FILLED if units else OrderState.WORKING
    newest = orders.broker.placed[-1]
    orders.broker.placed[-1] = replace(newest, state=state, filled_units=units)


async def working_close(orders: OrderDesk, contracts: int) -> Preview:
    orders.broker.day = Day.WORKING
    preview = await orders.preview(
        a_leg(CALL, Action.SELL_TO_CLOSE, contracts), price="1.30", effect=PriceEffect.CREDIT
    )
    await orders.confirm(preview)
    return preview


async def test_what_has_filled_unseen_can_be_neither_replaced_nor_cancelled(
    orders: OrderDesk,
) -> None:
    """The row still says working: the broker's word decides."""
    old = await working(orders)
    orders.broker.placed[0] = replace(orders.broker.placed[0], state=OrderState.FILLED)

    for preview in (
        orders.previewer.replace(old.record.order_id, Change(units=2), caller="stdio"),
        orders.previewer.cancel(old.record.order_id, caller="stdio"),
    ):
        with pytest.raises(Denied) as denied:
            await preview
        assert denied.value.reason is Reason.ORDER_NOT_WORKING


async def test_a_cancel_can_be_previewed_while_the_broker_cannot_be_asked(
    orders: OrderDesk,
) -> None:
    """Getting out does not wait for a look; the preview says that there was none.

    What would take its place has to be measured, and is not.
    """
    old = await working(orders)

    class Away(ScriptedBroker):
        async def order(self, account_id: str, broker_order_id: str) -> BrokerOrder:
            raise Unavailable(Reason.BROKER_UNAVAILABLE)

    away = Away(clock=orders.clock, quoted=orders.broker.quoted)
    previewer = replace(orders.previewer, broker=away)
    preview = await previewer.cancel(old.record.order_id, caller="stdio")

    assert [(c.name, c.outcome) for c in preview.checks] == [("order_working", Outcome.NOT_RUN)]
    with pytest.raises(Unavailable) as away_from_it:
        await previewer.replace(old.record.order_id, Change(units=2), caller="stdio")
    assert away_from_it.value.reason is Reason.BROKER_UNAVAILABLE


@pytest.mark.parametrize("elsewhere", [{"broker": "another"}, {"environment": Environment.SANDBOX}])
async def test_an_order_of_another_broker_is_not_touched_here(
    orders: OrderDesk, elsewhere: dict[str, Any]
) -> None:
    """Two brokers count from one: its number is another order's number here."""
    old = await working(orders)
    row = await orders.row(old)
    orders.ledger.records[row.order_id] = replace(row, **elsewhere)

    with pytest.raises(Denied) as denied:
        await orders.previewer.cancel(old.record.order_id, caller="stdio")

    assert denied.value.reason is Reason.ORDER_UNKNOWN


async def test_a_cancel_that_came_too_late_tells_the_fill(orders: OrderDesk) -> None:
    """A fill may win the race; the broker's word is what is written down.

    And nobody hears that no order exists there: it does, and it filled.
    """
    old = await working(orders)
    preview = await orders.previewer.cancel(old.record.order_id, caller="stdio")
    orders.broker.placed[0] = replace(
        orders.broker.placed[0], state=OrderState.FILLED, filled_units=1
    )
    orders.broker.day = Day.REJECTED

    with pytest.raises(Rejected) as rejected:
        await orders.confirm(preview)
    assert rejected.value.reason is Reason.CHANGE_REJECTED
    assert rejected.value.facts["acts_on"] == old.record.order_id
    record, _ = await orders.book.get(old.record.order_id)

    assert (record.state, record.filled_units) == (OrderState.FILLED, 1)


async def test_a_close_is_written_from_what_is_held(orders: OrderDesk) -> None:
    orders.broker.held[parse_symbol(CALL)] = -3
    request = CloseRequest(account="paper-margin", symbols=(parse_symbol(CALL),))

    preview = await orders.closer.close(request, caller="stdio")

    (leg,) = preview.record.order.legs
    assert (leg.action, leg.quantity) == (Action.BUY_TO_CLOSE, 3)
    assert preview.record.order.limit_net == Decimal("1.15")


async def test_a_close_of_shares_sells_them(orders: OrderDesk) -> None:
    orders.broker.held[parse_symbol("AAPL")] = 100
    orders.quote("AAPL", "200.00", "200.02")
    request = CloseRequest(
        account="paper-margin",
        symbols=(parse_symbol("AAPL"),),
        quantity=40,
        price=Decimal("200.00"),
        price_effect=PriceEffect.CREDIT,
    )

    preview = await orders.closer.close(request, caller="stdio")

    (leg,) = preview.record.order.legs
    assert (leg.action, leg.quantity) == (Action.SELL, 40)


async def test_a_worthless_long_is_offered_at_a_cent(orders: OrderDesk) -> None:
    """A mid of half a cent rounds to nothing, and nothing is no price."""
    orders.broker.held[parse_symbol(CALL)] = 1
    orders.quote(CALL, "0.00", "0.01")
    request = CloseRequest(account="paper-margin", symbols=(parse_symbol(CALL),))

    preview = await orders.closer.close(request, caller="stdio")

    assert preview.record.order.limit_net == Decimal("-0.01")


async def test_a_worthless_strangle_is_offered_at_a_cent(orders: OrderDesk) -> None:
    """Two legs for nothing are given away as surely as one."""
    call, put = parse_symbol(CALL), parse_symbol("AAPL261218P00190000")
    for symbol in (call, put):
        orders.broker.held[symbol] = 1
        orders.quote(symbol.compact, "0.00", "0.00")
    request = CloseRequest(account="paper-margin", symbols=(call, put))

    preview = await orders.closer.close(request, caller="stdio")

    assert preview.record.order.limit_net == Decimal("-0.01")


@pytest.mark.parametrize(
    ("symbol", "quantity", "reason"),
    [
        ("AAPL261218C00999000", None, Reason.POSITION_UNKNOWN),
        (CALL, 2, Reason.CLOSE_EXCEEDS_POSITION),
    ],
)
async def test_what_is_not_held_cannot_be_closed(
    orders: OrderDesk, symbol: str, quantity: int | None, reason: Reason
) -> None:
    orders.broker.held[parse_symbol(CALL)] = 1
    request = CloseRequest(
        account="paper-margin", symbols=(parse_symbol(symbol),), quantity=quantity
    )

    with pytest.raises(Denied) as denied:
        await orders.closer.close(request, caller="stdio")

    assert denied.value.reason is reason


async def test_a_close_without_a_market_asks_for_a_price(orders: OrderDesk) -> None:
    orders.broker.held[parse_symbol(CALL)] = 1
    orders.quote(CALL, None, "0.05")
    request = CloseRequest(account="paper-margin", symbols=(parse_symbol(CALL),))

    with pytest.raises(Denied) as denied:
        await orders.closer.close(request, caller="stdio")

    assert denied.value.reason is Reason.QUOTE_MISSING


@dataclass
class ListedBroker(ScriptedBroker):
    strikes: tuple[int, ...] = (200,)

    async def expirations(self, underlying: EquitySymbol) -> tuple[Expiration, ...]:
        return tuple(
            Expiration(
                underlying=underlying.ticker,
                root=underlying.ticker,
                day=day,
                days=1,
                standard=True,
                settlement=Settlement.PM,
                strikes=tuple(map(Decimal, self.strikes)),
            )
            for day in (date(2026, 12, 18), date(2027, 1, 15))
        )


def listing(orders: OrderDesk, *strikes: int) -> None:
    old = orders.broker
    orders.broker = ListedBroker(
        clock=old.clock, quoted=old.quoted, held=old.held, strikes=strikes or (200,)
    )
    orders.restart()


async def test_a_roll_closes_one_contract_and_opens_its_like(orders: OrderDesk) -> None:
    listing(orders)
    orders.broker.held[parse_symbol(CALL)] = -1
    orders.broker.held[parse_symbol("AAPL")] = 100
    orders.quote(NEXT, "3.00", "3.10")
    request = RollRequest(
        account="paper-margin", symbol=parse_option(CALL), new_expiration=date(2027, 1, 15)
    )

    preview = await orders.closer.roll(request, caller="stdio")

    assert {(leg.symbol.compact, leg.action) for leg in preview.record.order.legs} == {
        (CALL, Action.BUY_TO_CLOSE),
        (NEXT, Action.SELL_TO_OPEN),
    }
    assert preview.record.order.limit_net == Decimal("-1.90")


async def test_both_contracts_of_a_spread_move_by_as_many_dollars(orders: OrderDesk) -> None:
    """Each from its own strike: two that went to one strike would be no spread."""
    listing(orders, 190, 195, 200, 205)
    orders.broker.held[parse_symbol(CALL)] = -1
    orders.broker.held[parse_symbol("AAPL261218C00195000")] = 1
    prices = {"AAPL261218C00195000": "4.00", "AAPL270115C00195000": "5.00"}
    for symbol, bid in (prices | {"AAPL270115C00190000": "8.00"}).items():
        orders.quote(symbol, bid, str(Decimal(bid) + Decimal("0.10")))
    request = RollRequest(
        account="paper-margin",
        symbol=parse_option(CALL),
        other=parse_option("AAPL261218C00195000"),
        new_expiration=date(2027, 1, 15),
        new_strike=Decimal(195),
    )

    preview = await orders.closer.roll(request, caller="stdio")

    assert {(leg.symbol.compact, leg.action) for leg in preview.record.order.legs} == {
        (CALL, Action.BUY_TO_CLOSE),
        ("AAPL270115C00195000", Action.SELL_TO_OPEN),
        ("AAPL261218C00195000", Action.SELL_TO_CLOSE),
        ("AAPL270115C00190000", Action.BUY_TO_OPEN),
    }


async def test_the_other_contract_of_a_spread_has_to_be_listed_too(orders: OrderDesk) -> None:
    listing(orders, 195, 200)
    orders.broker.held[parse_symbol(CALL)] = -1
    orders.broker.held[parse_symbol("AAPL261218C00195000")] = 1
    request = RollRequest(
        account="paper-margin",
        symbol=parse_option(CALL),
        other=parse_option("AAPL261218C00195000"),
        new_strike=Decimal(195),
    )

    with pytest.raises(Denied) as denied:
        await orders.closer.roll(request, caller="stdio")

    assert denied.value.reason is Reason.CONTRACT_NOT_FOUND
    assert denied.value.facts["symbol"] == "AAPL261218C00190000"


@pytest.mark.parametrize(
    ("new_expiration", "new_strike", "reason"),
    [
        (None, None, Reason.NOTHING_TO_CHANGE),
        (date(2027, 1, 16), None, Reason.CONTRACT_NOT_FOUND),
        (None, Decimal("200.5"), Reason.CONTRACT_NOT_FOUND),
    ],
)
async def test_a_roll_to_nowhere_is_denied(
    orders: OrderDesk, new_expiration: date | None, new_strike: Decimal | None, reason: Reason
) -> None:
    listing(orders)
    orders.broker.held[parse_symbol(CALL)] = -1
    request = RollRequest(
        account="paper-margin",
        symbol=parse_option(CALL),
        new_expiration=new_expiration,
        new_strike=new_strike,
    )

    with pytest.raises(Denied) as denied:
        await orders.closer.roll(request, caller="stdio")

    assert denied.value.reason is reason


# How a refusal names what it is about


async def refusal_of(orders: OrderDesk, order_id: str) -> Denied:
    with pytest.raises(Denied) as denied:
        await orders.previewer.cancel(order_id, caller="stdio")
    return denied.value


async def test_an_order_that_cannot_be_changed_is_named_with_how_it_stands(
    orders: OrderDesk,
) -> None:
    filled = await orders.preview()
    await orders.confirm(filled)
    old = await working(orders)
    orders.broker.placed[1] = replace(orders.broker.placed[1], state=OrderState.FILLED)
    mine, seen = filled.record.order_id, old.record.order_id

    assert (await refusal_of(orders, mine)).facts == {"order_id": mine, "state": "filled"}
    assert (await refusal_of(orders, seen)).facts == {"order_id": seen, "state": "filled"}
    assert (await refusal_of(orders, "id-9999")).facts == {"order_id": "id-9999"}


async def test_a_cancel_is_no_order_that_could_be_cancelled(orders: OrderDesk) -> None:
    old = await working(orders)
    cancel = await orders.previewer.cancel(old.record.order_id, caller="stdio")
    await orders.confirm(cancel)
    pending = replace(await orders.row(cancel), state=OrderState.CANCEL_PENDING)
    orders.ledger.records[pending.order_id] = pending

    told = await refusal_of(orders, pending.order_id)

    assert told.reason is Reason.ORDER_NOT_WORKING
    assert told.facts == {"order_id": pending.order_id, "state": "cancel_pending"}


@pytest.mark.parametrize("told", [{"broker_order_id": None}, {"account_id": "PAPER0002"}])
async def test_an_order_without_a_number_or_of_another_account_is_unknown(
    orders: OrderDesk, told: dict[str, Any]
) -> None:
    """An account may have been linked anew under the name of another."""
    old = await working(orders)
    row = await orders.row(old)
    orders.ledger.records[row.order_id] = replace(row, **told)

    refused = await refusal_of(orders, row.order_id)

    assert refused.reason is Reason.ORDER_UNKNOWN
    assert refused.facts == {"order_id": row.order_id}


async def test_a_close_that_is_refused_names_what_is_held(orders: OrderDesk) -> None:
    orders.broker.held = {parse_symbol(CALL): 2}
    asked = CloseRequest(account="paper-margin", symbols=(parse_symbol("MSFT"),))
    with pytest.raises(Denied) as unknown:
        await orders.closer.close(asked, caller="stdio")
    more = replace(asked, symbols=(parse_symbol(CALL),), quantity=3)
    with pytest.raises(Denied) as exceeds:
        await orders.closer.close(more, caller="stdio")
    orders.broker.held = {}
    with pytest.raises(Denied) as nothing:
        await orders.closer.close(asked, caller="stdio")

    assert unknown.value.facts == {"symbol": "MSFT", "held": CALL}
    assert exceeds.value.facts == {"symbol": CALL, "asked": 3, "held": 2}
    assert nothing.value.facts == {"symbol": "MSFT", "held": "nothing"}
