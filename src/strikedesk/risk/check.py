"""A check: how it ended, with the figures it looked at."""

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final

from strikedesk.domain.errors import Fact
from strikedesk.domain.reasons import Reason
from strikedesk.domain.value_class import value_class

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


@value_class
class Check:
    """A check by name, how it ended, and the figures it looked at."""

    name: str
    outcome: Outcome
    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
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
        return Check(name=name, outcome=Outcome.FAILED, facts=facts, reason=reason)
    near = amount > 0 and amount >= WARNED_FROM * most  # Nothing at all is never near.
    outcome = Outcome.WARNED if near else Outcome.PASSED
    return Check(name=name, outcome=outcome, facts=facts)


def verdict(name: str, *, passed: bool, reason: Reason, facts: Mapping[str, Fact]) -> Check:
    """Return a check that passed, or failed for `reason`."""
    if passed:
        return Check(name=name, outcome=Outcome.PASSED, facts=facts)
    return Check(name=name, outcome=Outcome.FAILED, facts=facts, reason=reason)


def lacking(name: str, missing: str, reason: Reason = Reason.CHECK_IMPOSSIBLE) -> Check:
    """Return the failure of a check whose fact is missing."""
    return Check(name=name, outcome=Outcome.FAILED, facts={"missing": missing}, reason=reason)


@cache
def unset(name: str, rule: str = "not_set") -> Check:
    """Return a check that did not run, and why: words of ours alone, so that one serves all."""
    return Check(name=name, outcome=Outcome.NOT_RUN, facts=MappingProxyType({"rule": rule}))


def excused(check: Check) -> Check:
    """Return what a check comes to for an order that only closes: it passes, and says why."""
    if check.outcome is not Outcome.FAILED:
        return check
    told: dict[str, Fact] = {**check.facts, "excused": "it_only_closes"}
    return Check(name=check.name, outcome=Outcome.PASSED, facts=told)
