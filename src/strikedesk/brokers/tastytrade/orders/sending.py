"""The two ways in which anything about an order goes to tastytrade: a rehearsal, and the act.

A rehearsal's path ends with `/dry-run`, and nothing at the broker changes by it. The act is called
from one place, which is the one that the desk's submitter calls.
"""

from dataclasses import dataclass, field
from typing import Final

from strikedesk.brokers.tastytrade.calls import ANSWER_MAX
from strikedesk.brokers.tastytrade.faults import UNAUTHORIZED, away
from strikedesk.brokers.tastytrade.pace import Pace
from strikedesk.brokers.tastytrade.session import Session
from strikedesk.brokers.tastytrade.wire import Answer, NoAnswer, NotSent, Wire

DRY_RUN: Final = "/dry-run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One change at the broker, written out. It is sent once, whatever comes of it."""

    method: str
    path: str = field(repr=False)  # It names the account by its number.
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Sends bodies about orders. It tries nothing twice."""

    wire: Wire
    session: Session
    pace: Pace

    async def rehearse(self, path: str, body: bytes) -> Answer:
        """Ask what an order would do; `path` is that of the act itself.

        Raises:
            Unavailable: no answer.
            Misconfigured: see `Session.token`.
        """
        try:
            return await self._sent("POST", path + DRY_RUN, body)
        except (NotSent, NoAnswer):
            raise away() from None

    async def act(self, act: Act) -> Answer:
        """Do it. A token that is about to end is renewed first, so that a refusal of it is rare.

        Raises:
            NotSent: it never left.
            NoAnswer: it may have arrived.
            Unavailable, Misconfigured: no token; it never left.
        """
        return await self._sent(act.method, act.path, act.body)

    async def _sent(self, method: str, path: str, body: bytes | None) -> Answer:
        await self.pace.turn(method, path)
        token = await self.session.token()
        answer = await self.wire.exchange(
            method, path, bearer=token.reveal(), body=body, bytes_max=ANSWER_MAX
        )
        if answer.status == UNAUTHORIZED:
            self.session.drop(token)
        return answer
