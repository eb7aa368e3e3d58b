"""What the owner keeps: lists of symbols, alerts, scans, and who may call."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from strikedesk.domain.alerts import Alert
from strikedesk.domain.symbols import Symbol

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchlist:
    """A named list of symbols, in the order the owner gave."""

    name: str
    symbols: tuple[Symbol, ...]
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange:
    """What becomes of the lists: those of `drop` go, then those of `save` are made or replaced."""

    save: tuple[Watchlist, ...] = ()
    drop: tuple[str, ...] = ()


class Watchlists(Protocol):
    """The owner's lists, shared by every process of the desk."""

    async def all(self) -> tuple[Watchlist, ...]:
        """Return every list, by name."""
        ...

    async def change(self, act: Callable[[tuple[Watchlist, ...]], tuple[ListChange, T]]) -> T:
        """Show every list to `act` and do what it says, in one step that nobody comes between.

        `act` may run on another thread, and must not wait; what it raises changes nothing.
        """
        ...


class Alerts(Protocol):
    """The owner's alerts, shared by every process of the desk."""

    async def all(self, broker: str) -> tuple[Alert, ...]:
        """Return the alerts of a broker, fired or not, oldest first."""
        ...

    async def add(self, alert: Alert, most: int) -> bool:
        """Store a new alert; False, and nothing is stored, where its broker has `most` already."""
        ...

    async def remove(self, broker: str, alert_id: str) -> bool:
        """Remove; False when that broker has none with that id."""
        ...

    async def fire(self, alert_id: str, at: datetime, value: Decimal) -> bool:
        """Keep that it fired; False when it had before, or is gone. Only one who asks gets True."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedScan:
    """A scan that somebody wrote: its definition is TOML text, as it was given."""

    name: str
    definition: str
    updated_at: datetime


class SavedScans(Protocol):
    """The owner's scans, shared by every process of the desk."""

    async def all(self) -> tuple[SavedScan, ...]:
        """Return every scan, by name."""
        ...

    async def save(self, scan: SavedScan, most: int) -> bool:
        """Store a scan, in the place of one of its name; False where `most` others are there."""
        ...

    async def remove(self, name: str) -> bool:
        """Remove; False when there is none of that name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerToken:
    """A bearer token as stored: only its hash. `scope` is `read` or `trade`."""

    token_id: str
    name: str
    scope: str
    digest: str = field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None


class CallerTokens(Protocol):
    """Who may call over HTTP."""

    async def add(self, token: CallerToken) -> None:
        """Store a new token."""
        ...

    async def by_digest(self, digest: str) -> CallerToken | None:
        """Return the token with this SHA-256, revoked or not."""
        ...

    async def all(self) -> tuple[CallerToken, ...]:
        """Return every token, oldest first."""
        ...

    async def used(self, token_id: str, at: datetime) -> None:
        """Keep when it was last used; one that is not there is none."""
        ...

    async def revoke(self, token_id: str, at: datetime) -> bool:
        """Revoke; False when there is none with that id."""
        ...
