"""A conversation over one socket: who speaks when, and how a silence is noticed."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from strikedesk.brokers.tastytrade.patience import Waits
from strikedesk.brokers.tastytrade.sockets import Gone, Socket
from strikedesk.domain.ports import Clock


class Talk(Protocol):
    """What is said and understood, without a socket."""

    @property
    def ready(self) -> bool:
        """Whether the other side has let us in."""
        ...

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        ...

    @property
    def silence_max_s(self) -> float:
        """How long the other side lets us be silent."""
        ...

    def begin(self) -> Sequence[str]:
        """Return what to say first."""
        ...

    def hear(self, message: bytes, at: datetime) -> Sequence[str]:
        """Take in what was said at `at`; return what to answer. It raises nothing."""
        ...

    def change(self) -> Sequence[str]:
        """Return what to say now that something else is wanted."""
        ...

    def alive(self) -> Sequence[str]:
        """Return a sign of life."""
        ...


class Conversation:
    """Speaks and listens until it is over. `changed` wakes it when something else is wanted.

    Law: it ends when the other side says nothing for `waits.silence_s`, does not let us in within
    `waits.ready_s`, or does not take what we say for as long.
    """

    def __init__(
        self, socket: Socket, talk: Talk, *, clock: Clock, waits: Waits, changed: asyncio.Event
    ) -> None:
        """Name both sides."""
        self._socket = socket
        self._talk = talk
        self._clock = clock
        self._waits = waits
        self._changed = changed
        self._time = asyncio.get_running_loop().time
        self._begun = self._heard = self._said = self._time()

    async def run(self, ready: Callable[[], None]) -> None:
        """Speak, and call `ready` once when the other side lets us in.

        Raises:
            Gone: always, in the end.
        """
        # Not a group of tasks: that forgets that it was sent home where one of them fails as well.
        both = [asyncio.create_task(each) for each in (self._listen(ready), self._speak())]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.wait(both)
        errors = [task.exception() for task in both if not task.cancelled()]
        for error in errors:
            if error is not None and not isinstance(error, Gone | TimeoutError):
                raise error
        raise Gone

    async def _listen(self, ready: Callable[[], None]) -> None:
        let_in = False
        while not self._talk.over:
            message = await self._socket.receive()
            self._heard = self._time()
            await self._say(self._talk.hear(message, self._clock.now()))
            if self._talk.ready and not let_in:
                let_in = True
                ready()
                self._changed.set()
        raise Gone

    async def _speak(self) -> None:
        await self._say(self._talk.begin())
        while True:
            await self._until_something_is_due()
            self._look_at_the_time()
            await self._say(self._talk.change())
            if self._time() - self._said >= self._pace_s:
                await self._say(self._talk.alive())
                self._said = self._time()  # Also where there was nothing to say yet.

    async def _say(self, texts: Sequence[str]) -> None:
        for text in texts:
            async with asyncio.timeout(self._waits.ready_s):
                await self._socket.send(text)
            self._said = self._time()

    async def _until_something_is_due(self) -> None:
        """Wait until something else is wanted, or it is time to look at the time."""
        due = min(self._said + self._pace_s, self._deadline)
        try:
            async with asyncio.timeout_at(due):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    def _look_at_the_time(self) -> None:
        if self._time() >= self._deadline:
            raise Gone

    @property
    def _pace_s(self) -> float:
        return min(self._waits.keepalive_s, self._talk.silence_max_s / 2)

    @property
    def _deadline(self) -> float:
        """By when we must have heard something, or been let in."""
        heard_by = self._heard + self._waits.silence_s
        return heard_by if self._talk.ready else min(heard_by, self._begun + self._waits.ready_s)
