"""What breaks in an event loop while nobody waits for it: told by kind and place, as the log is.

asyncio's own way of telling shows the task or the callback, and with it the exception's words.
"""

import asyncio
import logging
from typing import Any, Final

_log: Final = logging.getLogger(__name__)


def tell_by_place(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Write into the log that something broke; a handler for `loop.set_exception_handler`."""
    _log.error("a task or a callback broke", exc_info=context.get("exception"))


def quiet_loop() -> None:
    """Tell what breaks in the running loop that way from now on."""
    asyncio.get_running_loop().set_exception_handler(tell_by_place)
