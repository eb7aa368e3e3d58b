"""The client: reads with patience, and pages to the end."""

import asyncio
from dataclasses import dataclass
from typing import Final, TypeVar

import stamina
import stamina.instrumentation
from pydantic import TypeAdapter, ValidationError

from strikedesk.brokers.tastytrade.calls import Call
from strikedesk.brokers.tastytrade.faults import UNAUTHORIZED, Trouble, away, trouble_of
from strikedesk.brokers.tastytrade.pace import Pace
from strikedesk.brokers.tastytrade.payloads.envelopes import Listed, Told
from strikedesk.brokers.tastytrade.session import Session
from strikedesk.brokers.tastytrade.wire import Answer, NoAnswer, NotSent, Wire

T = TypeVar("T")

PAGES_MAX: Final = 200
_WAIT_MAX_S: Final = 8.0

# Its own hooks write to wherever structlog points, which may be the protocol's stdout.
stamina.instrumentation.set_on_retry_hooks(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a read is tried: attempts with growing, jittered waits, and an end to it all."""

    attempts: int = 4
    first_wait_s: float = 0.25
    in_all_s: float = 45.0


class Client:
    """Reads one user's tastytrade. For one event loop.

    Raises (all reads): `Denied` for what is not there, `Misconfigured` where the owner has to act,
    `Unavailable` for the rest; never in the broker's words.
    """

    def __init__(
        self,
        *,
        wire: Wire,
        session: Session,
        pace: Pace | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Read over this wire as this session."""
        self._wire = wire
        self._session = session
        self._pace = pace or Pace()
        self._patience = patience or Patience()

    async def one(self, call: Call, of: TypeAdapter[Told[T]]) -> T:
        """Return what the envelope of one object holds."""
        return _decoded(of, await self.read(call)).data

    async def page(self, call: Call, of: TypeAdapter[Listed[T]]) -> Listed[T]:
        """Return one page of a list."""
        return _decoded(of, await self.read(call))

    async def every(self, call: Call, of: TypeAdapter[Listed[T]]) -> tuple[T, ...]:
        """Return the items of all pages.

        Raises:
            Unavailable: the pages do not follow each other, or are more than anybody has: a part
                is never told for all.
        """
        items = list[T]()
        for page in range(PAGES_MAX):
            read = await self.page(call.on_page(page), of)
            items += read.data.items
            follows = read.follows(page)
            if follows is None:
                break
            if not follows:
                return tuple(items)
        raise away()

    async def read(self, call: Call) -> bytes:
        """Return the body of an answer that is fine."""
        try:
            async with asyncio.timeout(self._patience.in_all_s):
                return await self._patiently(call)
        except Trouble as trouble:
            raise trouble.error from None
        except TimeoutError:
            raise away() from None

    async def _patiently(self, call: Call) -> bytes:
        """Read once, and again where that may help: most reads need no one who counts tries."""
        try:
            return await self._once(call)
        except Trouble as trouble:
            first = trouble
        return await self._again(call, first)

    async def _again(self, call: Call, first: Trouble) -> bytes:
        """Read with the tries that are left after the first, which went wrong."""
        tries = stamina.retry_context(
            on=_may_help,
            attempts=self._patience.attempts,
            timeout=self._patience.in_all_s,
            wait_initial=self._patience.first_wait_s,
            wait_max=_WAIT_MAX_S,
            wait_jitter=self._patience.first_wait_s,
        )
        async for attempt in tries:
            with attempt:
                if attempt.num == 1:
                    raise first
                return await self._once(call)
        raise away()  # pragma: no cover -- the last attempt raises

    async def _once(self, call: Call) -> bytes:
        answer = await self._answered(call)
        if answer.status == UNAUTHORIZED:
            # The token may have ended before its time; once, a new one may say otherwise.
            answer = await self._answered(call)
        if not answer.fine:
            raise trouble_of(call, answer)
        return answer.body

    async def _answered(self, call: Call) -> Answer:
        await self._pace.turn("GET", call.path)
        token = await self._session.token()
        try:
            answer = await self._wire.exchange(
                "GET", call.target, bearer=token.reveal(), bytes_max=call.bytes_max
            )
        except (NotSent, NoAnswer):
            raise Trouble(away(), passes=True) from None
        if answer.status == UNAUTHORIZED:
            self._session.drop(token)
        return answer


def _may_help(error: Exception) -> bool | float:
    """Say whether another try may help, or after how long the broker wants one."""
    if not isinstance(error, Trouble) or not error.passes:
        return False
    return True if not error.after_s else min(error.after_s, _WAIT_MAX_S)


def _decoded(of: TypeAdapter[T], body: bytes) -> T:
    try:
        return of.validate_json(body)
    except ValidationError:
        raise away() from None  # What pydantic says quotes the body.
