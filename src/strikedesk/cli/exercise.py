"""`strikedesk paper exercise`: the owner turns a held option into shares before it expires."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.table import Table

from strikedesk.cli.office import DOOR, OWNER
from strikedesk.cli.showing import table
from strikedesk.domain.accounts import Transaction
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Note
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import OptionSymbol, parse_option
from strikedesk.exchange.exercise import exercise
from strikedesk.exchange.market import Market
from strikedesk.exchange.world import World
from strikedesk.settings import load
from strikedesk.wiring import Practice, UtcClock, open_practice

_COLUMNS: Final = ("what", "cash", "fees")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be exercised. `quantity` counts contracts; `handle` names the account."""

    contract: OptionSymbol
    quantity: int
    handle: str

    def do(self, market: Market, world: World, at: datetime) -> Sequence[Transaction]:
        """Exercise it in a world; return the lines that this writes.

        Raises:
            Denied: ACCOUNT_UNKNOWN.
            Rejected: see `exercise`.
        """
        before = len(world.changes.lines)
        account_id = _account_id(world, self.handle)
        exercise(world, market, at, account_id, contract=self.contract, quantity=self.quantity)
        return world.changes.lines[before:]


def wanted(symbol: str, quantity: int, handle: str) -> Wanted:
    """Return what the words of a command ask for.

    Raises:
        Denied: INVALID_SYMBOL.
    """
    return Wanted(contract=parse_option(symbol), quantity=quantity, handle=handle)


async def foreseen(wish: Wanted) -> Table:
    """Return the lines that an exercise would write now; nothing is changed.

    Raises:
        Denied: ACCOUNT_UNKNOWN, also where the world was never opened.
        Rejected: see `exercise`.
    """
    async with open_practice(load()) as practice:
        if await practice.worlds.whole(practice.world) is None:
            raise Denied(Reason.ACCOUNT_UNKNOWN, world=f"{practice.world}, not opened yet")
        seen = await practice.keeper.snapshot()
        return _shown(wish.do(practice.keeper.market, seen.world.fork(), seen.at))


async def carried_out(wish: Wanted) -> Table:
    """Exercise, and return the lines of it. The audit trail is told.

    Raises:
        Denied, Rejected: as `foreseen`; the market may have moved since.
    """
    async with open_practice(load()) as practice:
        market = practice.keeper.market
        lines = await practice.keeper.act(lambda world, at: wish.do(market, world, at))
        await practice.ledger.append(None, _note(practice, wish))
        return _shown(lines)


def _account_id(world: World, handle: str) -> str:
    for account in world.accounts.values():
        if account.handle == handle:
            return account.account_id
    raise Denied(Reason.ACCOUNT_UNKNOWN)


def _note(practice: Practice, wish: Wanted) -> Note:
    return Note(
        at=UtcClock().now(),
        actor=OWNER,
        path=DOOR,
        kind="exercised",
        body={
            "world": practice.world,
            "account": wish.handle,
            "symbol": wish.contract.compact,
            "quantity": wish.quantity,
        },
    )


def _shown(lines: Iterable[Transaction]) -> Table:
    return table(_COLUMNS, map(_row, lines))


def _row(line: Transaction) -> tuple[str | None, ...]:
    fees = None if line.fees is None else f"{line.fees:,.2f}"
    return line.description, f"{line.cash_effect:,.2f}", fees
