"""Reset and restore: a world takes another's place, and the desk's ledger goes with it.

Law: afterwards an order works in the world only if the ledger has it as open, and the ledger has
none as open that the world does not know. The ledger itself never goes back: a nonce that was spent
stays spent, and an order that has ended stays ended, whatever the world looked like before it. Why
so: docs/decisions/0006-restoring-a-world.md.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json, Note, OrderRecord
from strikedesk.domain.ports import FreshStart, WholeWorld, WorldLine, WorldRows
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.exchange.clock import read_clock
from strikedesk.exchange.rows import change_of, read_world
from strikedesk.exchange.trading import end

DEFAULT_WORLD: Final = "default"
_BROKER: Final = "paper"
_KNOWN_ENDS: Final = "an order whose outcome is unknown keeps its world: serve it until it settles"


def broker_of(world: str) -> str:
    """Return the name by which the ledger knows the broker of a world.

    Each world is a broker of its own: an order of one is never looked for in another.
    """
    return _BROKER if world == DEFAULT_WORLD else f"{_BROKER}:{world}"


def emptied(open_rows: Sequence[OrderRecord], note: Note) -> FreshStart:
    """Return a world without anything; what worked in it is cancelled in the ledger.

    Raises:
        Denied: UNSETTLED_ORDER.
    """
    _refuse_doubt(open_rows)
    return FreshStart(world=None, ends=tuple(row.order_id for row in open_rows), note=note)


def restored(
    whole: WholeWorld, open_rows: Sequence[OrderRecord], note: Note, *, name: str, tag: str
) -> FreshStart:
    """Return a world as it was, under this name, going on from its own time.

    `tag` is one that no id begins with yet: what is placed from now on is never taken for what was
    placed after the snapshot in the world that is replaced.

    Raises:
        Denied: UNSETTLED_ORDER.
        Misconfigured: DATABASE_UNREADABLE.
    """
    _refuse_doubt(open_rows)
    header = {**whole.rows.header, "name": name, "tag": tag}
    own = {row.broker_order_id for row in open_rows}
    kept = _without_strangers(replace(whole, rows=replace(whole.rows, header=header)), own)
    known = {*kept.rows.orders, *(line.line_id for line in kept.lines)}
    ends = tuple(row.order_id for row in open_rows if row.broker_order_id not in known)
    return FreshStart(world=kept, ends=ends, note=note)


def resumed(header: Mapping[str, Json], at: datetime, wall: datetime) -> dict[str, Json]:
    """Return a header whose clock goes on from `at`, the world's time when it was copied."""
    clock = read_clock(_clock_of(header)).resumed(at, wall)
    return {**header, "clock": clock.document()}


def _clock_of(header: Mapping[str, Json]) -> Mapping[str, Json]:
    clock = header.get("clock")
    return clock if isinstance(clock, Mapping) else {}


def _refuse_doubt(open_rows: Sequence[OrderRecord]) -> None:
    doubtful = [row for row in open_rows if not row.state.is_open]
    if doubtful:
        raise Denied(Reason.UNSETTLED_ORDER, orders=len(doubtful), why=_KNOWN_ENDS)


def _without_strangers(whole: WholeWorld, own: Collection[str | None]) -> WholeWorld:
    """Cancel the working orders that the ledger does not have as open."""
    world = read_world(whole.rows)
    for order in world.orders:
        if order.order_id not in own:
            end(world, order, OrderState.CANCELLED, world.advanced_to)
    change = change_of(world)
    orders = {key: order for key, order in whole.rows.orders.items() if key not in change.orders}
    still = {key: order for key, order in change.orders.items() if order}
    accounts = {**whole.rows.accounts, **change.accounts}
    header = {**whole.rows.header, **(change.header or {})}
    rows = WorldRows(header=header, accounts=accounts, orders=orders | still)
    return WholeWorld(rows=rows, lines=_joined(whole.lines, change.lines))


def _joined(before: Sequence[WorldLine], more: Sequence[WorldLine]) -> tuple[WorldLine, ...]:
    known = {line.line_id for line in before}
    return (*before, *(line for line in more if line.line_id not in known))
