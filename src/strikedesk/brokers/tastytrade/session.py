"""The session: one access token for all who ask, refreshed ahead by one of them."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from strikedesk.brokers.tastytrade.faults import BROKER
from strikedesk.brokers.tastytrade.grants import Grant
from strikedesk.brokers.tastytrade.token_desk import Access, TokenDesk
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.ports import Clock
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret

AHEAD: Final = timedelta(seconds=60)
# A grant that was refused is not offered again meanwhile: too many refusals block the address.
REST: Final = timedelta(minutes=5)


class Session:
    """Holds the access token of one grant. For one event loop.

    Law: however many ask at once, one asks the broker; none of them can cancel it for the others.
    A refused grant is told to everybody in the same words.
    """

    def __init__(self, *, grant: Grant | None, desk: TokenDesk, clock: Clock) -> None:
        """Begin without a token; the first who asks fetches it. Without a grant there is none."""
        self._grant = grant
        self._desk = desk
        self._clock = clock
        self._access: Access | None = None
        self._refresh_at: datetime | None = None
        self._fetching: asyncio.Task[Access] | None = None
        self._refused: tuple[Misconfigured, datetime] | None = None

    async def token(self) -> Secret:
        """Return a token that lives a while yet.

        Raises:
            Misconfigured: BROKER_NOT_LINKED, or see `TokenDesk.refresh`.
            Unavailable: see there.
        """
        if self._access is not None and not self._is_due():
            return self._access.token
        self._tell_refusal()
        if self._fetching is None:
            fetch = self._fetch(self._granted())
            self._fetching = asyncio.create_task(fetch, name="a token's refresh")
            self._fetching.add_done_callback(self._fetched)
        return (await asyncio.shield(self._fetching)).token

    def drop(self, token: Secret) -> None:
        """Forget a token that the broker refused; a newer one stays."""
        if self._access is not None and self._access.token == token:
            self._access = None

    def _is_due(self) -> bool:
        return self._refresh_at is None or self._clock.now() >= self._refresh_at

    def _granted(self) -> Grant:
        if self._grant is not None:
            return self._grant
        environment = self._desk.site.environment.value
        raise Misconfigured(Reason.BROKER_NOT_LINKED, broker=BROKER, environment=environment)

    async def _fetch(self, grant: Grant) -> Access:
        now = self._clock.now()
        access = await self._desk.refresh(grant)
        self._access = access
        self._refresh_at = access.ends_at - min(AHEAD, (access.ends_at - now) / 2)
        return access

    def _fetched(self, task: asyncio.Task[Access]) -> None:
        self._fetching = None
        error = None if task.cancelled() else task.exception()
        told = isinstance(error, Misconfigured)
        self._refused = (error, self._clock.now() + REST) if told else None

    def _tell_refusal(self) -> None:
        if self._refused is None:
            return
        error, until = self._refused
        if self._clock.now() < until:
            raise Misconfigured(error.reason, **error.facts)
