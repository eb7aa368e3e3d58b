"""The figures of an order: what it meets in the market and what it comes to."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

from strikedesk.domain import calendar
from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.orders import Leg, OrderRequest
from strikedesk.domain.payoff import Holding, expirations_differ, holdings_of, payoff
from strikedesk.domain.quotes import Quote
from strikedesk.domain.symbols import Symbol
from strikedesk.domain.trading_hours import trades_at
from strikedesk.domain.value_class import value_class
from strikedesk.domain.worst_case import floor_value, risk_added

# An amount, or that nothing bounds it, or None where nobody can say.
Bound: TypeAlias = Decimal | Literal["unlimited"] | None


@value_class
class LegQuote:
    """A leg beside its market. Units: USD per share; `age_s` seconds in the venue's time."""

    leg: Leg
    quote: Quote | None
    age_s: Decimal | None


@value_class
class Figures:
    """What an order comes to.

    Units: nets USD per share of one unit, positive = we pay, `reached_net` the natural one, or the
    stop where that is worse; `cash_effect` USD before fees, positive = cash in; losses and profits
    USD at expiration before fees, amounts >= 0; `risk_added` USD, negative = frees risk;
    `notional` USD of all legs at their prices, whichever way they go; `market_open` in regular
    hours, `trades_now` in those that the order may trade in. `None` = unknown.
    """

    mid_net: Decimal | None
    natural_net: Decimal | None
    reached_net: Decimal | None
    cash_effect: Decimal | None
    max_loss: Bound
    max_profit: Bound
    break_evens: tuple[Decimal, ...]
    risk_added: Bound
    notional: Decimal | None
    quote_age_s: Decimal | None
    legs: tuple[LegQuote, ...]
    market_open: bool
    trades_now: bool | None


def figures_of(
    order: OrderRequest,
    quotes: Mapping[Symbol, Quote],
    books: Sequence[Sequence[Holding]],
    now: datetime,
    *,
    counted: OrderRequest | None = None,
) -> Figures:
    """Return the figures on these quotes; risk is that beside the worst of `books`.

    `counted` is what an order by value is weighed as.
    """
    trades = trades_at(order.time_in_force, now)
    closed = trades is False
    legs = tuple(_leg_quote(leg, quotes.get(leg.symbol), now, closed=closed) for leg in order.legs)
    naturals = [_natural(each.leg, each.quote) for each in legs]
    natural = _net(order, naturals)
    reached = reached_net(order, natural)
    price = order.limit_net if order.limit_net is not None else reached
    cash = None if price is None else order.cash_effect(price)
    holdings = holdings_of(counted or order)
    loss, profit, break_evens = _extremes(holdings, cash)
    if order.by_value:
        break_evens = () if reached is None else (abs(reached),)
    ages = [leg.age_s for leg in legs]
    return Figures(
        mid_net=_net(order, [_mid(each.quote) for each in legs]),
        natural_net=natural,
        reached_net=reached,
        cash_effect=cash,
        max_loss=loss,
        max_profit=profit,
        break_evens=break_evens,
        risk_added=_risk(order, books, holdings, cash),
        notional=order.value if order.by_value else _notional(order, naturals, cash),
        quote_age_s=None if None in ages else max(age for age in ages if age is not None),
        legs=legs,
        market_open=calendar.is_open(now),
        trades_now=trades,
    )


def _risk(
    order: OrderRequest,
    books: Sequence[Sequence[Holding]],
    added: Sequence[Holding],
    cash: Decimal | None,
) -> Bound:
    """What is bought by value covers nothing: it may be less than the share it is weighed as."""
    if order.by_value and not order.sells:
        return order.value
    return risk_beside(books, added, cash)


def natural_net(order: OrderRequest, quotes: Mapping[Symbol, Quote]) -> Decimal | None:
    """Return the net at which the order trades at once, or None where a side is missing."""
    return _net(order, [_natural(leg, quotes.get(leg.symbol)) for leg in order.legs])


def mid_net(order: OrderRequest, quotes: Mapping[Symbol, Quote]) -> Decimal | None:
    """Return the net half way between the sides, or None where a side is missing."""
    return _net(order, [_mid(quotes.get(leg.symbol)) for leg in order.legs])


def reached_net(order: OrderRequest, natural: Decimal | None) -> Decimal | None:
    """Return the net that the order meets: a stop, which has one leg, at its trigger or worse."""
    if natural is None or order.stop_trigger is None:
        return natural
    return max(natural, order.stop_trigger * order.legs[0].action.sign)


def _notional(
    order: OrderRequest, naturals: Sequence[Decimal | None], cash: Decimal | None
) -> Decimal | None:
    """Return what all legs come to at the price each meets, and at least the cash that moves.

    Source: so the options exchanges' own risk controls count it: contracts x premium x 100.
    """
    known = [price for price in naturals if price is not None]
    if cash is None or len(known) < len(naturals):
        return None
    both = zip(order.legs, known, strict=True)
    gross = sum((price * leg.quantity * _shares_of(leg) for leg, price in both), Decimal(0))
    return max(gross, abs(cash))


def risk_beside(
    books: Sequence[Sequence[Holding]], added: Sequence[Holding], cash: Decimal | None
) -> Bound:
    """Return what is risked by adding this, for so much cash, to the worst of `books`."""
    if cash is None:
        return None
    return worst_of([_or_unlimited(risk_added(book, added, cash)) for book in books])


def worst_of(risks: Sequence[Bound]) -> Bound:
    """Return the largest; None where one of them is unknown."""
    if None in risks:
        return None
    known = [risk for risk in risks if isinstance(risk, Decimal)]
    return max(known) if len(known) == len(risks) else "unlimited"


def quote_age_s(quote: Quote, now: datetime, *, closed: bool) -> Decimal:
    """Return the quote's age, seconds; while the market is `closed`, counted at its last close.

    A closed market quotes nothing newer: its last quotes are as fresh as they can be, and the
    preview says that the market is closed. To an order that may trade now it is not closed, at
    whatever hour. A quote from the future has a negative age at any hour.
    """
    age = now - quote.at
    if age >= timedelta(0) and closed:
        age = max(calendar.last_close(now) - quote.at, timedelta(0))
    return Decimal(str(round(age.total_seconds(), 3)))


def _extremes(
    holdings: Sequence[Holding], cash: Decimal | None
) -> tuple[Bound, Bound, tuple[Decimal, ...]]:
    """Return the order's own worst, best and zeros; with several expirations only the worst."""
    if cash is None:
        return None, None, ()
    if expirations_differ(holdings):
        floor = floor_value(holdings)
        worst: Bound = "unlimited" if floor is None else max(-floor - cash, Decimal(0))
        return worst, None, ()
    result = payoff(holdings, cash)
    return _or_unlimited(result.max_loss), _or_unlimited(result.max_profit), result.break_evens


def _leg_quote(leg: Leg, quote: Quote | None, now: datetime, *, closed: bool) -> LegQuote:
    age_s = None if quote is None else quote_age_s(quote, now, closed=closed)
    return LegQuote(leg=leg, quote=quote, age_s=age_s)


def _natural(leg: Leg, quote: Quote | None) -> Decimal | None:
    return None if quote is None else quote.natural(leg.action.sign)


def _shares_of(leg: Leg) -> int:
    return SHARES_PER_CONTRACT if leg.is_option else 1


def _mid(quote: Quote | None) -> Decimal | None:
    return None if quote is None else quote.mid


def _net(order: OrderRequest, prices: Sequence[Decimal | None]) -> Decimal | None:
    known = [price for price in prices if price is not None]
    return order.net_at(known) if len(known) == len(prices) else None


def _or_unlimited(amount: Decimal | None) -> Decimal | Literal["unlimited"]:
    return "unlimited" if amount is None else amount
