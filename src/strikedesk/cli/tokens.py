"""`strikedesk token`: who may call over the network. A token is shown once and stored hashed."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from strikedesk.cli.office import Office, open_office
from strikedesk.domain.errors import Denied
from strikedesk.domain.ports import CallerToken
from strikedesk.domain.reasons import Reason
from strikedesk.domain.tokens import token_digest

PREFIX: Final = "sdt_"
NAME_LENGTH_MAX: Final = 40
DAYS_MAX: Final = 3650


class Scope(StrEnum):
    """What a caller may do: look, or also preview, confirm and halt."""

    READ = "read"
    TRADE = "trade"


async def create(name: str, scope: Scope, days: int | None) -> tuple[CallerToken, str]:
    """Make a token; return what is stored of it, and the token itself, for the last time.

    Raises:
        Denied: INVALID_ARGUMENT, for a name that cannot be shown or that a live token has.
    """
    if not 1 <= len(name) <= NAME_LENGTH_MAX or not name.isprintable() or not name.strip() == name:
        raise Denied(Reason.INVALID_ARGUMENT, argument="NAME", characters_max=NAME_LENGTH_MAX)
    async with open_office() as office:
        now = office.clock.now()
        if any(token.name == name and is_live(token, now) for token in await office.tokens.all()):
            raise Denied(Reason.INVALID_ARGUMENT, argument="NAME", problem="a live token has it")
        return await _add(office, name, scope, None if days is None else now + timedelta(days=days))


async def listed() -> tuple[datetime, tuple[CallerToken, ...]]:
    """Return the time, and every token, oldest first."""
    async with open_office() as office:
        return office.clock.now(), await office.tokens.all()


async def revoke(token_id: str) -> None:
    """End a token; calls with it are refused from now on, in every process.

    Raises:
        Denied: INVALID_ARGUMENT, when there is none with that id.
    """
    async with open_office() as office:
        if not await office.tokens.revoke(token_id, office.clock.now()):
            problem = "there is no such token; `strikedesk token list` shows the ids"
            raise Denied(Reason.INVALID_ARGUMENT, argument="ID", problem=problem)
        await office.ledger.append(None, office.note("token_revoked", token_id=token_id))


def state_of(token: CallerToken, now: datetime) -> str:
    """Return `live`, `revoked` or `expired`."""
    if token.revoked_at is not None:
        return "revoked"
    return "live" if is_live(token, now) else "expired"


def is_live(token: CallerToken, now: datetime) -> bool:
    """Tell whether calls with it are admitted."""
    return token.revoked_at is None and (token.expires_at is None or now < token.expires_at)


def instants(token: CallerToken) -> tuple[datetime | None, datetime | None, datetime | None]:
    """Return when it was made, when it ends, and when it was last used."""
    return token.created_at, token.expires_at, token.used_at


async def _add(
    office: Office, name: str, scope: Scope, expires_at: datetime | None
) -> tuple[CallerToken, str]:
    text = f"{PREFIX}{office.entropy.token()}"
    token = CallerToken(
        token_id=office.entropy.identifier()[:8],
        name=name,
        scope=scope.value,
        digest=token_digest(text),
        created_at=office.clock.now(),
        expires_at=expires_at,
    )
    await office.tokens.add(token)
    note = office.note("token_created", token_id=token.token_id, name=name, scope=scope.value)
    await office.ledger.append(None, note)
    return token, text
