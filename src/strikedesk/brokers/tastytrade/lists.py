"""The lists of symbols that tastytrade keeps: the user's own, and those of everybody."""

from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.calls import Call, path_of
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.payloads.envelopes import Listed
from strikedesk.brokers.tastytrade.payloads.symbols import EntryTold, ListTold
from strikedesk.brokers.tastytrade.sites import SANDBOX, Site
from strikedesk.brokers.tastytrade.spelling import EQUITY, EQUITY_OPTION, read_symbol
from strikedesk.domain.broking import BrokerWatchlist
from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import Symbol

_LISTS: Final = TypeAdapter(Listed[ListTold])


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """Reads them all. Nothing here can write one."""

    client: Client
    site: Site

    async def every(self) -> tuple[BrokerWatchlist, ...]:
        """See `Broker.watchlists`. The broker's own sandbox was never seen to answer for them."""
        if self.site == SANDBOX:
            raise Denied(Reason.NOT_SUPPORTED, what="watchlists")
        own = await self._read("watchlists", public=False)
        return (*own, *await self._read("public-watchlists", public=True))

    async def _read(self, path: str, *, public: bool) -> tuple[BrokerWatchlist, ...]:
        told = await self.client.every(Call(path=path_of(path)), _LISTS)
        return tuple(_list(each, public=public) for each in told)


def _list(told: ListTold, *, public: bool) -> BrokerWatchlist:
    entries = told.watchlist_entries or ()
    symbols = (symbol for each in entries if (symbol := _symbol(each)) is not None)
    return BrokerWatchlist(
        name=told.name or "", symbols=tuple(symbols), entries=len(entries), public=public
    )


def _symbol(entry: EntryTold) -> Symbol | None:
    """Read a symbol; one without a type is a share or an option, or nothing that the desk knows."""
    if entry.instrument_type is not None:
        return read_symbol(entry.instrument_type, entry.symbol)
    return read_symbol(EQUITY, entry.symbol) or read_symbol(EQUITY_OPTION, entry.symbol)
