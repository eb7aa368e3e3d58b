"""The simulated market, as the exchange asks it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial

from strikedesk.domain import calendar
from strikedesk.domain.calendar import Session
from strikedesk.domain.errors import Denied
from strikedesk.domain.events import Dividend, MarketEvent, Split
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
from strikedesk.domain.terms import Terms
from strikedesk.exchange.market import OnForward, indices_among
from strikedesk.exchange.simulated import forwards
from strikedesk.exchange.simulated.bars import bars_between
from strikedesk.exchange.simulated.catalogue import UNDERLYINGS, Underlying
from strikedesk.exchange.simulated.listing import Key, Ladder
from strikedesk.exchange.simulated.moments import (
    EPOCH,
    LAST_DAY,
    Moment,
    instants_between,
    long_instants_between,
    moment_at,
)
from strikedesk.exchange.simulated.night import Night, Nights, night_at
from strikedesk.exchange.simulated.pit import Pit, Pits
from strikedesk.exchange.simulated.rows import (
    chain_rows,
    night_quote,
    option_quotes,
    share_quote,
)
from strikedesk.exchange.simulated.selection import joined
from strikedesk.exchange.simulated.series import SeriesRoom
from strikedesk.exchange.simulated.standing import StandingQuotes
from strikedesk.exchange.simulated.ticks import usd


class SimulatedMarket:
    """Fictional prices as a function of a seed and an instant. Safe to share between threads.

    Law: the same seed and instant give the same answer in every process and on every machine.
    While an underlying trades, a quote is never older than one step of fifteen seconds; in a halt
    it is that of the halt's begin. Options and indices trade in regular hours, and stand at the
    last close outside; shares trade on in extended hours. Before the first session of 2024 nothing
    is listed; after 2099 the market stands still.
    """

    def __init__(self, *, seed: int, underlyings: Sequence[Underlying] = UNDERLYINGS) -> None:
        """Choose a world; nothing is computed until it is asked for."""
        self._seed = seed
        self._pits = Pits(seed=seed)
        self._nights = Nights(seed=seed, daily=self._pits.paths.daily)
        self._series = SeriesRoom(pits=self._pits)
        self._standing = StandingQuotes()
        self._by_ticker = {underlying.ticker: underlying for underlying in underlyings}
        self._halts = lru_cache(maxsize=64)(self._halts_of)
        self._changes = lru_cache(maxsize=256)(self._changes_over)
        self._infos = tuple(self._by_ticker[ticker].info for ticker in sorted(self._by_ticker))
        self._indices = indices_among(self._infos)
        self._by_root = {root: each for each in underlyings for root in each.roots}
        self._terms = {root: u.ticks.on(u.terms(root)) for root, u in self._by_root.items()}

    @property
    def feed(self) -> Feed:
        """Simulated."""
        return Feed.SIMULATED

    @property
    def has_extended_hours(self) -> bool:
        """It has: from 04:00 to 20:00 in New York."""
        return True

    def is_open(self, at: datetime) -> bool:
        """Whether orders are matched at `at`: in regular hours."""
        moment = moment_at(at)
        return moment is not None and moment.is_open

    def extended(self, symbols: Collection[Symbol], at: datetime) -> frozenset[Symbol]:
        """Return the shares among `symbols` that trade at `at` outside regular hours.

        Not in the morning before they are split or go without a dividend: the books learn of that
        at the opening.
        """
        night = night_at(at)
        if night is None or not night.trades:
            return frozenset()
        return frozenset(symbol for symbol in symbols if self._trades_in(symbol, night))

    def _trades_in(self, symbol: Symbol, night: Night) -> bool:
        known = None if isinstance(symbol, OptionSymbol) else self._by_ticker.get(symbol.ticker)
        if known is None or known.is_index:
            return False
        return not (night.is_early and self._changes(known, night.closed.day, night.opens.day))

    def _changes_over(self, underlying: Underlying, closed: date, opens: date) -> bool:
        """Whether a share is another thing at the opening than it was at the close."""
        events = self._pits.schedule.events(underlying, closed + timedelta(days=1), opens)
        return any(isinstance(event, Split | Dividend) for event in events)

    def ticks(
        self,
        symbols: Collection[Symbol],
        after: datetime,
        until: datetime,
        *,
        extended: bool = False,
    ) -> Iterator[datetime]:
        """Yield, ascending, the steps in `(after, until]`: every quote may change at each."""
        if not symbols:
            return iter(())
        return (long_instants_between if extended else instants_between)(after, until)

    def listed(self, at: datetime) -> tuple[SymbolInfo, ...]:
        """Return the underlyings that trade, by ticker."""
        return () if moment_at(at) is None else self._infos

    def index_tickers(self, at: datetime) -> frozenset[str]:
        """See `Market.index_tickers`."""
        return frozenset() if moment_at(at) is None else self._indices

    def quotes(self, symbols: Collection[Symbol], at: datetime) -> Mapping[Symbol, Quote]:
        """Return the standing quote of each symbol at `at`; those not listed then are absent."""
        moment = moment_at(at)
        if moment is None:
            return {}
        night = night_at(at)
        step = moment.at if night is None else night.at
        return self._standing.at(step, symbols, partial(self._made, moment, night))

    def _made(
        self, moment: Moment, night: Night | None, symbols: Collection[Symbol]
    ) -> Mapping[Symbol, Quote]:
        found: dict[Symbol, Quote] = {}
        options: defaultdict[Underlying, list[OptionSymbol]] = defaultdict(list)
        for symbol in symbols:
            if isinstance(symbol, OptionSymbol):
                if underlying := self._by_root.get(symbol.root):
                    options[underlying].append(symbol)
            elif underlying := self._by_ticker.get(symbol.ticker):
                found[symbol] = self._share_quote(underlying, moment, night)
        for underlying, wanted in options.items():
            found |= {quote.symbol: quote for quote in self._options(underlying, wanted, moment)}
        return found

    def forward(self, underlying: EquitySymbol, until: datetime, at: datetime) -> Decimal | None:
        """Return what the underlying costs at `at` for delivery at `until`, as its options have it.

        In extended hours it is that of the last close.
        """
        standing = self._before(underlying, until, at)
        return None if standing is None else Decimal(forwards.price(*standing, until))

    def on_forward(self, options: OnForward, at: datetime) -> tuple[Decimal, ...] | None:
        """Return what options on a price for delivery are worth, as options on the spot have it."""
        standing = self._before(options.underlying, options.ends_at, at)
        if standing is None:
            return None
        return tuple(Decimal(value) for value in forwards.values(*standing, options).tolist())

    def _before(
        self, symbol: EquitySymbol, until: datetime, at: datetime
    ) -> tuple[Pit, Moment] | None:
        """Return where an underlying stands at `at`; None where that is nowhere before `until`."""
        known, moment = self._by_ticker.get(symbol.ticker), moment_at(at)
        if known is None or moment is None or until <= at:
            return None
        pit = self._pits.pit(known, moment.session)
        return pit, pit.standing(moment)

    def expirations(self, underlying: EquitySymbol, at: datetime) -> tuple[Expiration, ...]:
        """Return what is listed, by day; where two roots share one, the morning's comes first.

        Raises:
            Denied: SYMBOL_NOT_FOUND.
        """
        known, moment = self._known(underlying, at)
        today = calendar.exchange_date(at)
        return tuple(
            Expiration(
                underlying=known.ticker,
                root=root,
                day=day,
                days=calendar.days_to_expiration(today, day),
                standard=ladder.listing.standard,
                settlement=ladder.listing.settlement,
                strikes=ladder.strikes,
            )
            for (root, day), ladder in self._pits.ladders(known, moment).items()
        )

    def chain(self, underlying: EquitySymbol, days: Collection[date], at: datetime) -> Chain:
        """Return the contracts of `days` with quotes and Greeks, of every root that has them.

        In extended hours the spot is the one that they were priced at: that of the last close.

        Raises:
            Denied: SYMBOL_NOT_FOUND, EXPIRATION_NOT_FOUND.
        """
        known, moment = self._known(underlying, at)
        ladders = _on_days(self._pits.ladders(known, moment), known, days)
        pit = self._pits.pit(known, moment.session)
        symbols = [symbol for ladder in ladders for symbol in ladder.symbols]
        parts = [self._pits.selection(pit, ladder) for ladder in ladders]
        standing, seed = pit.standing(moment), self._seed
        rows = chain_rows(pit, standing, symbols, joined(parts), seed=seed) if parts else ()
        return Chain(
            underlying=known.ticker,
            spot=share_quote(pit, standing, seed=seed),
            as_of=standing.at,
            rows=tuple(rows),
        )

    def bars(
        self, symbol: Symbol, interval: Interval, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        """Return the bars that start in `[start, end)`, made of what was quoted before `end`.

        They are those of regular hours; prices before a split are told in the shares of `end`.

        Raises:
            Denied: SYMBOL_NOT_FOUND. A contract that was never listed has no bars.
        """
        if isinstance(symbol, OptionSymbol):
            underlying = self._by_root.get(symbol.root)
        else:
            underlying = self._by_ticker.get(symbol.ticker)
        if underlying is None:
            raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=symbol.compact)
        series_of = self._series.of(underlying, symbol, end)
        return tuple(bars_between(series_of, interval, start, end))

    def halted(self, at: datetime) -> frozenset[str]:
        """Return the underlyings in which trading is halted at `at`."""
        moment = moment_at(at)
        if moment is None or not moment.is_open:
            return frozenset()
        of_day = self._halts(moment.session)
        return frozenset(ticker for ticker, halt in of_day if moment.step in halt)

    def _halts_of(self, session: Session) -> tuple[tuple[str, range], ...]:
        """Return a session's halts: mostly none. The exchange asks at every look."""
        halts = (
            (u.ticker, self._pits.paths.halts.of(u, session)) for u in self._by_ticker.values()
        )
        return tuple((ticker, halt) for ticker, halt in halts if halt)

    def terms(self, contract: OptionSymbol) -> Terms | None:
        """Return what a contract promises; None where nobody ever listed its root."""
        return self._terms.get(contract.root)

    def events(self, underlying: EquitySymbol, start: date, end: date) -> tuple[MarketEvent, ...]:
        """Return what is scheduled from `start` to `end`, both included, by day."""
        known = self._by_ticker.get(underlying.ticker)
        return () if known is None else self._pits.schedule.events(known, start, end)

    def settlement(self, contract: OptionSymbol) -> Decimal | None:
        """Return the price of the last day, or of the session before where it was none.

        Its opening price for contracts that settle in the morning, else its closing price. The
        market cannot know what time it is for the caller: ask once that moment is past.
        """
        known, terms = self._by_root.get(contract.root), self.terms(contract)
        day = contract.expiration
        session = calendar.session_on(day) or calendar.previous_session(day)
        if known is None or terms is None or not EPOCH <= session.day <= LAST_DAY:
            return None
        prices = self._pits.paths.daily.day(known, session)
        return usd(prices.open if terms.settlement is Settlement.AM else prices.close)

    def implied_volatility(self, underlying: EquitySymbol, day: date) -> float | None:
        """Return what options expected at the close of session `day`, thirty days ahead.

        At the money, a fraction a year; None for an unknown underlying, and without a session.
        """
        known, session = self._by_ticker.get(underlying.ticker), calendar.session_on(day)
        if known is None or session is None or not EPOCH <= day <= LAST_DAY:
            return None
        return self._pits.expected(known, session)

    def _share_quote(self, underlying: Underlying, moment: Moment, night: Night | None) -> Quote:
        pit = self._pits.pit(underlying, moment.session)
        if night is None or underlying.is_index:
            return share_quote(pit, pit.standing(moment), seed=self._seed)
        cents = self._nights.price(underlying, night)
        day = self._pits.paths.daily.day(underlying, night.opens)
        return night_quote(day, night, cents, pit=pit, seed=self._seed)

    def _options(
        self, underlying: Underlying, symbols: Iterable[OptionSymbol], moment: Moment
    ) -> Iterable[Quote]:
        pit = self._pits.pit(underlying, moment.session)
        places: defaultdict[Ladder, list[int]] = defaultdict(list)
        wanted: defaultdict[Ladder, list[OptionSymbol]] = defaultdict(list)
        listed = self._pits.ladders(underlying, moment)
        for symbol in symbols:
            ladder = listed.get((symbol.root, symbol.expiration))
            place = None if ladder is None else ladder.place(symbol)
            if ladder is not None and place is not None:
                places[ladder].append(place)
                wanted[ladder].append(symbol)
        if not places:
            return ()
        parts = [self._pits.selection(pit, each).at(where) for each, where in places.items()]
        found = [symbol for each in wanted.values() for symbol in each]
        return option_quotes(pit, pit.standing(moment), found, joined(parts), seed=self._seed)

    def _known(self, symbol: EquitySymbol, at: datetime) -> tuple[Underlying, Moment]:
        known, moment = self._by_ticker.get(symbol.ticker), moment_at(at)
        if known is None or moment is None:
            raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=symbol.compact)
        return known, moment


def _on_days(
    listed: Mapping[Key, Ladder], underlying: Underlying, days: Collection[date]
) -> list[Ladder]:
    wanted = set(days)
    found = [ladder for (_, day), ladder in listed.items() if day in wanted]
    if missing := wanted - {ladder.listing.day for ladder in found}:
        facts = {"underlying": underlying.ticker, "expiration": min(missing).isoformat()}
        raise Denied(Reason.EXPIRATION_NOT_FOUND, **facts)
    return found
