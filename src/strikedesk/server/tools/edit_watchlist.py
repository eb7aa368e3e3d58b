"""edit_watchlist: change, make or drop a list of symbols."""

from collections.abc import Sequence
from typing import Annotated, Final, TypeAlias

from mcp.types import CallToolResult

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol
from strikedesk.market.room import MarketRoom
from strikedesk.portfolio.watchlists import NAME_MAX, SYMBOLS_MAX, Edit, Edited
from strikedesk.server.arguments import Flag, SomeSymbols, text, whole
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import BOOLEAN, LIST, TEXT, maybe, whole_schema
from strikedesk.server.shaping import Value, record

RETURNS: Final = whole_schema(
    name=TEXT,
    symbols=LIST,
    created=BOOLEAN,
    deleted=BOOLEAN,
    renamed_from=maybe(TEXT),
    added=LIST,
    removed=LIST,
    moved=LIST,
    unchanged=LIST,
)

ListName: TypeAlias = Annotated[str, text(NAME_MAX)]
Place: TypeAlias = Annotated[int, whole(1, SYMBOLS_MAX)]


async def edit_watchlist(
    call: Call,
    name: ListName,
    add: SomeSymbols = (),
    remove: SomeSymbols = (),
    place: Place | None = None,
    rename: ListName | None = None,
    delete: Flag = False,
) -> Annotated[CallToolResult, RETURNS]:
    """Add, move or remove symbols of a watchlist, rename or delete it; a new name makes a new list.

    At most 50 symbols a list. place puts those of `add` there (1 is first) and moves those that the
    list holds already. `unchanged` were there already, or were not there to remove.
    """
    desk = await desk_of(call)
    if delete:
        _check_alone(add, remove, place, rename)
        return record(_told(await desk.watchlists.delete(name)))
    edit = Edit(add=add, remove=remove, place=place, rename=rename)
    await _check_listed(desk.market, add)
    return record(_told(await desk.watchlists.edit(name, edit)))


def _check_alone(*others: object) -> None:
    if any(others):
        raise Denied(Reason.INVALID_ARGUMENT, argument="delete", not_with="any other change")


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
        "renamed_from": edited.renamed_from,
        "added": _spelled(edited.added),
        "removed": _spelled(edited.removed),
        "moved": _spelled(edited.moved),
        "unchanged": _spelled(edited.unchanged),
    }


def _spelled(symbols: Sequence[Symbol]) -> list[str]:
    return [symbol.compact for symbol in symbols]
