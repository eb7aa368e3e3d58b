"""How the command line speaks of trouble: one line, no tracebacks, and an exit code."""

import os
import sys
import traceback
from typing import Final, cast

from strikedesk.domain.errors import DeskError, Misconfigured

FINE: Final = 0
FAILED: Final = 1
MISUSED: Final = 2


def complain(error: Exception) -> int:
    """Tell a person what went wrong, on stderr, and return the exit code that says the same."""
    cause = _only(error)
    if sys.stderr is not None:  # None where it was closed.
        sys.stderr.write(f"strikedesk: {_sentence(cause)}\n")
    return MISUSED if isinstance(cause, Misconfigured) else FAILED


def _only(error: Exception) -> Exception:
    """Unwrap what task groups wrap."""
    inside = cast("tuple[Exception, ...]", getattr(error, "exceptions", ()))
    return _only(inside[0]) if len(inside) == 1 else error


def _sentence(error: Exception) -> str:
    if isinstance(error, DeskError):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    # An unforeseen exception's own text may hold anything, a secret too: its place is enough.
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
    if isinstance(error, OSError) and error.errno is not None:
        # What the system says of a number is its own words: a full disk is no bug.
        return f"the system refused, at {place}: {os.strerror(error.errno)}."
    return f"a bug in strikedesk: {type(error).__name__} at {place}. Please report it."
