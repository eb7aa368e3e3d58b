"""Completion: what a person may mean who begins to type an argument of a prompt."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from mcp.types import (
    Completion,
    CompletionArgument,
    PromptReference,
    ResourceTemplateReference,
)

from strikedesk.domain.errors import DeskError
from strikedesk.server.opening import DeskSource

if TYPE_CHECKING:
    from strikedesk.wiring import Desk

VALUES_MAX: Final = 100  # The protocol allows no more.

Finder: TypeAlias = Callable[["Desk"], Awaitable[Sequence[str]]]


async def suggest(
    source: DeskSource, ref: PromptReference | ResourceTemplateReference, begun: CompletionArgument
) -> Completion:
    """Return what begins like the text; nothing for arguments in a person's own words.

    A desk that cannot be opened suggests nothing: why is told by the tools.
    """
    find = _FINDERS.get(begun.name) if isinstance(ref, PromptReference) else None
    found: Sequence[str] = () if find is None else await _found(source, find)
    fitting = [value for value in found if value.startswith(begun.value)]
    more = len(fitting) > VALUES_MAX
    return Completion(values=fitting[:VALUES_MAX], total=len(fitting), has_more=more)


async def _found(source: DeskSource, find: Finder) -> Sequence[str]:
    try:
        return await find(await source.desk())
    except DeskError:
        return ()


async def _accounts(desk: "Desk") -> Sequence[str]:
    return [account.handle for account in await desk.books.all()]


async def _orders(desk: "Desk") -> Sequence[str]:
    """Return the newest orders that were sent."""
    from strikedesk.orders.book import SENT  # noqa: PLC0415 -- kept off `initialize`

    rows, _ = await desk.ledger.orders(account_id=None, states=SENT, limit=VALUES_MAX, offset=0)
    return [row.order_id for row in rows]


_FINDERS: Final[Mapping[str, Finder]] = {"account": _accounts, "order_id": _orders}
