"""What is asked of an underlying and of the account before its chain is searched."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import inf
from typing import Final

from strikedesk.domain.accounts import Balances, Position
from strikedesk.domain.errors import Denied
from strikedesk.domain.ports import UnderlyingFacts
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.domain.underlying_facts import Known, UnderlyingFact
from strikedesk.scan.definition import Bounds, Distribution, PortfolioRules, Scan
from strikedesk.scan.sources import Holder
from strikedesk.scan.verdicts import RuledOutError

EARNINGS: Final = UnderlyingFact.DAYS_TO_EARNINGS
EX_DIVIDEND: Final = UnderlyingFact.DAYS_TO_EX_DIVIDEND
_EVENTS: Final = {EARNINGS: "earnings", EX_DIVIDEND: "ex-dividend"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What an account leaves room for.

    Units: `loss_most` USD that one unit may lose, None = anything; `open_in` counts the positions
    that are held, by underlying, and `positions` is how many there may be, None = any number.
    """

    loss_most: Decimal | None = None
    positions: int | None = None
    open_in: Mapping[str, int]

    def check(self, underlying: EquitySymbol) -> None:
        """Rule an underlying out of which too much is held.

        Raises:
            RuledOutError: one more would be too many.
        """
        held = self.open_in.get(underlying.ticker, 0)
        if self.positions is not None and held > self.positions:
            raise RuledOutError("positions", f"{held} are held, at most {self.positions}")


async def room_of(rules: PortfolioRules, books: Holder, account: str | None) -> Room:
    """Return the room that an account leaves by these rules: `account`, else the one they name.

    Raises:
        Denied: INVALID_ARGUMENT where there are rules and no account, ACCOUNT_UNKNOWN, or
            DATA_UNAVAILABLE where the broker does not say what the account is worth.
    """
    if not rules.any:
        return Room(open_in={})
    account = rules.account if account is None else account
    if account is None:
        needed = "an account: this scan has portfolio rules"
        raise Denied(Reason.INVALID_ARGUMENT, argument="account", needed=needed)
    balances, held = await books.balances(account), await books.held(account)
    return Room(
        loss_most=_loss_most(rules, balances), positions=rules.positions, open_in=_counted(held)
    )


def _counted(held: Sequence[Position]) -> Mapping[str, int]:
    return Counter(position.symbol.underlying for position in held)


def _loss_most(rules: PortfolioRules, balances: Balances) -> Decimal | None:
    shares = (
        (rules.loss_share, balances.net_liquidation, "net_liquidation"),
        (rules.power_share, balances.option_buying_power, "option_buying_power"),
    )
    most: list[Decimal] = []
    for share, amount, name in shares:
        if share is not None and amount is None:
            raise Denied(Reason.DATA_UNAVAILABLE, lacks=name)
        if share is not None and amount is not None:
            most.append(Decimal(str(share)) * max(amount, Decimal(0)))
    return min(most, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """What is known of an underlying that passes.

    Units: `before` days within which a trade has to end, and `event` what happens then; `forecast`
    a volatility, or None.
    """

    before: float = inf
    event: str = "nothing"
    forecast: float | None = None


async def screened(facts: UnderlyingFacts, underlying: EquitySymbol, scan: Scan) -> Screened:
    """Hold an underlying to the rules about it.

    Raises:
        RuledOutError: one is broken, or its fact is not known.
        Denied: SYMBOL_NOT_FOUND.
        Unavailable: the market cannot be asked.
    """
    wanted = set(scan.facts)
    wanted |= {EARNINGS} if scan.around.no_earnings else set()
    wanted |= {EX_DIVIDEND} if scan.around.no_ex_dividend else set()
    if scan.distribution is Distribution.REALISED:
        wanted.add(UnderlyingFact.REALISED_VOLATILITY)
    known = await facts.facts(underlying, wanted)
    for fact, asked in scan.facts.items():
        _check(fact, asked, known[fact])
    before, event = _before(scan, known)
    return Screened(before=before, event=event, forecast=_forecast(scan, known))


def _check(fact: UnderlyingFact, asked: Bounds | tuple[str, ...], known: Known) -> None:
    value = known.value
    if value is None:
        raise RuledOutError(fact.value, f"unknown: {known.why}")
    if isinstance(asked, tuple):
        if value not in asked:
            raise RuledOutError(fact.value, f"{value}, asked {' or '.join(asked)}")
    elif isinstance(value, str) or not asked.hold(value):
        raise RuledOutError(fact.value, f"{_shown(value)}, asked {asked}")


def _before(scan: Scan, known: Mapping[UnderlyingFact, Known]) -> tuple[float, str]:
    """Return in how many days the first thing happens that a trade must not see, and what."""
    asked = {EARNINGS: scan.around.no_earnings, EX_DIVIDEND: scan.around.no_ex_dividend}
    events = [(_days(fact, known[fact]), _EVENTS[fact]) for fact, ruled in asked.items() if ruled]
    return min(events, default=(inf, "nothing"))


def _days(fact: UnderlyingFact, known: Known) -> float:
    if not isinstance(known.value, float):
        raise RuledOutError(fact.value, f"unknown: {known.why}")
    return known.value


def _forecast(scan: Scan, known: Mapping[UnderlyingFact, Known]) -> float | None:
    if scan.distribution is not Distribution.REALISED:
        return None
    return _days(UnderlyingFact.REALISED_VOLATILITY, known[UnderlyingFact.REALISED_VOLATILITY])


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"
