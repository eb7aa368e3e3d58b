"""Kinds of accounts, what they cost, and the levels of options that they may open."""

from enum import StrEnum
from typing import Final


class Environment(StrEnum):
    """What an order costs: nothing, or money."""

    PAPER = "paper"
    SANDBOX = "sandbox"
    LIVE = "live"


class AccountKind(StrEnum):
    """What rules of margin an account lives by."""

    CASH = "cash"
    MARGIN = "margin"
    IRA = "ira"


class OptionLevel(StrEnum):
    """What options an account may open, each level with all before it: 0 none to 4 naked.

    `covered` calls are backed by shares and puts by cash; `long` options are paid in full; in
    `spreads` a long option backs a short one; `naked` shorts are backed by margin.
    """

    NONE = "none"
    COVERED = "covered"
    LONG = "long"
    SPREADS = "spreads"
    NAKED = "naked"

    @property
    def rank(self) -> int:
        """Its number, 0 to 4."""
        return _RANKS[self]


_RANKS: Final = {level: rank for rank, level in enumerate(OptionLevel)}


# The highest level that the rules of a kind leave room for.
HIGHEST_LEVEL: Final = {
    AccountKind.CASH: OptionLevel.LONG,
    AccountKind.IRA: OptionLevel.SPREADS,
    AccountKind.MARGIN: OptionLevel.NAKED,
}
