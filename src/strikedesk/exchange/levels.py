"""Levels: which options an account may open, and what stands behind its short calls.

Source: retail brokers have four or five such levels under various numbers; FINRA rule 2360(b)(16)
asks that an account be approved for what it does. Their order here is that of `OptionLevel`.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from strikedesk.domain.accounts import AccountKind, OptionLevel
from strikedesk.domain.errors import Rejected
from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.exchange import rules
from strikedesk.exchange.accounts import PaperAccount
from strikedesk.exchange.book import Part

_NO_SHORT_SHARES: Final = {
    AccountKind.CASH: "no_short_shares_in_a_cash_account",
    AccountKind.IRA: "no_short_shares_in_an_ira",
}


def check_short_shares(account: PaperAccount, parts: Iterable[Part]) -> None:
    """Refuse to sell shares short where nothing is lent.

    Raises:
        Rejected: INVALID_ORDER.
    """
    rule = _NO_SHORT_SHARES.get(account.kind)
    if rule is not None and any(_opens_short_shares(part) for part in parts):
        raise rules.rejection(Reason.INVALID_ORDER, rule=rule)


def check_opens(account: PaperAccount, parts: Iterable[Part]) -> None:
    """Refuse options that the level has no room for, whatever stands behind them.

    Raises:
        Rejected: OPTION_LEVEL_TOO_LOW.
    """
    opened = [p for p in parts if not p.closes and isinstance(p.symbol, OptionSymbol)]
    if any(part.sign > 0 for part in opened) and account.level.rank < OptionLevel.LONG.rank:
        raise _too_low(account, OptionLevel.LONG, "buying_options_needs_a_higher_level")
    if opened and account.level is OptionLevel.NONE:
        raise _too_low(account, OptionLevel.COVERED, "no_options_at_this_level")


def check_calls(
    account: PaperAccount,
    before: Mapping[Symbol, int],
    after: Mapping[Symbol, int],
    *,
    european: bool,
) -> None:
    """Refuse to leave more short calls without what the level asks to stand behind them.

    Puts need no such check: cash stands behind them, and buying power counts it.

    Raises:
        Rejected: OPTION_LEVEL_TOO_LOW.
    """
    if account.level is OptionLevel.NAKED:
        return
    spreads = account.level is OptionLevel.SPREADS
    bare = bare_calls(before, spreads=spreads, european=european)
    if bare_calls(after, spreads=spreads, european=european) <= max(bare, 0):
        return
    if spreads:
        raise _too_low(account, OptionLevel.NAKED, "a_short_call_needs_shares_or_a_long_behind_it")
    covered = bare_calls(after, spreads=True, european=european) <= 0
    needed = OptionLevel.SPREADS if covered else OptionLevel.NAKED
    raise _too_low(account, needed, "a_short_call_needs_shares_behind_it")


def bare_calls(holdings: Mapping[Symbol, int], *, spreads: bool, european: bool) -> int:
    """Return the short calls that no shares stand behind, nor a long call where `spreads` count.

    A long call covers a short one that ends no later; on the same day alone where `european`.
    """
    calls = {
        symbol: count
        for symbol, count in holdings.items()
        if isinstance(symbol, OptionSymbol) and symbol.right is Right.CALL
    }
    shares = sum(max(n, 0) for s, n in holdings.items() if isinstance(s, EquitySymbol))
    return _uncovered(calls, spreads=spreads, european=european) - shares // SHARES_PER_CONTRACT


def _uncovered(calls: Mapping[OptionSymbol, int], *, spreads: bool, european: bool) -> int:
    days = {contract.expiration for contract in calls}
    if not spreads:
        return sum(max(-count, 0) for count in calls.values())
    if european:
        on = (sum(n for c, n in calls.items() if c.expiration == day) for day in days)
        return sum(max(-count, 0) for count in on)
    since = (sum(n for c, n in calls.items() if c.expiration >= day) for day in days)
    return max((-count for count in since), default=0)


def _too_low(account: PaperAccount, needed: OptionLevel, rule: str) -> Rejected:
    return rules.rejection(
        Reason.OPTION_LEVEL_TOO_LOW, rule=rule, level=account.level.value, needed=needed.value
    )


def _opens_short_shares(part: Part) -> bool:
    return part.sign < 0 and not part.closes and isinstance(part.symbol, EquitySymbol)
