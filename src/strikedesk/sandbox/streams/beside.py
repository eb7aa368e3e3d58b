"""What is streamed beside what trades here: futures, and options on them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from strikedesk.domain.greeks import Greeks
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.exchange import future_greeks, future_options, futures
from strikedesk.exchange.future_options import FutureOption
from strikedesk.exchange.futures import E_MINI
from strikedesk.sandbox.future_option_records import streamed_head, streamed_option
from strikedesk.sandbox.futures import listed, streamed_future
from strikedesk.sandbox.streams.day import Streamed
from strikedesk.sandbox.world import SandboxWorld

KNOWN_MAX: Final = 4_096


@dataclass(slots=True)
class Beside:
    """Tells one client. What is `known` stands until the market's next step, as its quotes do."""

    world: SandboxWorld
    _standing: object = field(default=None, init=False)
    known: dict[str, Streamed | None] = field(
        default_factory=dict[str, Streamed | None], init=False
    )

    def of(self, names: Collection[str]) -> dict[str, Streamed]:
        """Return what there is of streamed names; those of other kinds are not looked for."""
        wanted = {name for name in names if name.startswith(("/", "./"))}
        if not wanted:
            return {}
        self._forget(len(wanted))
        if missing := wanted - self.known.keys():
            made = dict([*_futures(self.world, missing), *_options(self.world, missing)])
            self.known.update(dict.fromkeys(missing) | made)
        return {name: told for name in wanted if (told := self.known[name]) is not None}

    def greeks(self, names: Collection[str]) -> dict[str, tuple[Streamed, Greeks]]:
        """Return what moves the options on futures among streamed names, beside their quotes."""
        named = [(name, told, told.option) for name, told in self.of(names).items() if told.option]
        market, at = self.world.office.market, self.world.now()
        found = future_greeks.greeks(market, [option for _, _, option in named], at)
        return {
            name: (told, found[option.name]) for name, told, option in named if option.name in found
        }

    def _forget(self, coming: int) -> None:
        """Forget what stands no longer: after a step, a close, a day; and all once it is much."""
        at, market = self.world.now(), self.world.office.market
        told_at = futures.quoted_at(market, E_MINI, at)
        standing = (told_at, market.is_open(at), self.world.today())
        if standing != self._standing or len(self.known) + coming > KNOWN_MAX:
            self.known.clear()
        self._standing = standing


def _futures(world: SandboxWorld, wanted: Collection[str]) -> Iterator[tuple[str, Streamed]]:
    market, at = world.office.market, world.now()
    for future in listed(world):
        name = streamed_future(future)
        quote = futures.quote(market, future, at) if name in wanted else None
        if quote is not None:
            yield name, _of_index(quote)


def _options(world: SandboxWorld, wanted: Collection[str]) -> Iterator[tuple[str, Streamed]]:
    market, at = world.office.market, world.now()
    names = {
        option: name
        for series in future_options.listed(market, at)
        if any(name.startswith(streamed_head(series)) for name in wanted)
        for option in series.options
        if (name := streamed_option(option)) in wanted
    }
    quotes = future_options.quotes(market, names, at)
    for option, name in names.items():
        if option.name in quotes:
            yield name, _of_index(quotes[option.name], option)


def _of_index(quote: UntradedQuote, option: FutureOption | None = None) -> Streamed:
    return Streamed(
        quote=quote,
        option=option,
        underlying=E_MINI.underlying.ticker,
        description=f"{E_MINI.name} {quote.name.compact}",
    )
