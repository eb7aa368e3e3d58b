"""Who calls, and the desk they call at: what a tool may ask about its call."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.mcpserver import Context

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.logs.known import Known
from strikedesk.server.opening import DeskSource
from strikedesk.settings import Settings

if TYPE_CHECKING:
    from strikedesk.wiring import Desk

READ: Final = "read"
TRADE: Final = "trade"


def new_incident() -> str:
    """Return a name for something that broke, to find it again in the log."""
    return secrets.token_hex(5)


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal: `stdio` for whoever started this process, else `token:NAME`."""

    name: str
    may_trade: bool


_OWNER: Final = Caller("stdio", may_trade=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What every call of one server stands in: the desk, and whether strangers can knock.

    Over the network a call without a verified token is nobody's, never the owner's. What is
    `known` for a secret leaves by no wire.
    """

    settings: Settings
    lazy: DeskSource
    network: bool
    incident: Callable[[], str] = new_incident
    known: Known = field(default_factory=Known)

    def caller(self) -> Caller:
        """Return who is calling.

        Raises:
            Denied: AUTHENTICATION_FAILED.
        """
        if not self.network:
            return _OWNER
        token = get_access_token()
        if token is None or token.subject is None:
            raise Denied(Reason.AUTHENTICATION_FAILED)
        return Caller(f"token:{token.subject}", may_trade=TRADE in token.scopes)


Call: TypeAlias = Context[Door]


async def desk_of(call: Call) -> "Desk":
    """Return the desk, opening it for the first call that needs it.

    Raises:
        Misconfigured: it cannot be opened; the facts say what is wrong.
    """
    return await _door_of(call).lazy.desk()


async def desk_and_caller(call: Call) -> tuple["Desk", str]:
    """Return the desk and the principal, as previews are bound to it and the audit names it.

    Raises:
        Misconfigured: see `desk_of`.
    """
    door = _door_of(call)
    return await door.lazy.desk(), door.caller().name


def _door_of(call: Call) -> Door:
    # Asked once for both: what the SDK keeps in a model of pydantic's takes it 4 µs to find.
    return call.request_context.lifespan_context
