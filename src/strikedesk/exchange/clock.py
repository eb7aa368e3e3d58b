"""What time it is in a paper world, told from the time on the wall."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import floor
from typing import Final

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.ledger import Json
from strikedesk.domain.reasons import Reason
from strikedesk.exchange.fields import told_at

SPEED_MAX: Final = 3_600  # An hour of the market in a second of the wall.


class ClockMode(StrEnum):
    """How the world's time follows the wall's."""

    REAL = "real"
    OFFSET = "offset"
    SPEED = "speed"
    STEPPED = "stepped"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueClock:
    """A rule that makes the world's time of the wall's.

    `real` is the wall's time, `offset` runs `behind_s` seconds behind it. `speed` showed `at` when
    the wall showed `since`, and runs `speed` times as fast, also while nobody looks. `stepped`
    stands at `at` until it is moved; while a step is under way `began` and `target` are its ends.
    `frozen` stands at `at` for good.
    """

    mode: ClockMode = ClockMode.REAL
    behind_s: int = 0
    at: datetime | None = None
    since: datetime | None = None
    speed: int = 1
    began: datetime | None = None
    target: datetime | None = None

    @classmethod
    def frozen(cls, at: datetime) -> "VenueClock":
        """Return a clock that stands at `at`."""
        return cls(mode=ClockMode.FROZEN, at=at)

    @classmethod
    def stepped(cls, at: datetime) -> "VenueClock":
        """Return a clock that stands at `at` until it is moved."""
        return cls(mode=ClockMode.STEPPED, at=at)

    @classmethod
    def starting(cls, at: datetime, wall: datetime) -> "VenueClock":
        """Return a clock that shows `at`, or less than a second more, at `wall`, and runs.

        Never less: what is quoted from `at` on would not be there yet.
        """
        return cls(mode=ClockMode.OFFSET, behind_s=floor((wall - at).total_seconds()))

    @classmethod
    def accelerated(cls, at: datetime, wall: datetime, speed: int) -> "VenueClock":
        """Return a clock that shows `at` at `wall` and runs `speed` times as fast as the wall."""
        return cls(mode=ClockMode.SPEED, at=at, since=wall, speed=speed)

    def instant(self, wall: datetime) -> datetime:
        """Return the world's time when the wall shows `wall`; never before it began."""
        if self.at is None:
            return wall - timedelta(seconds=self.behind_s)
        if self.since is None:
            return self.at
        return self.at + max(wall - self.since, timedelta(0)) * self.speed

    def stepping(self, target: datetime) -> "VenueClock":
        """Return this clock with a step to `target` begun, and nothing of it done."""
        return replace(self, began=self.at, target=target)

    def moved(self, at: datetime) -> "VenueClock":
        """Return this clock at `at`; a step that has reached its target is over."""
        if at == self.target:
            return VenueClock.stepped(at)
        return replace(self, at=at)

    def resumed(self, at: datetime, wall: datetime) -> "VenueClock":
        """Return a clock of the same kind that goes on from `at`; `real` stays the wall's."""
        match self.mode:
            case ClockMode.OFFSET:
                return VenueClock.starting(at, wall)
            case ClockMode.SPEED:
                return VenueClock.accelerated(at, wall, self.speed)
            case ClockMode.REAL | ClockMode.STEPPED | ClockMode.FROZEN:
                return self

    def same_pace(self, other: "VenueClock") -> bool:
        """Whether both follow the wall in the same way, whatever they show."""
        return (self.mode, self.speed) == (other.mode, other.speed)

    @property
    def in_words(self) -> str:
        """The mode, and how fast where it says."""
        return f"{self.mode.value}:{self.speed}" if self.mode is ClockMode.SPEED else self.mode

    def document(self) -> dict[str, Json]:
        """Return the clock as the world's header keeps it."""
        told: dict[str, Json] = {"mode": self.mode.value}
        instants = {
            "at": self.at,
            "since": self.since,
            "began": self.began,
            "target": self.target,
        }
        told |= {name: told_at(at) for name, at in instants.items() if at is not None}
        if self.mode is ClockMode.OFFSET:
            told["behind_s"] = self.behind_s
        if self.mode is ClockMode.SPEED:
            told["speed"] = self.speed
        return told


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
        case {"mode": "speed", "at": str(at), "since": str(since), "speed": int(speed)}:
            return VenueClock.accelerated(_instant(at), _instant(since), speed)
        case {"mode": "stepped", "at": str(at), "began": str(began), "target": str(target)}:
            stepped = VenueClock.stepped(_instant(at))
            return replace(stepped, began=_instant(began), target=_instant(target))
        case {"mode": "stepped", "at": str(at)}:
            return VenueClock.stepped(_instant(at))
        case {"mode": "frozen", "at": str(at)}:
            return VenueClock.frozen(_instant(at))
        case _:
            raise Misconfigured(Reason.CONFIGURATION_UNREADABLE, setting="the paper world's clock")


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise Misconfigured(Reason.CONFIGURATION_UNREADABLE, setting="the paper world's clock")
    return at
