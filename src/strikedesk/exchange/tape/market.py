"""The market that a tape tells: its quotes and nothing else."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from heapq import merge
from itertools import groupby
from math import floor

from strikedesk.domain import calendar
from strikedesk.domain.errors import Denied
from strikedesk.domain.events import MarketEvent
from strikedesk.domain.quotes import (
    Bar,
    Chain,
    ChainRow,
    Expiration,
    Feed,
    Interval,
    Quote,
    Settlement,
    SymbolInfo,
)
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.domain.terms import ON_SHARES, Terms
from strikedesk.domain.volatility import around_horizon, at_30_days
from strikedesk.exchange.market import OnForward, indices_among
from strikedesk.exchange.tape.bars import bars_between
from strikedesk.exchange.tape.greeks import greeks_of
from strikedesk.exchange.tape.layout import Source
from strikedesk.exchange.tape.tape import (
    Record,
    Tape,
    TapeSession,
    Track,
    count,
    dollars,
    half_dollars,
    instant,
)


class TapeMarket:
    """A recorded market, replayed. Safe to share between threads.

    Law: a quote is the last record at or before the instant, of the session under way or just
    over, and is dated when it was recorded; what the tape does not say is None. Nothing is
    interpolated and no price comes from a model.
    """

    def __init__(self, tape: Tape) -> None:
        """Replay a tape."""
        self._tape = tape
        self._firsts = [session.first for session in tape.sessions]
        contracts: defaultdict[str, list[OptionSymbol]] = defaultdict(list)
        for symbol in tape.tracks:
            if isinstance(symbol, OptionSymbol):
                contracts[symbol.underlying].append(symbol)
        self._contracts = {name: sorted(found, key=_rank) for name, found in contracts.items()}
        shares = {symbol.ticker for symbol in tape.tracks if isinstance(symbol, EquitySymbol)}
        self._tickers = sorted(shares | contracts.keys())
        self._infos = tuple(self._info(ticker) for ticker in self._tickers)
        self._indices = indices_among(self._infos)
        self._implied = lru_cache(maxsize=8192)(self._implied_at_close)

    @property
    def feed(self) -> Feed:
        """Tape."""
        return Feed.TAPE

    @property
    def tape(self) -> Tape:
        """What is replayed."""
        return self._tape

    def is_open(self, at: datetime) -> bool:
        """Whether `at` lies between the first and the last record of a session, both included."""
        session = self._session(at)
        return session is not None and at <= instant(session.last)

    @property
    def has_extended_hours(self) -> bool:
        """None: what was recorded is a session from its first record to its last."""
        return False

    def extended(self, symbols: Collection[Symbol], at: datetime) -> frozenset[Symbol]:  # noqa: ARG002 -- every market is asked alike
        """Return nothing: see `has_extended_hours`."""
        return frozenset()

    def ticks(
        self,
        symbols: Collection[Symbol],
        after: datetime,
        until: datetime,
        *,
        extended: bool = False,  # noqa: ARG002 -- every market is asked alike
    ) -> Iterator[datetime]:
        """Yield, ascending, the instants in `(after, until]` at which a symbol has a record."""
        since, before = floor(after.timestamp()) + 1, floor(until.timestamp()) + 1
        tracks = [self._tape.tracks[symbol] for symbol in symbols if symbol in self._tape.tracks]
        found = (_instants(track, since, before) for track in tracks)
        return (instant(at) for at, _ in groupby(merge(*found)))

    def listed(self, at: datetime) -> tuple[SymbolInfo, ...]:
        """Return the underlyings on the tape, once it has begun."""
        return () if self._session(at) is None else self._infos

    def index_tickers(self, at: datetime) -> frozenset[str]:
        """See `Market.index_tickers`: none before the tape has begun."""
        return frozenset() if self._session(at) is None else self._indices

    def quotes(self, symbols: Collection[Symbol], at: datetime) -> Mapping[Symbol, Quote]:
        """Return the standing quote of each symbol at `at`; those not listed then are absent."""
        session = self._session(at)
        if session is None:
            return {}
        found = ((symbol, self._quote(symbol, session, at)) for symbol in symbols)
        return {symbol: quote for symbol, quote in found if quote is not None}

    def expirations(self, underlying: EquitySymbol, at: datetime) -> tuple[Expiration, ...]:
        """Return what is listed, ascending: what has a record in the session so far.

        Raises:
            Denied: SYMBOL_NOT_FOUND.
        """
        session = self._known(underlying, at)
        today = calendar.exchange_date(at)
        standing = [
            contract
            for contract in self._contracts.get(underlying.ticker, [])
            if self._record(contract, session, at) is not None
        ]
        return tuple(
            Expiration(
                underlying=underlying.ticker,
                root=root,
                day=day,
                days=calendar.days_to_expiration(today, day),
                standard=_is_standard(day),
                settlement=Settlement.PM,
                strikes=tuple(sorted({contract.strike for contract in group})),
            )
            for (day, root), group in groupby(standing, key=lambda c: (c.expiration, c.root))
        )

    def chain(self, underlying: EquitySymbol, days: Collection[date], at: datetime) -> Chain:
        """Return the contracts of `days` that have a record, with quotes and Greeks.

        Raises:
            Denied: SYMBOL_NOT_FOUND, EXPIRATION_NOT_FOUND.
        """
        session = self._known(underlying, at)
        wanted = set(days)
        quotes = [
            (contract, quote)
            for contract in self._contracts.get(underlying.ticker, [])
            if contract.expiration in wanted
            and (quote := self._quote(contract, session, at)) is not None
        ]
        for day in sorted(wanted - {contract.expiration for contract, _ in quotes}):
            raise Denied(
                Reason.EXPIRATION_NOT_FOUND,
                underlying=underlying.ticker,
                expiration=day.isoformat(),
            )
        as_of = min(at, instant(session.last))
        greeks = greeks_of(quotes, as_of)
        nobody = Quote(symbol=underlying, at=as_of, feed=Feed.TAPE)
        return Chain(
            underlying=underlying.ticker,
            spot=self._quote(underlying, session, at) or nobody,
            as_of=as_of,
            rows=tuple(
                ChainRow(contract=contract, quote=quote, greeks=greeks.get(contract))
                for contract, quote in quotes
            ),
        )

    def bars(
        self, symbol: Symbol, interval: Interval, start: datetime, end: datetime
    ) -> tuple[Bar, ...]:
        """Return the bars that start in `[start, end)`, made of the marks recorded before `end`.

        Raises:
            Denied: SYMBOL_NOT_FOUND.
        """
        track = self._tape.tracks.get(symbol)
        if track is None:
            raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=symbol.compact)
        return tuple(bars_between(self._tape, track, interval, start, end))

    def forward(
        self,
        underlying: EquitySymbol,  # noqa: ARG002 -- as `Market` has it
        until: datetime,  # noqa: ARG002 -- as `Market` has it
        at: datetime,  # noqa: ARG002 -- as `Market` has it
    ) -> Decimal | None:
        """Return None: a tape tells quotes and no rate that would carry one."""
        return None

    def on_forward(
        self,
        options: OnForward,  # noqa: ARG002 -- as `Market` has it
        at: datetime,  # noqa: ARG002 -- as `Market` has it
    ) -> tuple[Decimal, ...] | None:
        """Return None: there is no price for delivery."""
        return None

    def halted(self, at: datetime) -> frozenset[str]:  # noqa: ARG002 -- as `Market` has it
        """Return nothing: a tape says that nobody quoted, and not why."""
        return frozenset()

    def terms(self, contract: OptionSymbol) -> Terms | None:
        """Return those of a standard contract on shares, for what is on the tape."""
        return ON_SHARES if contract.underlying in self._contracts else None

    def events(
        self,
        underlying: EquitySymbol,  # noqa: ARG002 -- as `Market` has it
        start: date,  # noqa: ARG002 -- as `Market` has it
        end: date,  # noqa: ARG002 -- as `Market` has it
    ) -> tuple[MarketEvent, ...]:
        """Return nothing: a tape tells quotes and nothing else."""
        return ()

    def implied_volatility(self, underlying: EquitySymbol, day: date) -> float | None:
        """See `Market.implied_volatility`: from the quotes that stood at a session's last record.

        Nothing is made up: None without a price of the underlying, or a pair of two-sided quotes.
        """
        return self._implied(underlying, day)

    def settlement(self, contract: OptionSymbol) -> Decimal | None:
        """Return the last mark of the last day, or of the session before where it was no session.

        None where the tape does not have it. The tape cannot know what time it is for the caller:
        ask once the day is past.
        """
        day, underlying = contract.expiration, EquitySymbol(contract.underlying)
        ended_on = day if calendar.session_on(day) else calendar.previous_session(day).day
        track = self._tape.tracks.get(underlying)
        for session in self._tape.sessions:
            if session.day == ended_on and track is not None:
                record = track.standing(session.first, session.last)
                return None if record is None else half_dollars(record.mark_twice)
        return None

    def _implied_at_close(self, underlying: EquitySymbol, day: date) -> float | None:
        for session in self._tape.sessions:
            if session.day == day and underlying.ticker in self._contracts:
                close = instant(session.last)
                near = around_horizon(self.expirations(underlying, close))
                return at_30_days(self.chain(underlying, {each.day for each in near}, close), day)
        return None

    def _session(self, at: datetime) -> TapeSession | None:
        """Return the session under way, or the last one that was."""
        place = bisect_right(self._firsts, at.timestamp()) - 1
        return None if place < 0 else self._tape.sessions[place]

    def _known(self, underlying: EquitySymbol, at: datetime) -> TapeSession:
        session = self._session(at)
        if session is None or underlying.ticker not in self._tickers:
            raise Denied(Reason.SYMBOL_NOT_FOUND, symbol=underlying.compact)
        return session

    def _record(self, symbol: Symbol, session: TapeSession, at: datetime) -> Record | None:
        track = self._tape.tracks.get(symbol)
        gone = isinstance(symbol, OptionSymbol) and symbol.expiration < calendar.exchange_date(at)
        return (
            None if track is None or gone else track.standing(session.first, floor(at.timestamp()))
        )

    def _quote(self, symbol: Symbol, session: TapeSession, at: datetime) -> Quote | None:
        record = self._record(symbol, session, at)
        if record is None:
            return None
        return Quote(
            symbol=symbol,
            at=instant(record.at),
            feed=Feed.TAPE,
            bid=dollars(record.bid),
            ask=dollars(record.ask),
            last=dollars(record.last),
            previous_close=self._previous_close(symbol, session),
            volume=count(record.volume),
            open_interest=count(record.open_interest),
        )

    def _previous_close(self, symbol: Symbol, session: TapeSession) -> Decimal | None:
        place = bisect_right(self._firsts, session.first) - 2
        if place < 0:
            return None
        before = self._tape.sessions[place]
        if before.day != calendar.previous_session(session.day).day:
            return None  # A session is missing in between: that one's close is not known.
        record = self._tape.tracks[symbol].standing(before.first, before.last)
        return None if record is None else half_dollars(record.mark_twice)

    def _info(self, ticker: str) -> SymbolInfo:
        symbol = EquitySymbol(ticker)
        track = self._tape.tracks.get(symbol)
        derived = track is not None and track.source is Source.PARITY
        told = "its price derived from its options by put-call parity" if derived else "recorded"
        return SymbolInfo(
            symbol=symbol,
            description=f"{ticker} on tape {self._tape.name}, {told}",
            kind="equity",
            has_options=ticker in self._contracts,
        )


def _instants(track: Track, since: int, before: int) -> Iterator[int]:
    return (track.instants[place] for place in track.places(since, before))


def _rank(contract: OptionSymbol) -> tuple[date, str, Decimal, bool]:
    """Return the order of a chain: expiration, root, strike, the call before the put."""
    return contract.expiration, contract.root, contract.strike, contract.right is Right.PUT


def _is_standard(day: date) -> bool:
    """Whether it is the monthly expiration: the third Friday, or the Saturday after it."""
    friday = calendar.third_friday_monthly(day.year, day.month)
    return 0 <= (day - friday).days <= 1
