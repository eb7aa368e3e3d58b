"""Trading: one step of one order against one screen, and what a fill does to the books."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from strikedesk.domain.accounts import AccountKind, Transaction, TransactionKind
from strikedesk.domain.broking import Fill
from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.errors import Rejected
from strikedesk.domain.orders import TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.exchange import by_value, fractions, linked, power
from strikedesk.exchange.accounts import NOTHING, PaperAccount, multiplier_of
from strikedesk.exchange.book import Part, WorkingOrder, filled_of, net_of
from strikedesk.exchange.fees import Trade, load_schedule
from strikedesk.exchange.line import side_of
from strikedesk.exchange.matching import Match, closable, match, touched
from strikedesk.exchange.screen import Screen
from strikedesk.exchange.world import World


def attempt(world: World, order: WorkingOrder, screen: Screen) -> None:
    """Give an order its chance at this instant of an open market; one that is new goes to work.

    It may trigger, fill, fill in part, or end: a filled order, an `ioc` order that is not, and a
    closing order whose position has gone do not work on. One by value fills whole or ends. In a
    halt nothing happens to it.
    """
    if stands_still(order, screen):
        return
    fresh = not order.arrived
    if fresh:
        order = replace(order, arrived=True, updated_at=screen.at)
    if order.request.by_value:
        _fill_by_value(world, order, screen)
        return
    if order.waits_for_stop:
        if not touched(order, screen.quotes):
            if fresh:
                _kept(world, order)
            return
        fresh = True
        order = replace(order, triggered=True, updated_at=screen.at)
    if fresh:
        order = _kept(world, order)
        _join(world, order, screen)
    found = match(world, order, screen.quotes, fresh=fresh)
    if found is None and not fresh:
        found = _by_turn(world, order, screen)
    if found is None:
        _end_if_immediate(world, order, screen.at)
    else:
        _fill(world, order, screen, found)


def stands_still(order: WorkingOrder, screen: Screen) -> bool:
    """Whether nothing happens to an order at this instant, whatever the market shows."""
    return order.waits_for is not None or order.request.underlying in screen.halted


def end(world: World, order: WorkingOrder, state: OrderState, at: datetime) -> None:
    """Take an order out of work, by nobody's fault, with those that cannot be without it."""
    linked.finish(world, order, state, at)


def _kept(world: World, order: WorkingOrder) -> WorkingOrder:
    world.put_order(order)
    return order


def _join(world: World, order: WorkingOrder, screen: Screen) -> None:
    """Let an order that begins to rest take its place behind what is displayed."""
    part, price = order.parts[0], order.rests_at
    quote = screen.quotes.get(part.symbol)
    if price is not None and quote is not None:
        world.stand(order.order_id, side_of(quote, part.sign).joined(price))


def _by_turn(world: World, order: WorkingOrder, screen: Screen) -> Match | None:
    """Let a resting order move up in its line, and return what it fills there."""
    part, price = order.parts[0], order.rests_at
    quote = screen.quotes.get(part.symbol)
    if price is None or quote is None:
        return None
    side = side_of(quote, part.sign, screen.traded(part.symbol))
    if side.is_met(price):
        return None
    had = world.served_from(quote, part.sign)
    ahead, served = side.turn(price, world.line.get(order.order_id), had)
    world.stand(order.order_id, ahead)
    units = min(order.remaining, served)
    if not units:
        return None
    prices = {part.symbol: price}
    return Match(units=units, net=net_of(order.parts, prices), prices=prices, in_line=True)


def _end(world: World, order: WorkingOrder, at: datetime, reason: Reason) -> None:
    """Take out an order that the exchange cannot let work on."""
    state = OrderState.CANCELLED if order.filled else OrderState.REJECTED
    linked.finish(world, order, state, at, code=reason.name.lower())


def _end_if_immediate(world: World, order: WorkingOrder, at: datetime) -> None:
    if order.request.time_in_force is TimeInForce.IOC:
        end(world, order, OrderState.CANCELLED, at)


def _fill(world: World, order: WorkingOrder, screen: Screen, found: Match) -> None:
    units = min(found.units, closable(world.accounts[order.account_id], order.parts))
    if not units:
        _end(world, order, screen.at, Reason.CLOSE_EXCEEDS_POSITION)
        return
    found = found if units == found.units else replace(found, units=units)
    if not _can_pay(world, order, screen, found):
        _end(world, order, screen.at, Reason.INSUFFICIENT_BUYING_POWER)
        return
    fills = tuple(_fill_leg(world, order, part, screen, found) for part in order.parts)
    order = order.after_fill(found.units, found.net, fills)
    if order.remaining:
        world.put_order(order)
    linked.filled(world, order, found.units, screen.at)
    if order.remaining == 0:
        whole = order.filled == order.request.units
        end(world, order, OrderState.FILLED if whole else OrderState.CANCELLED, screen.at)
    else:
        _end_if_immediate(world, order, screen.at)


def _fill_by_value(world: World, order: WorkingOrder, screen: Screen) -> None:
    account, part = world.accounts[order.account_id], order.parts[0]
    rivals = world.orders.weighing(order.account_id, order.request.underlying)
    gone = by_value.taken_before(world, order.request, screen)
    world.put_order(order)
    try:
        deal = by_value.deal_of(account, order.request, screen, rivals, gone)
    except Rejected as refusal:
        _end(world, order, screen.at, refusal.reason)
        return
    fill = Fill(
        fill_id=world.next_id(),
        at=screen.at,
        symbol=part.symbol,
        signed_quantity=deal.shares * part.sign,
        price=deal.price,
        fees=load_schedule(world.frame.schedule).total(
            trade_of(part, screen, deal.whole, deal.amount)
        ),
    )
    world.take(screen.quotes[part.symbol], part.sign, deal.whole)
    trade = fractions.bought if part.sign > 0 else fractions.sold
    after = trade(account, part.symbol, deal.shares, deal.amount, screen.at, fees=fill.known_fees)
    world.put_account(after)
    world.write(_line_by_value(world, order, fill, deal, account))
    order = order.after_fill(1, deal.price * part.sign, (fill,))
    end(world, order, OrderState.FILLED, screen.at)


def _line_by_value(
    world: World, order: WorkingOrder, fill: Fill, deal: by_value.Deal, before: PaperAccount
) -> Transaction:
    """Return the line of a trade by value: what it did to whole shares, and to the part of one."""
    after, symbol = world.accounts[order.account_id], fill.symbol
    bought = fill.signed_quantity > 0
    return Transaction(
        transaction_id=world.next_id(),
        account_id=order.account_id,
        at=fill.at,
        kind=TransactionKind.TRADE,
        description=(
            f"{'Bought' if bought else 'Sold'} {deal.shares:f} {symbol.words} at {fill.price:f}"
        ),
        cash_effect=(-deal.amount if bought else deal.amount) - fill.known_fees,
        symbol=symbol,
        quantity=after.held(symbol) - before.held(symbol),
        price=fill.price,
        fees=fill.fees,
        order_id=order.order_id,
        realized=after.realized - before.realized,
        fraction=after.part(symbol) - before.part(symbol),
    )


def _can_pay(world: World, order: WorkingOrder, screen: Screen, found: Match) -> bool:
    """A cash account owes nothing: an order without a limit may have run away from its money."""
    account = world.accounts[order.account_id]
    if order.limit is not None or order.closes_only or account.kind is AccountKind.MARGIN:
        return True
    claims = power.claims_around(account, order.parts, found.units, screen)
    if claims is None:
        return False
    cost = found.net * order.request.unit_multiplier * found.units
    fees = sum((_fees(world, order, part, screen, found) for part in order.parts), NOTHING)
    promised = world.orders.reserved(account.account_id) - order.reserved_left
    before, after = (account.cash - promised - claim.on_cash for claim in claims)
    return after - cost - fees >= min(before, NOTHING)


def _fill_leg(world: World, order: WorkingOrder, part: Part, screen: Screen, found: Match) -> Fill:
    quantity = part.sign * part.ratio * found.units
    fill = Fill(
        fill_id=world.next_id(),
        at=screen.at,
        symbol=part.symbol,
        signed_quantity=quantity,
        price=found.prices[part.symbol],
        fees=_fees(world, order, part, screen, found),
    )
    count = world.serve if found.in_line else world.take
    count(screen.quotes[part.symbol], part.sign, abs(quantity))
    before = world.accounts[order.account_id]
    after = before.traded(part.symbol, quantity, fill.price, screen.at, fees=fill.known_fees)
    world.put_account(after)
    world.write(_line(world, order, fill, quantity, after.realized - before.realized))
    return fill


def _fees(world: World, order: WorkingOrder, part: Part, screen: Screen, found: Match) -> Decimal:
    """Return what this fill adds to the fees of its leg, counted over all of the leg's fills."""
    quantity, value, paid = filled_of(order, part.symbol)
    more = part.ratio * found.units
    value += found.prices[part.symbol] * more
    trade = trade_of(part, screen, quantity + more, value * multiplier_of(part.symbol))
    return max(load_schedule(world.frame.schedule).total(trade) - paid, Decimal(0))


def trade_of(part: Part, screen: Screen, quantity: int, notional: Decimal) -> Trade:
    """Return a leg's trade as fee schedules count it."""
    return Trade(
        product=screen.product(part.symbol),
        underlying=part.symbol.underlying,
        day=exchange_date(screen.at),
        opens=not part.closes,
        sells=part.sign < 0,
        quantity=quantity,
        notional=notional,
    )


def _line(
    world: World, order: WorkingOrder, fill: Fill, quantity: int, realized: Decimal
) -> Transaction:
    amount = fill.price * quantity * multiplier_of(fill.symbol)
    verb = "Bought" if quantity > 0 else "Sold"
    return Transaction(
        transaction_id=world.next_id(),
        account_id=order.account_id,
        at=fill.at,
        kind=TransactionKind.TRADE,
        description=f"{verb} {abs(quantity)} {fill.symbol.words} at {fill.price:f}",
        cash_effect=-amount - fill.known_fees,
        symbol=fill.symbol,
        quantity=quantity,
        price=fill.price,
        fees=fill.fees,
        order_id=order.order_id,
        realized=realized,
    )
