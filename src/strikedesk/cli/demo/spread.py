"""Choosing what to trade: a vertical whose price the quotes themselves give."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Final

from strikedesk.cli.demo.answer import Answer, Astray
from strikedesk.domain.ledger import Json

DAYS_WISHED: Final = 20
ROOM: Final = Decimal("0.05")  # A nickel fits every contract's tick.


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A debit vertical of calls at a price at which it trades at once, unless the market runs away.

    Units: USD per share.
    """

    long: str
    short: str
    price: Decimal
    width: Decimal

    @property
    def legs(self) -> list[Json]:
        """The legs as preview_order takes them."""
        return [
            {"symbol": self.long, "action": "buy_to_open", "quantity": 1},
            {"symbol": self.short, "action": "sell_to_open", "quantity": 1},
        ]


def choose_expiration(rows: Sequence[Answer]) -> str:
    """Return the first expiration at least some weeks away, else the last there is."""
    far = [row for row in rows if row.number("days") >= DAYS_WISHED]
    return (far or list(rows[-1:]))[0].text("expiration")


def choose_spread(rows: Sequence[Answer], spot: Decimal) -> Spread:
    """Return the spread nearest the money that costs something and can still gain."""
    calls = sorted((row for row in rows if _is_quoted(row)), key=lambda row: row.number("strike"))
    spreads = [_spread(low, high) for low, high in combinations(calls, 2)]
    sound = [each for each in spreads if 0 < each.price < each.width]
    if not sound:
        raise Astray("no two calls on this page make a vertical that can gain")
    middle = {call.text("symbol"): abs(call.number("strike") - spot) for call in calls}
    return min(sound, key=lambda each: (middle[each.long], each.width))


def _is_quoted(row: Answer) -> bool:
    sides = (row.content.get("bid"), row.content.get("ask"))
    return row.text("right") == "C" and all(side not in {None, 0} for side in sides)


def _spread(low: Answer, high: Answer) -> Spread:
    natural = low.number("ask") - high.number("bid")
    return Spread(
        long=low.text("symbol"),
        short=high.text("symbol"),
        price=natural + ROOM,
        width=high.number("strike") - low.number("strike"),
    )
