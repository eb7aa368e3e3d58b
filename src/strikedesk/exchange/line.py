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

from dataclasses import dataclass, replace

from strikedesk.domain.quotes import Quote
from strikedesk.exchange.book import WorkingOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Where an order stands after a quote, and how much of what was traded was its own."""

    ahead: int | None
    served: int = 0


def joined(order: WorkingOrder, quote: Quote) -> WorkingOrder:
    """Return an order that begins to rest, in its place behind what the quote displays."""
    return replace(order, ahead=_displayed_ahead(order, quote))


def turn(order: WorkingOrder, quote: Quote, traded: int | None, served: int) -> Turn:
    """Return what a quote does to a resting order.

    `traded` is what has changed hands since the quote before, None = not told; `served` what other
    orders of ours have had of it.
    """
    shown = _displayed_ahead(order, quote)
    known = [ahead for ahead in (order.ahead, shown) if ahead is not None]
    ahead = min(known, default=None)
    past = _past(order, quote)
    if not traded or past is None or past < 0:
        return Turn(ahead=ahead)
    if past > 0:
        return Turn(ahead=0, served=max(0, traded - served))
    if order.ahead is None:
        return Turn(ahead=ahead)
    left = max(0, order.ahead - traded)
    return Turn(
        ahead=left if ahead is None else min(left, ahead),
        served=max(0, traded - order.ahead - served),
    )


def _displayed_ahead(order: WorkingOrder, quote: Quote) -> int | None:
    """Return what its side displays at its price or, where it is the best, 0; None = not told."""
    bought, price = order.parts[0].sign > 0, order.rests_at
    best, size = (quote.bid, quote.bid_size) if bought else (quote.ask, quote.ask_size)
    if best is None or size is None or price is None:
        return None
    if best == price:
        return size
    return 0 if (best < price) is bought else None


def _past(order: WorkingOrder, quote: Quote) -> int | None:
    """Return 1 for a last trade beyond its price, 0 for one at it, -1 for one short of it."""
    bought, price, last = order.parts[0].sign > 0, order.rests_at, quote.last
    size = quote.bid_size if bought else quote.ask_size
    if last is None or price is None or size is None:
        return None
    if last == price:
        return 0
    return 1 if (last < price) is bought else -1
