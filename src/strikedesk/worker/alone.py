"""`strikedesk worker`: a desk that serves nobody and does what is due."""

import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from strikedesk.logs.known import Known
from strikedesk.logs.lines import configure
from strikedesk.logs.loops import quiet_loop
from strikedesk.logs.redaction import Redactor
from strikedesk.logs.scrubber import Scrubber
from strikedesk.settings import Settings
from strikedesk.wiring import open_desk
from strikedesk.worker.loop import at_work

_log: Final = logging.getLogger(__name__)


def run_worker(settings: Settings, known: Known) -> None:
    """Work until a signal comes; what is `known` for a secret is in no line of the log.

    Raises:
        Misconfigured: the desk cannot be opened.
    """
    configure(Redactor(Scrubber(known)))
    anyio.run(work_until, settings, until_signal)


async def work_until(settings: Settings, ended: Callable[[], Awaitable[None]]) -> None:
    """Open the desk and work until something has ended."""
    quiet_loop()
    async with open_desk(settings) as desk, at_work(desk):
        _log.info("at work")
        await ended()


async def until_signal() -> None:
    """Wait for the signal that ends the process."""
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            return
