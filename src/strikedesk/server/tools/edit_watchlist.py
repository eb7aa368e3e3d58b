"""edit_watchlist: change, make or drop a list of symbols."""

from collections.abc import Sequence
from typing import Annotated, Final, TypeAlias

from mcp.types import CallToolResult

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.market.room import MarketRoom
from strikedesk.portfolio.watchlists import NAME_MAX, Edited
from strikedesk.server.arguments import Flag, SomeSymbols, text
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import BOOLEAN, LIST, TEXT, record_schema
from strikedesk.server.shaping import Value, record

RETURNS: Final = record_schema(
    name=TEXT,
    symbols=LIST,
    created=BOOLEAN,
    deleted=BOOLEAN,
    added=LIST,
    removed=LIST,
    unchanged=LIST,
)

ListName: TypeAlias = Annotated[str, text(NAME_MAX)]


async def edit_watchlist(
    call: Call,
    name: ListName,
    add: SomeSymbols = (),
    remove: SomeSymbols = (),
    delete: Flag = False,
) -> Annotated[CallToolResult, RETURNS]:
    """Add symbols to a watchlist, remove some, or delete it; a new name makes a new list.

    At most 50 symbols a list. `unchanged` were there already, or were not there to remove.
    """
    desk = await desk_of(call)
    if delete:
        _check_alone(add, remove)
        return record(_told(await desk.watchlists.delete(name)))
    await _check_listed(desk.market, add)
    return record(_told(await desk.watchlists.edit(name, add=add, remove=remove)))


def _check_alone(add: Sequence[Symbol], remove: Sequence[Symbol]) -> None:
    if add or remove:
        raise Denied(Reason.INVALID_ARGUMENT, argument="delete", not_with="add or remove")


async def _check_listed(market: MarketRoom, symbols: Sequence[Symbol]) -> None:
    """Refuse a symbol that does not exist; one that nobody quotes just now is welcome."""
    quoted = await market.quotes(symbols)
    for symbol in symbols:
        if symbol not in quoted and (why := await market.why_unquoted(symbol)) != Reason.NO_QUOTE:
            raise Denied(why, argument="add", symbol=symbol.compact)


def _told(edited: Edited) -> dict[str, Value]:
    return {
        "name": edited.watchlist.name,
        "symbols": _spelled(edited.watchlist.symbols),
        "created": edited.created,
        "deleted": edited.deleted,
        "added": _spelled(edited.added),
        "removed": _spelled(edited.removed),
        "unchanged": _spelled(edited.unchanged),
    }


def _spelled(symbols: Sequence[Symbol]) -> list[str]:
    return [symbol.compact for symbol in symbols]
