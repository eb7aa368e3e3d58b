"""Symbols as tastytrade tells them."""

from strikedesk.brokers.tastytrade.payloads.fields import Payload, Words


class FoundTold(Payload):
    """What a search finds. `options` is a truth in most answers and its absence in others."""

    symbol: Words = None
    description: Words = None
    instrument_type: Words = None
    listed_market: Words = None
    options: object = None
