"""Previews of trades that somebody chose from a list: the price is the mid of now."""

from dataclasses import dataclass, replace

from strikedesk.domain.orders import Leg, TimeInForce
from strikedesk.domain.ports import Accounts, Quotes
from strikedesk.orders.at_mid import order_at_mid
from strikedesk.orders.preview import Preview, Previewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Writes day orders for legs and previews them like any other."""

    accounts: Accounts
    quotes: Quotes
    previewer: Previewer

    async def __call__(
        self, handle: str, legs: tuple[Leg, ...], *, units: int, caller: str
    ) -> Preview:
        """Preview the order that opens these legs so many times.

        Raises:
            Denied: QUOTE_MISSING, or as for placing.
            Unavailable: the broker cannot be asked.
        """
        account = await self.accounts.named(handle)
        times = tuple(replace(leg, quantity=leg.quantity * units) for leg in legs)
        order = await order_at_mid(self.quotes, times, account.account_id, TimeInForce.DAY)
        return await self.previewer.place_order(account, order, caller=caller)
