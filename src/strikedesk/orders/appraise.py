"""Looks at an order in the light of the market and the book: figures, then the limits' verdict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from strikedesk.domain import calendar
from strikedesk.domain.accounts import Position
from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import Leg, OrderRequest
from strikedesk.domain.payoff import Holding, expirations_differ, holdings_of, payoff
from strikedesk.domain.ports import Broker, Quotes
from strikedesk.domain.quotes import Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.domain.worst_case import floor_value, risk_added
from strikedesk.risk.limits import Limits
from strikedesk.risk.verdict import Check, OrderFacts, assess

# An amount, or that nothing bounds it, or None where nobody can say.
Bound: TypeAlias = Decimal | Literal["unlimited"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegQuote:
    """A leg beside its market. Units: USD per share; `age_s` seconds in the venue's time."""

    leg: Leg
    quote: Quote | None
    age_s: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What an order comes to.

    Units: nets USD per share of one unit, positive = we pay; `cash_effect` USD before fees,
    positive = cash in; losses and profits USD at expiration before fees, amounts >= 0;
    `risk_added` USD, negative = frees risk. `None` = unknown.
    """

    mid_net: Decimal | None
    natural_net: Decimal | None
    cash_effect: Decimal | None
    max_loss: Bound
    max_profit: Bound
    break_evens: tuple[Decimal, ...]
    risk_added: Bound
    quote_age_s: Decimal | None
    legs: tuple[LegQuote, ...]
    market_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraisal:
    """Figures and the checks that were made of them."""

    figures: Figures
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraiser:
    """Prices an order on fresh quotes, beside what the account holds, under the owner's limits."""

    broker: Broker
    quotes: Quotes
    limits: Callable[[], Limits]

    async def __call__(self, order: OrderRequest) -> Appraisal:
        """Return the figures and the verdict; a missing fact shows as a failed check.

        Raises:
            Denied: QUOTE_MISSING, when nobody quotes a leg at all; CLOSE_EXCEEDS_POSITION, when a
                closing leg has nothing to close.
            Unavailable: the broker cannot be asked.
        """
        quotes = await self.quotes.fresh({leg.symbol for leg in order.legs})
        _check_quoted(order, quotes)
        positions = await self.broker.positions(order.account_id)
        check_closes(order, positions)
        now = self.broker.now()
        figures = _figures(order, quotes, _held(positions, order.underlying), now)
        return Appraisal(figures=figures, checks=assess(_facts(order, figures), self.limits()))


def _check_quoted(order: OrderRequest, quotes: Mapping[Symbol, Quote]) -> None:
    unquoted = [leg.symbol.compact for leg in order.legs if leg.symbol not in quotes]
    if unquoted:
        raise Denied(Reason.QUOTE_MISSING, symbols=", ".join(unquoted))


def check_closes(order: OrderRequest, positions: Sequence[Position]) -> None:
    """Refuse a closing leg that would open the other side.

    Raises:
        Denied: CLOSE_EXCEEDS_POSITION with what is held.
    """
    held = {position.symbol: position.quantity for position in positions}
    for leg in order.legs:
        available = -leg.action.sign * held.get(leg.symbol, 0)
        if leg.action.opens is False and leg.quantity > available:
            raise Denied(
                Reason.CLOSE_EXCEEDS_POSITION,
                symbol=leg.symbol.compact,
                asked=leg.quantity,
                held=held.get(leg.symbol, 0),
            )


def natural_net(order: OrderRequest, quotes: Mapping[Symbol, Quote]) -> Decimal | None:
    """Return the net at which the order trades at once, or None where a side is missing."""
    return _net(order, {leg.symbol: _natural(leg, quotes.get(leg.symbol)) for leg in order.legs})


def mid_net(order: OrderRequest, quotes: Mapping[Symbol, Quote]) -> Decimal | None:
    """Return the net half way between the sides, or None where a side is missing."""
    return _net(order, {leg.symbol: _mid(quotes.get(leg.symbol)) for leg in order.legs})


def _figures(
    order: OrderRequest, quotes: Mapping[Symbol, Quote], held: Sequence[Holding], now: datetime
) -> Figures:
    legs = tuple(_leg_quote(leg, quotes.get(leg.symbol), now) for leg in order.legs)
    natural = natural_net(order, quotes)
    price = order.limit_net if order.limit_net is not None else natural
    cash = None if price is None else order.cash_effect(price)
    loss, profit, break_evens = _extremes(order, cash)
    ages = [leg.age_s for leg in legs]
    return Figures(
        mid_net=mid_net(order, quotes),
        natural_net=natural,
        cash_effect=cash,
        max_loss=loss,
        max_profit=profit,
        break_evens=break_evens,
        risk_added=_risk_added(order, held, cash),
        quote_age_s=None if None in ages else max(age for age in ages if age is not None),
        legs=legs,
        market_open=calendar.is_open(now),
    )


def _extremes(
    order: OrderRequest, cash: Decimal | None
) -> tuple[Bound, Bound, tuple[Decimal, ...]]:
    """Return the order's own worst, best and zeros; with several expirations only the worst."""
    if cash is None:
        return None, None, ()
    holdings = holdings_of(order)
    if expirations_differ(holdings):
        floor = floor_value(holdings)
        worst: Bound = "unlimited" if floor is None else max(-floor - cash, Decimal(0))
        return worst, None, ()
    result = payoff(holdings, cash)
    return _or_unlimited(result.max_loss), _or_unlimited(result.max_profit), result.break_evens


def _risk_added(order: OrderRequest, held: Sequence[Holding], cash: Decimal | None) -> Bound:
    if cash is None:
        return None
    return _or_unlimited(risk_added(held, holdings_of(order), cash))


def _facts(order: OrderRequest, figures: Figures) -> OrderFacts:
    return OrderFacts(
        contracts=order.contracts,
        shares=order.shares,
        has_options=order.has_options,
        order_type=order.order_type,
        risk_added=figures.risk_added,
        limit_net=order.limit_net,
        natural_net=figures.natural_net,
        quote_age_s=figures.quote_age_s,
    )


def _held(positions: Sequence[Position], underlying: str) -> list[Holding]:
    return [
        Holding(symbol=position.symbol, quantity=position.quantity)
        for position in positions
        if position.symbol.underlying == underlying
    ]


def _leg_quote(leg: Leg, quote: Quote | None, now: datetime) -> LegQuote:
    return LegQuote(leg=leg, quote=quote, age_s=None if quote is None else quote_age_s(quote, now))


def quote_age_s(quote: Quote, now: datetime) -> Decimal:
    """Return the quote's age, seconds; while the market is closed, counted at its last close.

    A closed market quotes nothing newer: its last quotes are as fresh as they can be, and the
    preview says that the market is closed.
    """
    if calendar.is_open(now):
        return Decimal(str(round((now - quote.at).total_seconds(), 3)))
    return Decimal(str(round(max(0, (calendar.last_close(now) - quote.at).total_seconds()), 3)))


def _natural(leg: Leg, quote: Quote | None) -> Decimal | None:
    return None if quote is None else quote.natural(leg.action.sign)


def _mid(quote: Quote | None) -> Decimal | None:
    return None if quote is None else quote.mid


def _net(order: OrderRequest, prices: Mapping[Symbol, Decimal | None]) -> Decimal | None:
    known = {symbol: price for symbol, price in prices.items() if price is not None}
    return order.net_of(known) if len(known) == len(prices) else None


def _or_unlimited(amount: Decimal | None) -> Decimal | Literal["unlimited"]:
    return "unlimited" if amount is None else amount
