"""Watchlists: named lists of symbols, edited one change at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from strikedesk.domain.errors import Denied, Fact
from strikedesk.domain.ports import Clock, ListChange, Watchlist, Watchlists
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol

LISTS_MAX: Final = 50
SYMBOLS_MAX: Final = 50  # As many as one call of get_quotes takes.
NAME_MAX: Final = 40

_PUNCTUATION: Final = frozenset(" -_.&+")
_ALLOWED: Final = f"1 to {NAME_MAX} letters, digits, spaces and -_.&+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What is to become of a list: some symbols out, others in, another name.

    `place` is where those of `add` go, 1 the first; those that are there already move. Without it
    new ones go to the end and the others stay.
    Raises: `Denied(INVALID_ARGUMENT)` for what cannot be meant.
    """

    add: tuple[Symbol, ...] = ()
    remove: tuple[Symbol, ...] = ()
    place: int | None = None
    rename: str | None = None

    def __post_init__(self) -> None:
        """Refuse an edit that does nothing, or two things at once."""
        if not self.add and not self.remove and self.rename is None:
            raise _no("add", problem="nothing to add, remove or rename")
        if both := [symbol.compact for symbol in self.add if symbol in self.remove]:
            raise _no("remove", also_to_add=" ".join(both))
        if self.place is not None and not (self.add and 1 <= self.place <= SYMBOLS_MAX):
            raise _no("place", between=f"1 and {SYMBOLS_MAX}", only_with="add")
        if self.rename is not None and not is_list_name(self.rename):
            raise _no("rename", allowed=_ALLOWED)

    def of(self, held: Sequence[Symbol]) -> tuple[Symbol, ...]:
        """Return the symbols of a list that held these."""
        left = [symbol for symbol in held if symbol not in self.remove]
        wanted = tuple(dict.fromkeys(self.add))
        if self.place is None:
            return (*left, *(symbol for symbol in wanted if symbol not in left))
        others = [symbol for symbol in left if symbol not in wanted]
        at = self.place - 1
        return (*others[:at], *wanted, *others[at:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What an edit did. `watchlist` is the list as it stands now, or stood before it was dropped.

    `unchanged` are symbols to add that were there, and symbols to remove that were not;
    `renamed_from` is what the list was called before.
    """

    watchlist: Watchlist
    created: bool = False
    deleted: bool = False
    renamed_from: str | None = None
    added: tuple[Symbol, ...] = ()
    removed: tuple[Symbol, ...] = ()
    moved: tuple[Symbol, ...] = ()
    unchanged: tuple[Symbol, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchlistBook:
    """Reads and edits the owner's lists. A name is found in any case, and kept as first written.

    Law: edits happen one after the other, whichever processes make them, so that none is lost.
    """

    lists: Watchlists
    clock: Clock

    async def named(self, name: str) -> Watchlist:
        """Return one list.

        Raises:
            Denied: INVALID_ARGUMENT when there is none of that name.
        """
        return _existing(await self.lists.all(), name)

    async def edit(self, name: str, edit: Edit) -> Edited:
        """Take symbols out of a list and put others in; a new name makes a new list.

        Raises:
            Denied: INVALID_ARGUMENT for a name that cannot be one or is another list's, a list to
                remove from or to rename that does not exist, or more lists or symbols than may be.
        """
        now = self.clock.now()

        def act(found: tuple[Watchlist, ...]) -> tuple[ListChange, Edited]:
            before = _named(found, name)
            if before is None:
                _check_new(name, found, edit)
            _check_free(edit.rename, found, before)
            edited = _edited(before, name, edit, now)
            return _change_of(before, edited), edited

        return await self.lists.change(act)

    async def delete(self, name: str) -> Edited:
        """Drop a list.

        Raises:
            Denied: INVALID_ARGUMENT when there is none of that name.
        """

        def act(found: tuple[Watchlist, ...]) -> tuple[ListChange, Edited]:
            before = _existing(found, name)
            return ListChange(drop=(before.name,)), Edited(watchlist=before, deleted=True)

        return await self.lists.change(act)


def is_list_name(name: str) -> bool:
    """Tell whether a list may be called `name`: letters, digits, and little else."""
    spelled = all(char.isalnum() or char in _PUNCTUATION for char in name)
    return 1 <= len(name) <= NAME_MAX and spelled and name == name.strip()


def _check_new(name: str, found: Sequence[Watchlist], edit: Edit) -> None:
    if not is_list_name(name):
        raise _no("name", allowed=_ALLOWED)
    if not edit.add or edit.rename is not None:
        raise _unknown(name, found)
    if len(found) >= LISTS_MAX:
        raise _no("name", lists=len(found), at_most=LISTS_MAX)


def _check_free(rename: str | None, found: Sequence[Watchlist], before: Watchlist | None) -> None:
    """Refuse another list's name; the same name in another case is free."""
    taken = None if rename is None else _named(found, rename)
    if taken is not None and taken is not before:
        raise _no("rename", taken_by=taken.name)


def _existing(found: Sequence[Watchlist], name: str) -> Watchlist:
    before = _named(found, name)
    if before is None:
        raise _unknown(name, found)
    return before


def _named(found: Sequence[Watchlist], name: str) -> Watchlist | None:
    folded = name.casefold()
    return next((each for each in found if each.name.casefold() == folded), None)


def _unknown(name: str, found: Sequence[Watchlist]) -> Denied:
    there_are = ", ".join(each.name for each in found) or "none"
    shown = name if is_list_name(name) else "no list's name"
    return _no("name", given=shown, there_are=there_are, lists_of_the_broker="are only shown")


def _edited(before: Watchlist | None, name: str, edit: Edit, now: datetime) -> Edited:
    held = before.symbols if before else ()
    symbols = edit.of(held)
    if len(symbols) > SYMBOLS_MAX:
        raise _no("add", would_hold=len(symbols), at_most=SYMBOLS_MAX)
    old_name = before.name if before else name
    added = tuple(symbol for symbol in symbols if symbol not in held)
    removed = tuple(symbol for symbol in held if symbol not in symbols)
    moved = () if edit.place is None else _moved(edit.add, held, symbols)
    done = {*added, *removed, *moved}
    return Edited(
        watchlist=Watchlist(name=edit.rename or old_name, symbols=symbols, updated_at=now),
        created=before is None,
        renamed_from=old_name if edit.rename not in {None, old_name} else None,
        added=added,
        removed=removed,
        moved=moved,
        unchanged=tuple(s for s in dict.fromkeys((*edit.add, *edit.remove)) if s not in done),
    )


def _moved(
    wanted: Sequence[Symbol], held: Sequence[Symbol], symbols: Sequence[Symbol]
) -> tuple[Symbol, ...]:
    """Return those that were there and stand elsewhere now."""
    there = [symbol for symbol in dict.fromkeys(wanted) if symbol in held]
    return tuple(symbol for symbol in there if held.index(symbol) != symbols.index(symbol))


def _change_of(before: Watchlist | None, edited: Edited) -> ListChange:
    after = edited.watchlist
    if before is None:
        return ListChange(save=(after,))
    if (before.name, before.symbols) == (after.name, after.symbols):
        return ListChange()
    return ListChange(save=(after,), drop=(before.name,) if edited.renamed_from else ())


def _no(argument: str, **facts: Fact) -> Denied:
    return Denied(Reason.INVALID_ARGUMENT, argument=argument, **facts)
