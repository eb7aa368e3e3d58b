"""Symbols as tastytrade tells them."""

from strikedesk.brokers.tastytrade.payloads.fields import Payload, Words


class FoundTold(Payload):
    """What a search finds. `options` is a truth in most answers and its absence in others."""

    symbol: Words = None
    description: Words = None
    instrument_type: Words = None
    listed_market: Words = None
    options: object = None


class EntryTold(Payload):
    """A symbol on a list; older lists tell no type."""

    symbol: Words = None
    instrument_type: Words = None


class ListTold(Payload):
    """A list of symbols, of the user or of all."""

    name: Words = None
    watchlist_entries: tuple[EntryTold, ...] | None = None
