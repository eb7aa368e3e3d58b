"""What a check says, and what all of them together mean for the exit code."""

import json
from collections.abc import Awaitable, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

from strikedesk.domain.errors import DeskError


class Outcome(StrEnum):
    """From good to bad: `warn` is worth knowing; `fail` keeps something from working."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    name: str
    outcome: Outcome
    told: str


@dataclass(frozen=True, slots=True)
class Report:
    """All lines, in the order in which one thing needs another."""

    checks: tuple[Check, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of them."""
        return max((check.outcome for check in self.checks), key=list(Outcome).index)

    def as_json(self) -> str:
        """Return the report for a program."""
        checks = [asdict(check) for check in self.checks]
        return json.dumps({"outcome": self.outcome, "checks": checks}, indent=2)


def ok(name: str, told: str) -> Check:
    """Return a line that says all is well."""
    return Check(name, Outcome.OK, told)


def warn(name: str, told: str) -> Check:
    """Return a line worth knowing."""
    return Check(name, Outcome.WARN, told)


def fail(name: str, told: str) -> Check:
    """Return a line about something that does not work."""
    return Check(name, Outcome.FAIL, told)


def failed(name: str, error: DeskError | OSError) -> Check:
    """Return the line of a check that could not be made: that is no pass."""
    if isinstance(error, DeskError):
        return fail(name, str(error))
    return fail(name, f"{error.filename}: {error.strerror}")


async def made(name: str, making: Awaitable[Check]) -> Check:
    """Return what a check says, also where it stumbles."""
    try:
        return await making
    except (DeskError, OSError) as error:
        return failed(name, error)


def not_made(names: Iterable[str], needs: str) -> tuple[Check, ...]:
    """Return the lines of checks that wait for another one to pass."""
    return tuple(fail(name, f"could not be checked: it needs the {needs}") for name in names)
