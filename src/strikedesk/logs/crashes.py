"""A crash tells where it happened and what kind it is: no words of the exception, and no core.

Python's own hooks print the exception's text, and that may quote a header or a key.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Final

from strikedesk.logs.places import causes

# A core file holds the whole memory, keys too.
_PR_SET_DUMPABLE: Final = 4


def keep_no_core() -> None:
    """Let no core file be written, and no other process of the user read this one's memory."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 -- not on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            import ctypes  # noqa: PLC0415 -- of this system only

            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


@contextmanager
def quiet_crashes() -> Generator[None]:
    """Tell crashes in our words meanwhile: of the process, of threads, of what nobody awaited.

    Commands set up no log: what an event loop or a library would print for want of one is told the
    same way. A server's log has every frame, and no words either.
    """
    before = sys.excepthook, threading.excepthook, sys.unraisablehook, logging.lastResort
    sys.excepthook, threading.excepthook, sys.unraisablehook = _main, _thread, _unraisable
    logging.lastResort = _Unlogged(logging.WARNING)
    left: SystemExit | None = None
    try:
        yield
    except SystemExit as error:
        left = error
    # Not `finally`: what else flies by makes the interpreter ask the hook.
    sys.excepthook, threading.excepthook, sys.unraisablehook, logging.lastResort = before
    if left is not None:
        raise left


class _Unlogged(logging.Handler):
    """Tells that something was logged where nobody set up a log, and not its words."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell who spoke, and of which error."""
        _tell(record.name, None if record.exc_info is None else record.exc_info[1])


def _main(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    _tell("the process", error)


def _thread(told: threading.ExceptHookArgs) -> None:
    _tell("a thread", told.exc_value)


def _unraisable(told: "sys.UnraisableHookArgs") -> None:
    _tell("a clean-up", told.exc_value)


def _tell(what: str, error: BaseException | None) -> None:
    """Write one line; where stderr is gone there is nobody to tell."""
    with suppress(Exception):
        sys.stderr.write(f"strikedesk: {what} broke: {_kinds(error)}\n")
        sys.stderr.flush()


def _kinds(error: BaseException | None) -> str:
    """Return the kind and place of an error, and those of its causes."""
    return ", after ".join(map(_kind, causes(error))) or "nobody knows what"


def _kind(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
