"""A clock and a source of names that the test moves by hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.builders import NOON


@dataclass(slots=True)
class StoppedClock:
    """Stands still until it is moved, forwards or backwards."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(slots=True)
class TickingClock(StoppedClock):
    """Goes on by a millisecond whenever it is read, as a real one does."""

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at


@dataclass(slots=True)
class CountingEntropy:
    """Gives names in order, so that a failing test reads the same every time."""

    count: int = 0

    def token(self) -> str:
        self.count += 1
        return f"token-{self.count:04d}-of-a-test"

    def identifier(self) -> str:
        self.count += 1
        return f"id-{self.count:04d}"
