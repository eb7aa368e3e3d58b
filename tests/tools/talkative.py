"""A broker with a feed of its own that finds whatever it was told, however it is worded."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from strikedesk.domain.events import MarketEvent
from strikedesk.domain.quotes import Feed, Quote, SymbolInfo
from strikedesk.domain.symbols import EquitySymbol, Symbol, parse_symbol
from tests.fakes.broker import ScriptedBroker
from tests.fakes.clock import StoppedClock
from tests.tools.paper_desk import PaperDesk

LISTED = "AAPL261218C00200000"


@dataclass(slots=True)
class Talkative(ScriptedBroker):
    """Quotes from a feed of its own, and finds what it was told, however it is worded."""

    feed: Feed = Feed.SIMULATED
    found: tuple[SymbolInfo, ...] = ()
    scheduled: tuple[MarketEvent, ...] = ()

    async def quotes(self, symbols: Collection[Symbol]) -> Mapping[Symbol, Quote]:
        quotes = await ScriptedBroker.quotes(self, symbols)
        return {symbol: replace(quote, feed=self.feed) for symbol, quote in quotes.items()}

    async def search(self, text: str, limit: int) -> tuple[SymbolInfo, ...]:
        return self.found

    async def events(
        self, underlying: EquitySymbol, start: date, end: date
    ) -> tuple[MarketEvent, ...]:
        return self.scheduled


def talkative(**said: object) -> PaperDesk:
    quoted: dict[Symbol, tuple[str | None, str | None]] = {
        parse_symbol("AAPL"): ("0", "0.01"),
        parse_symbol(LISTED): (None, "1.20"),
    }
    broker = Talkative(clock=StoppedClock(), quoted=quoted)
    for name, value in said.items():
        setattr(broker, name, value)
    return PaperDesk(other=broker)
