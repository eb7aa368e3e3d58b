"""Which contracts are listed: expirations by rule, strikes by where the price has been.

Law: a contract once listed stays listed until it ends. New strikes appear at an opening, made from
the closes up to the one before. An even split divides the strikes of what is listed; an uneven one
leaves them, moves them to a root of their own (XYZ1) with as many shares as 100 have become, and
nothing is added there.
Source: OCC By-Laws, article VI, section 11A, and its adjustments for splits.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Final, TypeAlias

import numpy as np

from strikedesk.domain.calendar import expiration_instant
from strikedesk.domain.events import Split
from strikedesk.domain.money import SHARES_PER_CONTRACT
from strikedesk.domain.symbols import OptionSymbol, Right
from strikedesk.exchange.simulated import noise
from strikedesk.exchange.simulated.catalogue import Underlying
from strikedesk.exchange.simulated.daily import Closes, DailyWalk
from strikedesk.exchange.simulated.expirations import Lead, Listing, listed_on
from strikedesk.exchange.simulated.moments import EPOCH, Moment
from strikedesk.exchange.simulated.noise import Bits, Floats
from strikedesk.exchange.simulated.strikes import Reach, strikes
from strikedesk.exchange.simulated.ticks import usd
from strikedesk.quant.contracts import BoolArray

_ONE_DAY: Final = timedelta(days=1)

# An expiration is known by its root and its day.
Key: TypeAlias = tuple[str, date]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ladder:
    """The contracts of one expiration: every strike, a call and a put each. Equal only to itself.

    Units: `strikes` USD as they are listed; `shares` are delivered for one contract.
    Law: contracts are ordered by strike, the call before the put, in every column.
    """

    underlying: Underlying
    listing: Listing
    shares: int
    strikes: tuple[Decimal, ...]

    @property
    def key(self) -> Key:
        """What it is known by."""
        return (self.listing.root, self.listing.day)

    @cached_property
    def ends_at(self) -> datetime:
        """When its contracts are worth what they end at."""
        return expiration_instant(self.listing.day, self.listing.settlement)

    @property
    def scale(self) -> float:
        """What one share's option is multiplied by to be a contract's premium."""
        return self.shares / SHARES_PER_CONTRACT

    @cached_property
    def places(self) -> Mapping[Decimal, int]:
        """The place of each strike."""
        return {strike: place for place, strike in enumerate(self.strikes)}

    @cached_property
    def symbols(self) -> tuple[OptionSymbol, ...]:
        """Every contract, in order."""
        root, day = self.key
        return tuple(
            OptionSymbol(root, day, right, strike)
            for strike in self.strikes
            for right in (Right.CALL, Right.PUT)
        )

    def place(self, symbol: OptionSymbol) -> int | None:
        """Return where a contract of this day stands, or None."""
        place = self.places.get(symbol.strike)
        return None if place is None else 2 * place + (symbol.right is Right.PUT)

    @cached_property
    def strike_column(self) -> Floats:
        """Every contract's strike for one share, USD."""
        listed = np.array([float(strike) for strike in self.strikes])
        return np.repeat(listed * SHARES_PER_CONTRACT / self.shares, 2)

    @cached_property
    def call_column(self) -> BoolArray:
        """Whether each contract is a call."""
        return np.tile(np.array([True, False]), len(self.strikes))

    @cached_property
    def address_column(self) -> Bits:
        """Every contract's address in the streams of noise."""
        root, day = self.key
        base = noise.key(root, day.toordinal())
        listed = np.repeat(np.array([float(strike) for strike in self.strikes]), 2)
        thousandths = np.rint(listed * 1000).astype(np.int64)
        return noise.draw(base, 2 * thousandths + self.call_column)


class Listings:
    """What is listed in each session. Safe to share between threads."""

    def __init__(self, *, daily: DailyWalk) -> None:
        """Strikes follow the closes of `daily`."""
        self._daily = daily
        self._session = lru_cache(maxsize=128)(self._list)
        self._ladder = lru_cache(maxsize=1024)(_ladder)

    def ladders(self, underlying: Underlying, moment: Moment) -> Mapping[Key, Ladder]:
        """Return the expirations listed at a moment, by day; gone once they have ended."""
        listed = self._session(underlying, moment.session.day)
        today = moment.session.day
        ended = [k for k, ladder in listed.items() if k[1] <= today and ladder.ends_at <= moment.at]
        return {k: v for k, v in listed.items() if k not in ended} if ended else listed

    def ladder(self, underlying: Underlying, moment: Moment, key: Key) -> Ladder | None:
        """Return one expiration listed at a moment, without making the others."""
        today = moment.session.day
        if key[1] < today:
            return None
        found = (ladder for ladder in self._made(underlying, today, key[1]) if ladder.key == key)
        ladder = next(found, None)
        return ladder if ladder is not None and moment.at < ladder.ends_at else None

    def _list(self, underlying: Underlying, today: date) -> Mapping[Key, Ladder]:
        return {ladder.key: ladder for ladder in self._made(underlying, today)}

    def _made(
        self, underlying: Underlying, today: date, only: date | None = None
    ) -> Iterator[Ladder]:
        """Yield what is listed on a session's day, of every expiration or of one."""
        closes = self._daily.closes_through(underlying, today.year)
        split = self._daily.schedule.split_between(underlying, date.min, today)
        for listing, leads in listed_on(underlying, today).items():
            if only is None or listing.day == only:
                reaches = _reaches(closes, leads, split, today)
                yield from self._ladders(underlying, listing, reaches)

    def _ladders(
        self, underlying: Underlying, listing: Listing, reaches: "_Reaches"
    ) -> Iterator[Ladder]:
        """Yield the ladder of a listing and, after an uneven split, that of what is older."""
        if reaches.new:
            yield self._ladder(
                underlying, listing, SHARES_PER_CONTRACT, reaches.new, reaches.divided
            )
        if reaches.adjusted and underlying.adjusted_root:
            terms = underlying.terms(underlying.adjusted_root)
            old = Listing(
                root=underlying.adjusted_root,
                day=listing.day,
                settlement=listing.settlement,
                standard=False,
            )
            yield self._ladder(underlying, old, terms.shares, reaches.adjusted, ())


# What the price did after a split (or without one); before an even one, with its divisor; before
# an uneven one.
@dataclass(frozen=True, slots=True, kw_only=True)
class _Reaches:
    new: tuple[Reach, ...]
    divided: tuple[tuple[int, Reach], ...] = ()
    adjusted: tuple[Reach, ...] = ()


def _reaches(closes: Closes, leads: Iterable[Lead], split: Split | None, today: date) -> _Reaches:
    if split is None:
        return _Reaches(new=_seen(closes, leads, date.min, today))
    before = _seen(closes, leads, date.min, split.day - _ONE_DAY)
    after = _seen(closes, leads, split.day, today)
    if split.new % split.old:
        return _Reaches(new=after, adjusted=before)
    return _Reaches(new=after, divided=tuple((split.new // split.old, each) for each in before))


def _seen(closes: Closes, leads: Iterable[Lead], start: date, end: date) -> tuple[Reach, ...]:
    """Return the range of closes of each lead within a stretch of days, where it has any."""
    ranges = ((lead, closes.range_between(max(lead.since, start, EPOCH), end)) for lead in leads)
    return tuple((lead, *found) for lead, found in ranges if found is not None)


def _ladder(
    underlying: Underlying,
    listing: Listing,
    shares: int,
    reaches: tuple[Reach, ...],
    divided: tuple[tuple[int, Reach], ...],
) -> Ladder:
    cents = {each for reach in reaches for each in strikes(underlying, *reach)}
    for divisor, reach in divided:
        cents |= {each // divisor for each in strikes(underlying, *reach)}
    listed = tuple(map(usd, sorted(cents)))
    return Ladder(underlying=underlying, listing=listing, shares=shares, strikes=listed)
