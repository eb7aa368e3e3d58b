"""Time and chance: the only sources of either."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Return the instant, aware, in UTC."""
        ...


class Entropy(Protocol):
    """The only source of randomness."""

    def token(self) -> str:
        """Return a fresh unguessable token of at least 128 bits, URL-safe."""
        ...

    def identifier(self) -> str:
        """Return a fresh unique identifier, at most 36 characters of `[A-Za-z0-9-]`."""
        ...
