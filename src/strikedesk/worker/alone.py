"""`strikedesk worker`: a desk that serves nobody and does what is due."""

import logging
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import anyio

from strikedesk.logs.known import Known
from strikedesk.logs.lines import configure
from strikedesk.logs.loops import quiet_loop
from strikedesk.logs.redaction import Redactor
from strikedesk.logs.scrubber import Scrubber
from strikedesk.settings import Settings
from strikedesk.worker.loop import at_work

_log: Final = logging.getLogger(__name__)


def run_worker(settings: Settings, known: Known) -> None:
    """Work until a signal comes; what is `known` for a secret is in no line of the log.

    Raises:
        Misconfigured: the desk cannot be opened.
    """
    configure(Redactor(Scrubber(known)))
    anyio.run(work_until_signal, settings)


async def work_until_signal(settings: Settings) -> None:
    """Hear signals first: one that comes while the desk opens ends it when it is open, as ever."""
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        _log.info("opening the desk")
        await work_until(settings, partial(anext, signals))


async def work_until(settings: Settings, ended: Callable[[], Awaitable[object]]) -> None:
    """Open the desk and work until something has ended."""
    from strikedesk.wiring import open_desk  # noqa: PLC0415 -- a signal is heard before

    quiet_loop()
    async with open_desk(settings) as desk, at_work(desk):
        _log.info("at work")
        await ended()
