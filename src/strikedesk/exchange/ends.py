"""When a contract stops trading, and when it is settled."""

from datetime import datetime

from strikedesk.domain.calendar import expiration_instant, previous_session, session_on
from strikedesk.domain.quotes import Settlement
from strikedesk.domain.symbols import OptionSymbol
from strikedesk.domain.terms import Terms


def settles_at(contract: OptionSymbol, terms: Terms) -> datetime:
    """Return when its last price is taken: its last day's opening (AM) or close (PM)."""
    return expiration_instant(contract.expiration, terms.settlement)


def trades_until(contract: OptionSymbol, terms: Terms) -> datetime:
    """Return when it stops trading: at its last day's close, or the close before where AM-settled.

    Source: Cboe, SPX specifications: trading in AM-settled options ends on the business day
    before the one on which the settlement value is taken from opening prices.
    """
    if terms.settlement is Settlement.PM:
        return settles_at(contract, terms)
    last = session_on(contract.expiration) or previous_session(contract.expiration)
    return previous_session(last.day).closes_at
