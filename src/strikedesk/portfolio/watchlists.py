"""Watchlists: named lists of symbols, edited one change at a time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.pages import PageSpan
from strikedesk.domain.ports import Clock, Watchlist, Watchlists
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol

LISTS_MAX: Final = 50
SYMBOLS_MAX: Final = 50  # As many as one call of get_quotes takes.
NAME_MAX: Final = 40
LISTS_A_PAGE: Final = 10

_PUNCTUATION: Final = frozenset(" -_.&+")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchlistPage:
    """Lists by name, and which of how many they are."""

    rows: tuple[Watchlist, ...]
    span: PageSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What an edit did. `watchlist` is the list as it stands now, or stood before it was dropped.

    `unchanged` are symbols to add that were there, and symbols to remove that were not.
    """

    watchlist: Watchlist
    created: bool = False
    deleted: bool = False
    added: tuple[Symbol, ...] = ()
    removed: tuple[Symbol, ...] = ()
    unchanged: tuple[Symbol, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchlistBook:
    """Reads and edits the owner's lists. A name is found in any case, and kept as first written.

    Law: edits made through one book happen one after the other, so that none is lost.
    """

    lists: Watchlists
    clock: Clock
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False, repr=False)

    async def page(self, page: int = 1) -> WatchlistPage:
        """Return a page of the lists.

        Raises:
            Denied: PAGE_PAST_END.
        """
        found = await self.lists.all()
        span = PageSpan(page=page, size=LISTS_A_PAGE, total=len(found))
        return WatchlistPage(rows=found[span.start : span.stop], span=span)

    async def edit(
        self, name: str, *, add: Sequence[Symbol] = (), remove: Sequence[Symbol] = ()
    ) -> Edited:
        """Take symbols out of a list, then put others at its end; a new name makes a new list.

        Raises:
            Denied: INVALID_ARGUMENT for a name that cannot be one, nothing to do, a list to remove
                from that does not exist, or more lists or symbols than may be.
        """
        _check_edit(add, remove)
        async with self._turn:
            found = await self.lists.all()
            before = _named(found, name)
            if before is None:
                _check_new(name, found, add)
            edited = _edited(before, name, add, remove, self.clock.now())
            if edited.added or edited.removed:
                await self.lists.save(edited.watchlist)
            return edited

    async def delete(self, name: str) -> Edited:
        """Drop a list.

        Raises:
            Denied: INVALID_ARGUMENT when there is none of that name.
        """
        async with self._turn:
            found = await self.lists.all()
            before = _named(found, name)
            if before is None:
                raise _unknown(name, found)
            await self.lists.delete(before.name)
            return Edited(watchlist=before, deleted=True)


def is_list_name(name: str) -> bool:
    """Tell whether a list may be called `name`: letters, digits, and little else."""
    spelled = all(char.isalnum() or char in _PUNCTUATION for char in name)
    return 1 <= len(name) <= NAME_MAX and spelled and name == name.strip()


def _check_edit(add: Sequence[Symbol], remove: Sequence[Symbol]) -> None:
    if not add and not remove:
        raise Denied(Reason.INVALID_ARGUMENT, argument="add", problem="nothing to add or remove")
    if both := [symbol.compact for symbol in add if symbol in remove]:
        raise Denied(Reason.INVALID_ARGUMENT, argument="remove", also_to_add=" ".join(both))


def _check_new(name: str, found: Sequence[Watchlist], add: Sequence[Symbol]) -> None:
    if not is_list_name(name):
        allowed = f"1 to {NAME_MAX} letters, digits, spaces and -_.&+"
        raise Denied(Reason.INVALID_ARGUMENT, argument="name", allowed=allowed)
    if not add:
        raise _unknown(name, found)
    if len(found) >= LISTS_MAX:
        raise Denied(Reason.INVALID_ARGUMENT, argument="name", lists=len(found), at_most=LISTS_MAX)


def _named(found: Sequence[Watchlist], name: str) -> Watchlist | None:
    folded = name.casefold()
    return next((each for each in found if each.name.casefold() == folded), None)


def _unknown(name: str, found: Sequence[Watchlist]) -> Denied:
    there_are = ", ".join(each.name for each in found) or "none"
    shown = name if is_list_name(name) else "no list's name"
    return Denied(Reason.INVALID_ARGUMENT, argument="name", given=shown, there_are=there_are)


def _edited(
    before: Watchlist | None,
    name: str,
    add: Sequence[Symbol],
    remove: Sequence[Symbol],
    now: datetime,
) -> Edited:
    held = before.symbols if before else ()
    removed = tuple(symbol for symbol in dict.fromkeys(remove) if symbol in held)
    added = tuple(symbol for symbol in dict.fromkeys(add) if symbol not in held)
    symbols = (*(symbol for symbol in held if symbol not in removed), *added)
    if len(symbols) > SYMBOLS_MAX:
        raise Denied(
            Reason.INVALID_ARGUMENT, argument="add", would_hold=len(symbols), at_most=SYMBOLS_MAX
        )
    return Edited(
        watchlist=Watchlist(name=before.name if before else name, symbols=symbols, updated_at=now),
        created=before is None,
        added=added,
        removed=removed,
        unchanged=tuple(s for s in dict.fromkeys((*add, *remove)) if s not in (*added, *removed)),
    )
