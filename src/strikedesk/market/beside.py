"""Quotes of what the desk knows by name and never trades, through the same cache as all others."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.ports import Cache, MarketData
from strikedesk.domain.reasons import Reason
from strikedesk.domain.untraded import UntradedName
from strikedesk.domain.untraded_quotes import UntradedQuote
from strikedesk.market import ttl

_CERTAIN: Final = frozenset({Reason.SYMBOL_NOT_FOUND, Reason.INSTRUMENT_NOT_TRADED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Futures, options on them and coins, as far as the broker in use quotes them."""

    data: MarketData
    cache: Cache

    async def quotes(
        self, names: Collection[UntradedName], *, needed: bool
    ) -> Mapping[UntradedName, UntradedQuote]:
        """Return a quote not older than five seconds of each that has one.

        Raises:
            Unavailable: where they are `needed`; beside quotes that were found none are worth that.
        """
        try:
            return await self._quotes(names)
        except Unavailable:
            if needed:
                raise
            return {}

    async def why_unquoted(self, name: UntradedName) -> Reason:
        """Say why there is no quote: not listed, none of its kind here, or nobody quotes it."""
        key = f"unquoted:{name.compact}"
        try:
            return await self.cache.get(key, ttl.SEARCH_S, lambda: self._on_record(name))
        except Unavailable:
            return Reason.NO_QUOTE

    async def _on_record(self, name: UntradedName) -> Reason:
        try:
            await self.data.instrument(name.compact)
        except Denied as denied:
            return denied.reason if denied.reason in _CERTAIN else Reason.NO_QUOTE
        return Reason.NO_QUOTE

    async def _quotes(
        self, names: Collection[UntradedName]
    ) -> Mapping[UntradedName, UntradedQuote]:
        keys = {f"beside:{name.compact}": name for name in names}

        async def load(missing: Collection[str]) -> Mapping[str, UntradedQuote | None]:
            answer = await self.data.quotes_beside([keys[key] for key in missing])
            return {key: answer.get(keys[key]) for key in missing}

        found = await self.cache.get_many(tuple(keys), ttl.QUOTES_S, load)
        return {keys[key]: quote for key, quote in found.items() if quote is not None}
