"""The simulated market, as the exchange asks it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial

from strikedesk.domain import calendar
from strikedesk.domain.errors import Denied
from strikedesk.domain.events import MarketEvent
from strikedesk.domain.quotes import (
    Bar,
    Chain,
    Expiration,
    Feed,
    Interval,
    Quote,
    Settlement,
    SymbolInfo,
)
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol
from strikedesk.domain.terms import ON_AN_INDEX, ON_SHARES, Terms
from strikedesk.exchange.simulated.bars import bars_between
from strikedesk.exchange.simulated.catalogue import UNDERLYINGS, Underlying
from strikedesk.exchange.simulated.listing import Ladder
from strikedesk.exchange.simulated.moments import (
    EPOCH,
    Moment,
    instants_between,
    moment_at,
)
from strikedesk.exchange.simulated.pit import Pits, joined
from strikedesk.exchange.simulated.rows import chain_rows, option_quotes, share_quote
from strikedesk.exchange.simulated.series import SeriesRoom
from strikedesk.exchange.simulated.standing import StandingQuotes
from strikedesk.exchange.simulated.ticks import usd


class SimulatedMarket:
    """Fictional prices as a function of a seed and an instant. Safe to share between threads.

    Law: the same seed and instant give the same answer in every process and on every machine.
    While the market is open a quote is never older than one step of fifteen seconds; while it is
    closed, quotes are those of the last close, and they are dated so. Before the first session of
    2024 nothing is listed; after 2099 the market stands still.
    """

    def __init__(self, *, seed: int, underlyings: Sequence[Underlying] = UNDERLYINGS) -> None:
        """Choose a world; nothing is computed until it is asked for."""
        self._seed = seed
        self._pits = Pits(seed=seed)
        self._series = SeriesRoom(pits=self._pits)
        self._standing = StandingQuotes()
        self._by_ticker = {underlying.ticker: underlying for underlying in underlyings}
        self._infos = tuple(self._by_ticker[ticker].info for ticker in sorted(self._by_ticker))
        self._by_root = {underlying.option_root: underlying for underlying in underlyings}

    @property
    def feed(self) -> Feed:
        """Simulated."""
        return Feed.SIMULATED

    def is_open(self, at: datetime) -> bool:
        """Whether orders are matched at `at`: in regular hours."""
        moment = moment_at(at)
        return moment is not None and moment.is_open

    def ticks(
        self, symbols: Collection[Symbol], after: datetime, until: datetime
    ) -> Iterator[datetime]:
        """Yield, ascending, the steps in `(after, until]`: every quote may change at each."""
        return instants_between(after, until) if symbols else iter(())

    def listed(self, at: datetime) -> tuple[SymbolInfo, ...]:
        """Return the underlyings that trade, by ticker."""
        return () if moment_at(at) is None else self._infos

    def quotes(self, symbols: Collection[Symbol], at: datetime) -> Mapping[Symbol, Quote]:
        """Return the standing quote of each symbol at `at`; those not listed then are absent."""
        moment = moment_at(at)
        if moment is None:
            return {}
        return self._standing.at(moment.at, symbols, partial(self._made, moment))

    def _made(self, moment: Moment, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        found: dict[Symbol, Quote] = {}
        options: defaultdict[Underlying, list[OptionSymbol]] = defaultdict(list)
        for symbol in symbols:
            if isinstance(symbol, OptionSymbol):
                if underlying := self._by_root.get(symbol.root):
                    options[underlying].append(symbol)
            elif underlying := self._by_ticker.get(symbol.ticker):
                found[symbol] = self._share_quote(underlying, moment)
        for underlying, wanted in options.items():
            found |= {quote.symbol: quote for quote in self._options(underlying, wanted, moment)}
        return found

    def expirations(self, underlying: EquitySymbol, at: datetime) -> tuple[Expiration, ...]:
        """Return what is listed, ascending.

        Raises:
            Denied: SYMBOL_NOT_FOUND.
        """
        known, moment = self._known(underlying, at)
        today = calendar.exchange_date(at)
        return tuple(
            Expiration(
                underlying=known.ticker,
                root=ladder.root,
                day=day,
                days=calendar.days_to_expiration(today, day),
                standard=ladder.standard,
                settlement=Settlement.PM,
                strikes=ladder.strikes,
            )
            for day, ladder in self._pits.ladders(known, moment).items()
        )

    def chain(self, underlying: EquitySymbol, days: Collection[date], at: datetime) -> Chain:
        """Return the contracts of `days` with quotes and Greeks.

        Raises:
            Denied: SYMBOL_NOT_FOUND, EXPIRATION_NOT_FOUND.
        """
        known, moment = self._known(underlying, at)
        listed = self._pits.ladders(known, moment)
        ladders = [_listed_on(listed, known, day) for day in sorted(set(days))]
        pit = self._pits.pit(known, moment.session)
        symbols = [symbol for ladder in ladders for symbol in ladder.symbols]
        parts = [self._pits.selection(pit, ladder) for ladder in ladders]
        rows = chain_rows(pit, moment, symbols, joined(parts), seed=self._seed) if parts else ()
        return Chain(
            underlying=known.ticker,
            spot=self._share_quote(known, moment),
            as_of=moment.at,
            rows=tuple(rows),
        )

    def bars(
        self, symbol: Symbol, interval: Interval, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        """Return the bars that start in `[start, end)`, made of what was quoted before `end`.

        Raises:
            Denied: SYMBOL_NOT_FOUND. A contract that was never listed has no bars.
        """
        if isinstance(symbol, OptionSymbol):
            underlying = self._by_root.get(symbol.root)
        else:
            underlying = self._by_ticker.get(symbol.ticker)
        if underlying is None:
            raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=symbol.compact)
        series_of = self._series.of(underlying, symbol)
        return tuple(bars_between(series_of, interval, start, end))

    def halted(self, at: datetime) -> frozenset[str]:  # noqa: ARG002 -- as `Market` has it
        """Return nothing yet: no underlying of this market is ever halted."""
        return frozenset()

    def terms(self, contract: OptionSymbol) -> Terms | None:
        """Return what a contract promises; None where nobody ever listed its root."""
        known = self._by_root.get(contract.root)
        if known is None:
            return None
        return known.ticks.on(ON_AN_INDEX if known.is_index else ON_SHARES)

    def events(
        self,
        underlying: EquitySymbol,  # noqa: ARG002 -- as `Market` has it
        start: date,  # noqa: ARG002 -- as `Market` has it
        end: date,  # noqa: ARG002 -- as `Market` has it
    ) -> tuple[MarketEvent, ...]:
        """Return nothing yet: nothing ever happens to a company of this market."""
        return ()

    def settlement(self, contract: OptionSymbol) -> Decimal | None:
        """Return the closing price of the last day, or of the session before where it was none.

        The market cannot know what time it is for the caller: ask once the day is past.
        """
        known, day = self._by_root.get(contract.root), contract.expiration
        session = calendar.session_on(day) or calendar.previous_session(day)
        if known is None or session.day < EPOCH:
            return None
        return usd(self._pits.pit(known, session).day.close)

    def _share_quote(self, underlying: Underlying, moment: Moment) -> Quote:
        pit = self._pits.pit(underlying, moment.session)
        return share_quote(pit, moment, seed=self._seed)

    def _options(
        self, underlying: Underlying, symbols: Iterable[OptionSymbol], moment: Moment
    ) -> Iterable[Quote]:
        pit = self._pits.pit(underlying, moment.session)
        places: defaultdict[Ladder, list[int]] = defaultdict(list)
        wanted: defaultdict[Ladder, list[OptionSymbol]] = defaultdict(list)
        listed = self._pits.ladders(underlying, moment)
        for symbol in symbols:
            ladder = listed.get(symbol.expiration)
            place = None if ladder is None else ladder.place(symbol)
            if ladder is not None and place is not None:
                places[ladder].append(place)
                wanted[ladder].append(symbol)
        if not places:
            return ()
        parts = [self._pits.selection(pit, each).at(where) for each, where in places.items()]
        found = [symbol for each in wanted.values() for symbol in each]
        return option_quotes(pit, moment, found, joined(parts), seed=self._seed)

    def _known(self, symbol: EquitySymbol, at: datetime) -> tuple[Underlying, Moment]:
        known, moment = self._by_ticker.get(symbol.ticker), moment_at(at)
        if known is None or moment is None:
            raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=symbol.compact)
        return known, moment


def _listed_on(listed: Mapping[date, Ladder], underlying: Underlying, day: date) -> Ladder:
    ladder = listed.get(day)
    if ladder is None:
        facts = {"underlying": underlying.ticker, "expiration": day.isoformat()}
        raise Denied(Reason.EXPIRATION_NOT_FOUND, **facts)
    return ladder
