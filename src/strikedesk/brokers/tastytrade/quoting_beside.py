"""Quotes of futures, options on them and coins: told by the same path as those of shares."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Final

from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.calls import Call, path_of
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.payloads.envelopes import Listed
from strikedesk.brokers.tastytrade.payloads.market import QuoteBesideTold
from strikedesk.brokers.tastytrade.quoting import SYMBOLS_MAX, feed_of
from strikedesk.brokers.tastytrade.sites import Site
from strikedesk.domain.quotes import Feed
from strikedesk.domain.untraded import UntradedName, untraded_name
from strikedesk.domain.untraded_quotes import UntradedQuote

_BY_TYPE: Final = path_of("market-data", "by-type")
_QUOTES: Final = TypeAdapter(Listed[QuoteBesideTold])
_ARGUMENTS: Final = {
    "future": "future",
    "future_option": "future-option",
    "cryptocurrency": "cryptocurrency",
}
# What each is called in an answer.
_TYPES: Final = {
    "future": "Future",
    "future_option": "Future Option",
    "cryptocurrency": "Cryptocurrency",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotingBeside:
    """Reads quotes of what nothing here trades."""

    client: Client
    site: Site

    async def quotes(self, names: Collection[UntradedName]) -> Mapping[UntradedName, UntradedQuote]:
        """See `MarketData.quotes_beside`; what is told of another kind was not asked for."""
        found = dict[UntradedName, UntradedQuote]()
        waiting = iter(sorted(names, key=lambda name: name.compact))
        while batch := list(islice(waiting, SYMBOLS_MAX)):
            found |= await self._read(batch)
        return found

    async def _read(self, batch: Collection[UntradedName]) -> dict[UntradedName, UntradedQuote]:
        query = tuple((_ARGUMENTS[name.kind], name.compact) for name in batch)
        listed = await self.client.every(Call(path=_BY_TYPE, query=query), _QUOTES)
        feed, found = feed_of(self.site), dict[UntradedName, UntradedQuote]()
        for told in listed:
            name = _name(told)
            if name is not None and name in batch and told.updated_at is not None:
                found[name] = _quote(name, told, told.updated_at, feed)
        return found


def _name(told: QuoteBesideTold) -> UntradedName | None:
    name = untraded_name(told.symbol or "")
    return name if name is not None and told.instrument_type == _TYPES[name.kind] else None


def _quote(name: UntradedName, told: QuoteBesideTold, at: datetime, feed: Feed) -> UntradedQuote:
    return UntradedQuote(
        name=name,
        at=at,
        feed=feed,
        bid=told.bid,  # Also below nothing, where a price can be: a spread's, or that of oil once.
        ask=told.ask,
        bid_size=_size(told.bid_size, told.bid),
        ask_size=_size(told.ask_size, told.ask),
        last=told.last,
        mark=told.mark,
        previous_close=told.prev_close,
        volume=_amount(told.volume),
        open_interest=_amount(told.open_interest),
    )


def _size(told: Decimal | None, price: Decimal | None) -> Decimal | None:
    return None if price is None else _amount(told)


def _amount(told: Decimal | None) -> Decimal | None:
    return told if told is not None and told >= 0 else None
