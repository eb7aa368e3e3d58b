"""`strikedesk future-options`: what options on futures a broker lists."""

from collections.abc import Sequence
from datetime import date

from rich.table import Table

from strikedesk.cli.showing import table
from strikedesk.domain.errors import Denied
from strikedesk.domain.future_chains import FutureExpiration
from strikedesk.domain.reasons import Reason
from strikedesk.settings import load
from strikedesk.wiring import open_desk


async def future_chain(product: str) -> Sequence[FutureExpiration]:
    """Ask the broker of the settings.

    Raises:
        Denied: INVALID_ARGUMENT, SYMBOL_NOT_FOUND, INSTRUMENT_NOT_TRADED.
        Unavailable: it does not answer.
    """
    async with open_desk(load()) as desk:
        return await desk.market.future_chain(product)


def shown(listed: Sequence[FutureExpiration], day: date | None) -> Table:
    """Return the expirations, or the strikes of one day with what their options are called.

    Raises:
        Denied: EXPIRATION_NOT_FOUND.
    """
    if day is None:
        columns = ("expiration", "future", "root", "exercise", "settlement", "strikes")
        return table(columns, (_line(each) for each in listed))
    wanted = [each for each in listed if each.day == day]
    if not wanted:
        raise Denied(Reason.EXPIRATION_NOT_FOUND, expiration=day.isoformat())
    rows = [(f"{s.strike:f}", s.call, s.put) for each in wanted for s in each.strikes]
    return table(("strike", "call", "put"), rows)


def _line(told: FutureExpiration) -> Sequence[object]:
    return told.day, told.future, told.root, told.style, told.settlement, len(told.strikes)
