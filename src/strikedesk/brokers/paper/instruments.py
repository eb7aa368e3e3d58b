"""Instruments as a paper venue has them: what it lists, and the terms of its contracts."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.instruments import Instrument, Step
from strikedesk.domain.money import CENT, PRICE_STEP
from strikedesk.domain.quotes import SymbolInfo
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol
from strikedesk.domain.terms import Terms
from strikedesk.exchange.ends import trades_until
from strikedesk.exchange.market import Market

_INDEX: Final = "index"  # A number that nobody can buy.
_DOLLAR: Final = Decimal(1)
_OF_SHARES: Final = (Step(size=PRICE_STEP, below=_DOLLAR), Step(size=CENT))


def instrument_of(market: Market, symbol: Symbol, at: datetime) -> Instrument:
    """Return what the venue says of a share, a fund, an index or a contract.

    Raises:
        Denied: SYMBOL_NOT_FOUND, CONTRACT_NOT_FOUND.
    """
    halted = symbol.underlying in market.halted(at)
    if isinstance(symbol, OptionSymbol):
        return _contract(symbol, _terms(market, symbol, at), halted=halted)
    for info in market.listed(at):
        if info.symbol == symbol:
            return _share(info, halted=halted)
    raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=symbol.compact)


def _terms(market: Market, symbol: OptionSymbol, at: datetime) -> Terms:
    terms = market.terms(symbol)
    for each in market.expirations(EquitySymbol(symbol.underlying), at):
        same = (each.root, each.day) == (symbol.root, symbol.expiration)
        if terms is not None and same and symbol.strike in each.strikes:
            return terms
    raise Denied(Reason.CONTRACT_NOT_FOUND, symbol=symbol.compact)


def _share(info: SymbolInfo, *, halted: bool) -> Instrument:
    return Instrument(
        symbol=info.symbol.compact,
        kind=info.kind,
        description=info.description,
        multiplier=None if info.kind == _INDEX else _DOLLAR,
        steps=() if info.kind == _INDEX else _OF_SHARES,
        closing_only=False,
        halted=halted,
        fractions=info.kind != _INDEX,
    )


def _contract(symbol: OptionSymbol, terms: Terms, *, halted: bool) -> Instrument:
    return Instrument(
        symbol=symbol.compact,
        kind="option",
        underlying=symbol.underlying,
        multiplier=Decimal(terms.shares),
        steps=_steps(terms),
        ends_at=trades_until(symbol, terms),
        style=terms.style.value,
        settlement=terms.settlement.value.upper(),
        closing_only=terms.adjusted,
        halted=halted,
        fractions=False,
    )


def _steps(terms: Terms) -> tuple[Step, ...]:
    last = Step(size=terms.coarse_tick)
    if terms.tick == terms.coarse_tick:
        return (last,)
    return (Step(size=terms.tick, below=terms.coarse_from), last)
