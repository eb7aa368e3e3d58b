"""A scan, run: every symbol's chain searched, the best of all in one list."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from strikedesk.domain.calendar import exchange_date
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.margin import MarginRule
from strikedesk.domain.ports import UnderlyingFacts
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.scan.chains import seen_chain
from strikedesk.scan.definition import Distribution, Scan
from strikedesk.scan.hunting import NEAR, Hunted, NearPick, hunted, summed
from strikedesk.scan.listing import Closes, listed
from strikedesk.scan.picks import Pick
from strikedesk.scan.pieces import Pieces
from strikedesk.scan.reading import SYMBOLS_MAX
from strikedesk.scan.screening import Room, room_of, screened
from strikedesk.scan.sources import Holder, Lists, ScanMarket
from strikedesk.scan.verdicts import RuledOutError, SymbolVerdict, Verdict

# What is heard after each symbol: its verdict, how many are done, and of how many.
Progress = Callable[[SymbolVerdict, int, int], None]

AT_ONCE: Final = 4
# Of more, nothing is looked at that only tells why it was left out: a third of the time.
TELLS_WHY_UP_TO: Final = 50
_CLOSES: Final = timedelta(days=200)
_UNDER: Final = {
    Distribution.MARKET: "the market's own distribution, off the smile of each expiration",
    Distribution.REALISED: "lognormal at the volatility of the last 60 sessions' closes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """What a scan found, best first, and what it did not see.

    `removed` says how many trades one rule alone kept out, by rule, and how many symbols a rule
    about the underlying did; `near` are trades that one rule keeps out by little. Of many symbols
    (more than `TELLS_WHY_UP_TO`) no trades are told that are kept out.
    Source: chains at most five minutes old; each pick says when its oldest quote was made.
    """

    scan: Scan
    as_of: datetime
    picks: tuple[Pick, ...]
    near: tuple[NearPick, ...]
    enumerated: int
    passed: int
    removed: Mapping[str, int]
    flaws: Mapping[str, int]
    verdicts: tuple[SymbolVerdict, ...]
    distribution: str

    @property
    def endless(self) -> bool:
        """Whether the loss of some trade found has no bound."""
        return any(pick.max_loss is None for pick in self.picks)

    @property
    def unseen(self) -> tuple[SymbolVerdict, ...]:
        """The symbols of which nothing can be said."""
        return tuple(each for each in self.verdicts if each.verdict is Verdict.UNSEEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """Runs scans. It can look at the market, the owner's lists and the books, and act on none.

    `margin` says what a trade of unbounded loss binds where nothing else is held.
    """

    market: ScanMarket
    facts: UnderlyingFacts
    lists: Lists
    books: Holder
    margin: MarginRule
    pieces: Pieces = field(default_factory=Pieces, repr=False)

    async def __call__(
        self,
        scan: Scan,
        *,
        symbols: Sequence[EquitySymbol] = (),
        account: str | None = None,
        progress: Progress | None = None,
    ) -> ScanReport:
        """Run a scan; `symbols` take the place of its own.

        A symbol whose data cannot be had is told of, and the others are scanned all the same.

        Raises:
            Denied: INVALID_ARGUMENT without symbols, or without an account where the scan needs
                one; ACCOUNT_UNKNOWN; DATA_UNAVAILABLE where the account's worth is not known.
        """
        universe = await self._universe(scan, symbols)
        room = await room_of(scan.portfolio, self.books, account)
        await self.market.ready()
        gate, done = asyncio.Semaphore(AT_ONCE), 0
        near = NEAR if len(universe) <= TELLS_WHY_UP_TO else 0

        async def look(symbol: EquitySymbol) -> tuple[SymbolVerdict, Hunted | None]:
            nonlocal done
            async with gate:
                verdict, found = await self._look(scan, symbol, room, near)
            done += 1
            if progress is not None:
                progress(verdict, done, len(universe))
            return verdict, found

        looked = await asyncio.gather(*(look(symbol) for symbol in universe))
        return await self._report(scan, looked)

    async def _universe(
        self, scan: Scan, symbols: Sequence[EquitySymbol]
    ) -> tuple[EquitySymbol, ...]:
        own = symbols or scan.universe.symbols
        if not own and scan.universe.watchlist is not None:
            watchlist = await self.lists.named(scan.universe.watchlist)
            own = [EquitySymbol(symbol.underlying) for symbol in watchlist.symbols]
        found = tuple(dict.fromkeys(own))
        if not 1 <= len(found) <= SYMBOLS_MAX:
            between = f"1 and {SYMBOLS_MAX}"
            raise Denied(
                Reason.INVALID_ARGUMENT, argument="symbols", given=len(found), between=between
            )
        return found

    async def _look(
        self, scan: Scan, symbol: EquitySymbol, room: Room, near: int
    ) -> tuple[SymbolVerdict, Hunted | None]:
        """Search one symbol's chain; what cannot be is said."""
        ticker = symbol.ticker
        try:
            found = await self._hunt(scan, symbol, room, near)
        except RuledOutError as out:
            verdict = SymbolVerdict(
                symbol=ticker, verdict=Verdict.RULED_OUT, rule=out.rule, why=out.why
            )
            return verdict, None
        except (Denied, Unavailable) as error:
            rule = error.reason.name
            return SymbolVerdict(symbol=ticker, verdict=Verdict.UNSEEN, rule=rule), None
        seen = SymbolVerdict(
            symbol=ticker,
            verdict=Verdict.SCANNED,
            enumerated=found.enumerated,
            passed=found.passed,
        )
        return seen, found

    async def _hunt(self, scan: Scan, symbol: EquitySymbol, room: Room, near: int) -> Hunted:
        room.check(symbol)
        known = await screened(self.facts, symbol, scan)
        chain = await seen_chain(self.market, symbol, scan, known, self.pieces)
        return await asyncio.to_thread(hunted, chain, scan, room.loss_most, near=near)

    async def _report(
        self, scan: Scan, looked: Sequence[tuple[SymbolVerdict, Hunted | None]]
    ) -> ScanReport:
        found = [each for _, each in looked if each is not None]
        picks = [pick for each in found for pick in each.picks]
        closes = await self._closes(scan, picks)
        listing = listed(picks, scan.caps, closes, scan.top)
        today = exchange_date(self.market.now())
        near = sorted((one for each in found for one in each.near), key=lambda one: one.margin)
        ruled = [{v.rule: 1} for v, _ in looked if v.verdict is Verdict.RULED_OUT and v.rule]
        return ScanReport(
            scan=scan,
            as_of=self.market.now(),
            picks=tuple(pick.bound_by(self.margin, today) for pick in listing.picks),
            near=tuple(near[:NEAR]),
            enumerated=sum(each.enumerated for each in found),
            passed=sum(each.passed for each in found),
            removed=summed([listing.removed, *ruled, *(each.removed for each in found)]),
            flaws=summed(each.flaws for each in found),
            verdicts=tuple(verdict for verdict, _ in looked),
            distribution=_UNDER[scan.distribution],
        )

    async def _closes(self, scan: Scan, picks: Sequence[Pick]) -> Closes:
        """Return the closes of all that was found, where a cap asks for them."""
        if scan.caps.correlation is None:
            return Closes()
        start = self.market.now() - _CLOSES
        names = sorted({pick.underlying for pick in picks})
        bars = [await self.market.daily_bars(name, start) for name in names]
        return Closes(
            of={
                name.ticker: {exchange_date(bar.at): float(bar.close) for bar in rows}
                for name, rows in zip(names, bars, strict=True)
            }
        )
