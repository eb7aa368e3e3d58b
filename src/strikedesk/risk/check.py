"""A check: how it ended, with the figures it looked at."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

from strikedesk.domain.errors import Fact
from strikedesk.domain.reasons import Reason

# From this part of a numeric limit on, the owner hears that it is near.
WARNED_FROM: Final = Decimal("0.7")


class Outcome(StrEnum):
    """How a check ended. `warned` passed, at 70 % of its limit or more.

    `not_run` is for checks that cannot apply, are not set, or had nobody to ask.
    """

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    NOT_RUN = "not_run"


# A tuple, which is made in a third of the time: an order on its way makes some sixty of them.
class Check(NamedTuple):
    """A check by name, how it ended, and the figures it looked at."""

    name: str
    outcome: Outcome
    facts: Mapping[str, Fact] = MappingProxyType({})
    reason: Reason | None = None


def bounded(
    name: str,
    amount: Decimal | int,
    most: Decimal | int,
    reason: Reason,
    facts: Mapping[str, Fact],
) -> Check:
    """Return a check that `amount` is no more than `most`, warning when it is near."""
    if amount > most:
        return Check(name, Outcome.FAILED, facts, reason)
    near = amount > 0 and amount >= WARNED_FROM * most  # Nothing at all is never near.
    return Check(name, Outcome.WARNED if near else Outcome.PASSED, facts)


def verdict(name: str, *, passed: bool, reason: Reason, facts: Mapping[str, Fact]) -> Check:
    """Return a check that passed, or failed for `reason`."""
    if passed:
        return Check(name, Outcome.PASSED, facts)
    return Check(name, Outcome.FAILED, facts, reason)


def lacking(name: str, missing: str, reason: Reason = Reason.CHECK_IMPOSSIBLE) -> Check:
    """Return the failure of a check whose fact is missing."""
    return Check(name=name, outcome=Outcome.FAILED, facts={"missing": missing}, reason=reason)


@cache
def unset(name: str, rule: str = "not_set") -> Check:
    """Return a check that did not run, and why: words of ours alone, so that one serves all."""
    return Check(name, Outcome.NOT_RUN, MappingProxyType({"rule": rule}))


def excused(check: Check) -> Check:
    """Return what a check comes to for an order that only closes: it passes, and says why."""
    if check.outcome is not Outcome.FAILED:
        return check
    told: dict[str, Fact] = {**check.facts, "excused": "it_only_closes"}
    return Check(name=check.name, outcome=Outcome.PASSED, facts=told)
