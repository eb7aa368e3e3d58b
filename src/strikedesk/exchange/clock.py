"""What time it is in a paper world, told from the time on the wall."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import floor

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.ledger import Json
from strikedesk.domain.reasons import Reason


class ClockMode(StrEnum):
    """How the world's time follows the wall's."""

    REAL = "real"
    OFFSET = "offset"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueClock:
    """`real` is the wall's time, `offset` runs `behind_s` seconds behind it, `frozen` stands."""

    mode: ClockMode = ClockMode.REAL
    behind_s: int = 0
    at: datetime | None = None

    @classmethod
    def frozen(cls, at: datetime) -> "VenueClock":
        """Return a clock that stands at `at`."""
        return cls(mode=ClockMode.FROZEN, at=at)

    @classmethod
    def starting(cls, at: datetime, wall: datetime) -> "VenueClock":
        """Return a clock that shows `at`, or less than a second more, at `wall`, and runs.

        Never less: what is quoted from `at` on would not be there yet.
        """
        return cls(mode=ClockMode.OFFSET, behind_s=floor((wall - at).total_seconds()))

    def instant(self, wall: datetime) -> datetime:
        """Return the world's time when the wall shows `wall`."""
        if self.at is not None:
            return self.at
        return wall - timedelta(seconds=self.behind_s)

    def document(self) -> dict[str, Json]:
        """Return the clock as the world's header keeps it."""
        if self.at is not None:
            return {"mode": self.mode.value, "at": self.at.isoformat()}
        if self.mode is ClockMode.OFFSET:
            return {"mode": self.mode.value, "behind_s": self.behind_s}
        return {"mode": self.mode.value}


def read_clock(document: Mapping[str, Json]) -> VenueClock:
    """Return the clock of a header.

    Raises:
        Misconfigured: CONFIGURATION_UNREADABLE for a mode that nobody knows.
    """
    match document:
        case {"mode": "real"}:
            return VenueClock()
        case {"mode": "offset", "behind_s": int(behind_s)}:
            return VenueClock(mode=ClockMode.OFFSET, behind_s=behind_s)
        case {"mode": "frozen", "at": str(at)}:
            return VenueClock.frozen(datetime.fromisoformat(at))
        case _:
            raise Misconfigured(Reason.CONFIGURATION_UNREADABLE, setting="the paper world's clock")
