"""Candidates as people trade them: contracts by name, money in Decimal."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING

from strikedesk.domain.margin import MarginRule
from strikedesk.domain.money import SHARES_PER_CONTRACT, to_cents
from strikedesk.domain.orders import Action, Leg
from strikedesk.domain.payoff import Holding, expirations_differ, payoff
from strikedesk.domain.symbols import EquitySymbol, Right, Symbol
from strikedesk.quant.candidates.measures import Measure
from strikedesk.quant.strategies.legs import Kind
from strikedesk.scan.chains import SeenChain

if TYPE_CHECKING:
    from strikedesk.domain.quotes import ChainRow
    from strikedesk.quant.candidates.found import Candidate, Chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One unit of a trade.

    Units: `mid`, `natural` and `price` USD per share of the unit, + paid: at the mids, across every
    spread, and what the scan reckons with in between; `max_profit` and `max_loss` USD a unit at
    `price`, before fees, None = unbounded; `quoted_at` the oldest of its quotes; `marks` USD a
    share of each leg and of the underlying; `margin` USD that a unit of unbounded loss binds, None
    where that is not known.
    Law: prices are exact sums of quotes. `exact` tells whether profit and loss are too: with two
    expirations they are the kernel's, to the cent.
    """

    underlying: EquitySymbol
    legs: tuple[Leg, ...]
    score: float
    mid: Decimal
    natural: Decimal
    price: Decimal
    max_profit: Decimal | None
    max_loss: Decimal | None
    exact: bool
    quoted_at: datetime
    measures: Mapping[Measure, float | None]
    marks: Mapping[Symbol, Decimal] = field(default_factory=dict[Symbol, Decimal], repr=False)
    margin: Decimal | None = None

    @property
    def return_on_capital(self) -> Decimal | None:
        """The most that it brings by the most that it costs, of an endless loss by the margin."""
        capital = self.margin if self.max_loss is None else self.max_loss
        if capital is None or capital <= 0 or self.max_profit is None:
            return None
        return self.max_profit / capital

    def bound_by(self, rule: MarginRule, on: date) -> "Pick":
        """Return this with what the rule says that it binds, where its loss has no bound.

        At the price that the scan reckons with. What settles in cash lends no cover across
        expirations, and nobody is asked here whether it does: it is taken to.
        """
        if self.max_loss is not None:
            return self
        holdings = {leg.symbol: leg.signed_quantity for leg in self.legs}
        found = rule(holdings, self.marks, on=on, settles_in_cash=True)
        if found is None:
            return self
        beyond = (self.price - self.mid) * SHARES_PER_CONTRACT
        return replace(self, margin=to_cents(found.taken + beyond))

    @property
    def words(self) -> str:
        """Its legs in a line: `-1 AAPL261218C00200000 +1 AAPL261218C00205000`."""
        return " ".join(f"{leg.signed_quantity:+d} {leg.symbol.compact}" for leg in self.legs)


def pick_of(candidate: "Candidate", chain: SeenChain, slippage: Decimal) -> Pick:
    """Return a candidate with its prices reckoned anew from the quotes of its legs."""
    rows = [_row(chosen, chain) for chosen in candidate.legs]
    legs = [_leg(chosen, row, chain) for chosen, row in zip(candidate.legs, rows, strict=True)]
    ratios = [chosen.ratio for chosen in candidate.legs]
    mid = sum((_mid(row, chain) * n for row, n in zip(rows, ratios, strict=True)), Decimal(0))
    across = sum((_half(row) * abs(n) for row, n in zip(rows, ratios, strict=True)), Decimal(0))
    price = mid + slippage * across
    profit, loss, exact = _bounds(legs, price, candidate.measures)
    return Pick(
        underlying=chain.underlying,
        legs=tuple(sorted(legs, key=_place)),
        score=candidate.score,
        mid=mid,
        natural=mid + across,
        price=price,
        max_profit=profit,
        max_loss=loss,
        exact=exact,
        quoted_at=min(chain.spot_at if row is None else row.quote.at for row in rows),
        measures=candidate.measures,
        marks={
            chain.underlying: chain.spot,
            **{row.contract: _mid(row, chain) for row in rows if row is not None},
        },
    )


def _place(leg: Leg) -> tuple[date, Decimal, bool]:
    """Shares first, then by expiration and strike, puts before calls."""
    if isinstance(leg.symbol, EquitySymbol):
        return date.min, Decimal(0), False
    return leg.symbol.expiration, leg.symbol.strike, leg.symbol.right is Right.CALL


def _row(chosen: "Chosen", chain: SeenChain) -> "ChainRow | None":
    """Return the contract of a leg; None for shares."""
    if chosen.kind is Kind.SHARE:
        return None
    piece = chain.pieces[chosen.slice]
    side = piece.calls if chosen.kind is Kind.CALL else piece.puts
    return side[piece.strikes[chosen.row]]


def _leg(chosen: "Chosen", row: "ChainRow | None", chain: SeenChain) -> Leg:
    bought = chosen.ratio > 0
    if row is None:
        return Leg(
            symbol=chain.underlying,
            action=Action.BUY if bought else Action.SELL,
            quantity=abs(chosen.ratio) * SHARES_PER_CONTRACT,
        )
    return Leg(
        symbol=row.contract,
        action=Action.BUY_TO_OPEN if bought else Action.SELL_TO_OPEN,
        quantity=abs(chosen.ratio),
    )


def _mid(row: "ChainRow | None", chain: SeenChain) -> Decimal:
    """Return the mid of a contract; the search takes none without both sides."""
    if row is None:
        return chain.spot
    return row.quote.mid or Decimal(0)


def _half(row: "ChainRow | None") -> Decimal:
    """Return half the spread; shares are taken at the spot."""
    if row is None or row.quote.ask is None or row.quote.bid is None:
        return Decimal(0)
    return (row.quote.ask - row.quote.bid) / 2


def _bounds(
    legs: list[Leg], price: Decimal, measures: Mapping[Measure, float | None]
) -> tuple[Decimal | None, Decimal | None, bool]:
    """Return the most that the first expiration brings and costs, and whether that is exact."""
    holdings = [Holding(symbol=leg.symbol, quantity=leg.signed_quantity) for leg in legs]
    if expirations_differ(holdings):
        profit, loss = (_usd(measures[m]) for m in (Measure.MAX_PROFIT, Measure.MAX_LOSS))
        return profit, loss, False
    found = payoff(holdings, -price * SHARES_PER_CONTRACT)
    return found.max_profit, found.max_loss, True


def _usd(per_share: float | None) -> Decimal | None:
    if per_share is None or not isfinite(per_share):
        return None
    return to_cents(Decimal(str(per_share)) * SHARES_PER_CONTRACT)
