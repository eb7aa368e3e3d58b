"""Assess: what an order would do to its account, and whether the exchange would take it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import field, replace
from datetime import datetime
from decimal import Decimal

from strikedesk.domain.errors import Rejected
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.domain.value_class import value_class
from strikedesk.exchange import calls, levels, power, rules
from strikedesk.exchange.accounts import NOTHING, PaperAccount, multiplier_of
from strikedesk.exchange.book import Part, WorkingOrder, net_of, parts_of
from strikedesk.exchange.by_value import Deal, deal_of, taken_before
from strikedesk.exchange.fees import Trade, load_schedule
from strikedesk.exchange.holdings import with_underlyings
from strikedesk.exchange.market import Market
from strikedesk.exchange.power import Around, Claim
from strikedesk.exchange.screen import Screen, look
from strikedesk.exchange.trading import trade_of
from strikedesk.exchange.world import World


@value_class
class Assessment:
    """The order as it would be taken, with its figures. Units: USD; None = a price is missing.

    `prices` are those that were reckoned with, USD per share. `consumes` is the buying power that
    it takes, negative where it frees some; `excess` is what the account has beyond maintenance, and
    `excess_change` what the order adds to it. `deal` is what an order by value comes to. `refusal`
    is the first rule in the way; then later figures may be None.
    """

    screen: Screen
    parts: tuple[Part, ...] = ()
    prices: Mapping[Symbol, Decimal] = field(default_factory=dict[Symbol, Decimal])
    fees: Decimal | None = None
    before: Decimal | None = None
    consumes: Decimal | None = None
    margin_change: Decimal | None = None
    excess: Decimal | None = None
    excess_change: Decimal | None = None
    refusal: Rejected | None = None
    deal: Deal | None = None

    @property
    def after(self) -> Decimal | None:
        """Buying power once the order has filled."""
        if self.before is None or self.consumes is None:
            return None
        return self.before - self.consumes


@value_class
class Basis:
    """All that an assessment is made of: from equal ones comes the same.

    `rivals` are the account's orders that weigh on this one, `reserved` is what all of its orders
    hold back, USD, and `schedule` names the fees. `taken` are shares that are gone already from the
    size that an order by value meets.
    """

    request: OrderRequest
    account: PaperAccount
    rivals: tuple[WorkingOrder, ...]
    reserved: Decimal
    schedule: str
    screen: Screen
    taken: int = 0


def assess(
    world: World, market: Market, at: datetime, request: OrderRequest, *, instead_of: str = ""
) -> Assessment:
    """Return what `request` comes to at `at`, as if the order `instead_of` were not there.

    Raises:
        Denied: ACCOUNT_UNKNOWN.
    """
    return assessed(basis_of(_without(world, instead_of), market, at, request))


def basis_of(world: World, market: Market, at: datetime, request: OrderRequest) -> Basis:
    """Return what there is to look at around an order.

    Raises:
        Denied: ACCOUNT_UNKNOWN.
    """
    account = world.account(request.account_id)
    rivals = world.orders.weighing(account.account_id, request.underlying)
    legs = [leg.symbol for leg in request.legs]
    screen = look(market, _symbols(account, legs, rivals), at, ordered=legs)
    return Basis(
        request=request,
        account=account,
        rivals=rivals,
        reserved=world.orders.reserved(account.account_id),
        schedule=world.frame.schedule,
        screen=screen,
        taken=taken_before(world, request, screen) if request.by_value else 0,
    )


def assessed(basis: Basis) -> Assessment:
    """Return what an order comes to."""
    request, account, screen = basis.request, basis.account, basis.screen
    held = power.claims_held(account, screen)
    claim = power.total_of(held)
    found = Assessment(
        screen=screen,
        before=power.left_after(account, claim, basis.reserved),
        excess=power.excess_of(account, claim),
    )
    try:
        if request.by_value:
            rules.check_symbols(request, screen)
            found = replace(found, deal=_deal_of(basis))
        parts = _parts(account, request, basis.rivals, screen)
        around = power.holdings_around(
            account, basis.rivals, counted(parts, found.deal), request.units
        )
        claims = power.effect(account, around, screen, held=held)
        found = _figured(basis, parts, claims, found)
        _check_rules(account, parts, around, screen)
        _check_call(account, found)
        _check_power(found)
        _check_intraday(account, found)
    except Rejected as refusal:
        return replace(found, refusal=refusal)
    return found


def _parts(
    account: PaperAccount,
    request: OrderRequest,
    rivals: Sequence[WorkingOrder],
    screen: Screen,
) -> tuple[Part, ...]:
    """Apply the rules that need no figures, and return the parts of the order."""
    rules.check_symbols(request, screen)
    rules.check_prices(request)
    if request.by_value:
        return parts_of(request, (request.sells,))
    closing = rules.closing_legs(request, account, rivals)
    rules.check_session(request, screen, closing)
    rules.check_adjusted(request, screen, closing)
    return parts_of(request, closing)


def _deal_of(basis: Basis) -> Deal:
    return deal_of(basis.account, basis.request, basis.screen, basis.rivals, basis.taken)


def counted(parts: tuple[Part, ...], deal: Deal | None) -> tuple[Part, ...]:
    """Return the parts as cover and margin count them: a purchase by value brings no whole share.

    A part of a share is paid in full and covers nothing; a sale takes whole ones apart.
    """
    if deal is None:
        return parts
    return tuple(replace(part, ratio=deal.taken) for part in parts)


def _figured(
    basis: Basis,
    parts: tuple[Part, ...],
    claims: tuple[Claim, Claim] | None,
    found: Assessment,
) -> Assessment:
    """Add the figures, as far as they are known."""
    request, screen = basis.request, basis.screen
    prices = _expected_prices(request, parts, screen)
    schedule = load_schedule(basis.schedule)
    trades = _trades(request.units, parts, prices, screen, found.deal)
    fees = sum((schedule.total(trade) for trade in trades), NOTHING)
    if claims is None:
        return replace(found, parts=parts, prices=prices, fees=fees)
    before, after = claims
    cash = request.cash_effect(_net(request, parts, prices)) - fees
    return Assessment(
        screen=screen,
        parts=parts,
        prices=prices,
        fees=fees,
        before=found.before,
        excess=found.excess,
        consumes=after.on_cash - before.on_cash - cash,
        margin_change=after.initial - before.initial,
        excess_change=cash + before.kept - after.kept,
        deal=found.deal,
    )


def _check_rules(
    account: PaperAccount, parts: tuple[Part, ...], around: Around, screen: Screen
) -> None:
    """Apply the rules of the account's kind and option level.

    Raises:
        Rejected: INVALID_ORDER, OPTION_LEVEL_TOO_LOW.
    """
    european = around.underlying in screen.indices
    levels.check_short_shares(account, parts)
    levels.check_opens(account, parts)
    levels.check_calls(account, around.before, around.after, european=european)


def _check_call(account: PaperAccount, found: Assessment) -> None:
    """Refuse to open anything while a margin call stands; prices may have met it meanwhile.

    Raises:
        Rejected: MARGIN_CALL_OPEN.
    """
    if calls.in_call(account, found.excess) and not all(part.closes for part in found.parts):
        raise rules.rejection(
            Reason.MARGIN_CALL_OPEN, called=account.called, maintenance_excess=found.excess
        )


def _check_intraday(account: PaperAccount, found: Assessment) -> None:
    """Where margin is looked at all day, refuse what would make or deepen a deficit now.

    Source: FINRA rule 4210(d)(2), in force since 4 June 2026 in place of the rules for pattern day
    traders (SR-FINRA-2025-017, 91 FR 20731): a broker that watches in real time may block orders
    that create or increase an intraday margin deficit. By default the close alone is looked at.

    Raises:
        Rejected: INSUFFICIENT_BUYING_POWER.
    """
    if not account.intraday or all(part.closes for part in found.parts):
        return
    if found.excess is None or found.excess_change is None:
        return  # Then buying power is unknown too, and its check has refused.
    if found.excess_change < 0 and found.excess + found.excess_change < 0:
        raise rules.rejection(
            Reason.INSUFFICIENT_BUYING_POWER,
            rule="intraday_margin_deficit",
            maintenance_excess=found.excess,
            needed=-found.excess_change,
        )


def _check_power(found: Assessment) -> None:
    """Refuse an order that opens more than can be paid for; one that only closes is always taken.

    Raises:
        Rejected: INSUFFICIENT_BUYING_POWER, CHECK_IMPOSSIBLE.
    """
    if all(part.closes for part in found.parts):
        return
    if found.after is None or found.consumes is None:
        raise rules.rejection(Reason.CHECK_IMPOSSIBLE, check="buying_power")
    if found.consumes > 0 and found.after < 0:
        raise rules.rejection(
            Reason.INSUFFICIENT_BUYING_POWER, buying_power=found.before, needed=found.consumes
        )


def _expected_prices(
    request: OrderRequest, parts: Iterable[Part], screen: Screen
) -> dict[Symbol, Decimal]:
    """Return a price for each leg to reckon with: its natural side, else the best there is.

    Raises:
        Rejected: NO_QUOTE for an order without a limit that has no price to go by.
    """
    prices: dict[Symbol, Decimal] = {}
    for part in parts:
        quote = screen.quotes[part.symbol]
        known = (quote.natural(part.sign), quote.natural(-part.sign), quote.last)
        price = next((p for p in known if p is not None), request.limit_net)
        if request.stop_trigger is not None:
            price = _at_stop(part, price, request.stop_trigger)
        if price is None:
            raise rules.rejection(Reason.NO_QUOTE, symbol=part.symbol.compact)
        prices[part.symbol] = abs(price)
    return prices


def _at_stop(part: Part, price: Decimal | None, trigger: Decimal) -> Decimal:
    """A stop trades at its trigger or worse."""
    if price is None:
        return trigger
    return max(price, trigger) if part.sign > 0 else min(price, trigger)


def _net(request: OrderRequest, parts: tuple[Part, ...], prices: dict[Symbol, Decimal]) -> Decimal:
    return net_of(parts, prices) if request.limit_net is None else request.limit_net


def trades_of(found: Assessment, units: int) -> list[Trade]:
    """Return what each leg of so many units comes to, as fee schedules count it."""
    return _trades(units, found.parts, found.prices, found.screen, found.deal)


def _trades(
    units: int,
    parts: tuple[Part, ...],
    prices: Mapping[Symbol, Decimal],
    screen: Screen,
    deal: Deal | None,
) -> list[Trade]:
    if deal is not None:
        return [trade_of(part, screen, deal.whole, deal.amount) for part in parts]
    trades: list[Trade] = []
    for part in parts:
        quantity = part.ratio * units
        notional = prices[part.symbol] * quantity * multiplier_of(part.symbol)
        trades.append(trade_of(part, screen, quantity, notional))
    return trades


def _symbols(
    account: PaperAccount, legs: Collection[Symbol], rivals: Iterable[WorkingOrder]
) -> AbstractSet[Symbol]:
    """Return what has to be quoted: the legs, and whatever buying power depends on."""
    beside = {part.symbol for order in rivals for part in order.parts}
    return account.priced | with_underlyings({*legs, *beside})


def _without(world: World, order_id: str) -> World:
    if order_id not in world.orders:
        return world
    rest = world.fork()
    rest.orders.remove(order_id)
    return rest
