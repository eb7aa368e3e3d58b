"""`strikedesk audit replay`: the orders table told again by the trail, and compared."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from strikedesk.cli.auditing import Progress, sentence, span
from strikedesk.cli.whole_file import written_whole
from strikedesk.domain.canonical import canonical_json
from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.domain.replay import ROWS_SINCE, Row, differing
from strikedesk.settings import load
from strikedesk.wiring import open_store

if TYPE_CHECKING:
    from strikedesk.store.replays import Replayed
    from strikedesk.store.trail import TrailReport

_SHOWN_MAX: Final = 20
_PRIVATE: Final = frozenset({"account_id", "canonical"})


@dataclass(slots=True, kw_only=True)
class Comparison:
    """Orders as the trail tells them beside the orders as they are stored."""

    alike: int = 0
    untold: int = 0
    differences: list[str] = field(default_factory=list[str])

    def add(self, order: "Replayed") -> None:
        """Count an order; keep what is different about it."""
        if (found := difference(order)) is not None:
            self.differences.append(found)
        elif order.told is None:
            self.untold += 1
        else:
            self.alike += 1


def difference(order: "Replayed") -> str | None:
    """Return what is different about an order; None = nothing, or nothing that can be told."""
    if order.lines == 0:
        return f"order {order.order_id}: no line of the trail tells of it"
    if order.stored is None:
        return f"order {order.order_id}: the trail tells of it, and its row is gone"
    if order.told is None:
        return None
    if not (columns := differing(order.told, order.stored)):
        return None
    return f"order {order.order_id}: {', '.join(_words(name, order) for name in columns)}"


def _words(column: str, order: "Replayed") -> str:
    """Return what is different in a column; an account's number is nobody's to read."""
    if column in _PRIVATE or order.told is None or order.stored is None:
        return f"{column} is another one"
    return f"{column} is {order.stored[column]}, the trail says {order.told[column]}"


def replay(out: Path | None, progress: Progress) -> tuple[Comparison, list[str]]:
    """Verify the trail, fold it, and compare; write the rows that it tells to `out`, if asked to.

    Returns the comparison and what to tell the owner.

    Raises:
        Denied: INVALID_ARGUMENT, when `out` exists; DATABASE_UNREADABLE, with the line that is bad:
            nothing follows from a trail that is not whole.
    """
    if out is not None and out.exists():
        raise Denied(Reason.INVALID_ARGUMENT, rule="replay_file_is_new", file=out.name)
    compared = Comparison()
    with ExitStack() as opened:
        file = opened.enter_context(written_whole(out.absolute())) if out is not None else None

        def keep(row: Row) -> None:
            if file is not None:
                file.write(f"{canonical_json(row)}\n".encode("ascii"))

        report = asyncio.run(_compare(compared, keep, progress))
    return compared, _told(compared, report, out)


async def _compare(
    compared: Comparison, keep: Callable[[Row], None], progress: Progress
) -> "TrailReport":
    from strikedesk.store.replays import SqlReplay  # noqa: PLC0415 -- needs SQLAlchemy
    from strikedesk.store.trail import SqlTrail  # noqa: PLC0415 -- same

    async with open_store(load()) as database:
        report = await SqlTrail(database).verify(progress=progress)
        if report.bad is not None:
            raise Denied(Reason.DATABASE_UNREADABLE, problem=sentence(report.bad))
        async with aclosing(SqlReplay(database).orders()) as orders:
            async for order in orders:
                compared.add(order)
                if order.told is not None:
                    keep(order.told)
    return report


def _told(compared: Comparison, report: "TrailReport", out: Path | None) -> list[str]:
    told = [f"The trail is whole: {span(report)}."]
    told.append(f"Orders that are as it tells them: {compared.alike:,}.")
    if compared.untold:
        told.append(
            f"{compared.untold:,} cannot be rebuilt: written before version {ROWS_SINCE}, since "
            "when lines tell what a row became."
        )
    if out is not None:
        told.append(f"{out} holds the rows that the trail tells.")
    shown = compared.differences[:_SHOWN_MAX]
    left = len(compared.differences) - len(shown)
    return [*told, *shown, *([f"and {left:,} more"] if left else [])]
