"""The line at a price: who stands ahead of a resting limit order, and when its turn comes.

Law, for an order with one leg on a market that shows sizes and volume. `its side` is the bid for a
buyer and the ask for a seller; `better` is higher for a buyer and lower for a seller.

- An order that begins to rest joins behind the size that its side displays at its price; behind
  nobody where its price is better than its side's, or where nobody is displayed there any more;
  where its side is better it is not known, until the market first displays its price.
- Whoever stands ahead can only grow fewer: never more than is displayed at its price now, and what
  was traded at exactly its price since the quote before (the growth of the session's volume, where
  the last trade is at that price) goes to those ahead first, then to the order, at its own price.
- A trade at a worse price than its own (lower for a buyer) would have met the order first: what was
  traded goes to it, whoever stood ahead has been served.
- Orders of ours share what was traded, the earlier first; nobody has more than was traded.

The other side coming to its price fills it as `matching` says, up to the size displayed there. A
market that tells no size or no volume has that rule alone, and so has a spread: nobody displays
the size of its net price.
"""

from decimal import Decimal

from strikedesk.domain.quotes import Quote
from strikedesk.domain.value_class import value_class


@value_class
class Side:
    """One side of a quote, as those who rest there see it: buyers (+1) at the bid.

    `other` is the price of the other side, at which they would trade at once; `traded` is what has
    changed hands since the quote before. `None` = not told.
    """

    sign: int
    best: Decimal | None
    size: int | None
    other: Decimal | None = None
    last: Decimal | None = None
    traded: int | None = None

    def is_met(self, price: Decimal) -> bool:
        """Whether the other side has come to `price`: an order there has what it displays."""
        if self.other is None:
            return False
        return price >= self.other if self.sign > 0 else price <= self.other

    def joined(self, price: Decimal) -> int | None:
        """Return who is ahead of an order that begins to rest at `price`; None = not told."""
        if self.best is None or self.size is None:
            return None
        if self.best == price:
            return self.size
        return 0 if (self.best < price) is (self.sign > 0) else None

    def turn(self, price: Decimal, ahead: int | None, had: int = 0) -> tuple[int | None, int]:
        """Return who is ahead of a resting order now, and how much was traded with it.

        `had` is what other orders of ours have had of what was traded.
        """
        shown = self.joined(price)
        left = shown if ahead is None or (shown is not None and shown < ahead) else ahead
        if not self.traded or self.last is None or self.size is None:
            return left, 0
        if self.last == price:
            return self._served(left, ahead, had)
        if (self.last < price) is (self.sign > 0):
            return 0, max(0, self.traded - had)
        return left, 0

    def _served(self, left: int | None, ahead: int | None, had: int) -> tuple[int | None, int]:
        """Return the same where what was traded was traded at the order's own price."""
        traded = self.traded or 0
        if ahead is None or left is None:
            return left, 0
        return min(left, max(0, ahead - traded)), max(0, traded - ahead - had)


def side_of(quote: Quote, sign: int, traded: int | None = None) -> Side:
    """Return the side of a quote on which buyers (+1) or sellers (-1) rest."""
    best, size = (quote.bid, quote.bid_size) if sign > 0 else (quote.ask, quote.ask_size)
    other = quote.natural(sign)
    return Side(sign=sign, best=best, size=size, other=other, last=quote.last, traded=traded)
