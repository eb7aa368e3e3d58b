"""How much one order may ask for at the broker, account by account, known before the wire."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from pydantic import TypeAdapter

from strikedesk.brokers.tastytrade.calls import Call, path_of
from strikedesk.brokers.tastytrade.client import Client
from strikedesk.brokers.tastytrade.directory import Directory
from strikedesk.brokers.tastytrade.payloads.accounts import SizesTold
from strikedesk.brokers.tastytrade.payloads.envelopes import Told
from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import Leg, OrderRequest
from strikedesk.domain.ports import Clock
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import OptionSymbol

KEPT_FOR: Final = timedelta(hours=1)
_SIZES: Final = TypeAdapter(Told[SizesTold])


@dataclass(slots=True, kw_only=True)
class Sizes:
    """Reads the limits of an account, once an hour.

    Of how much may be held in all the broker's own rehearsal knows: what it counts nobody tells.
    """

    client: Client
    directory: Directory
    clock: Clock
    _known: dict[str, tuple[datetime, SizesTold]] = field(
        default_factory=dict[str, tuple[datetime, SizesTold]]
    )

    async def check(self, orders: Sequence[OrderRequest]) -> None:
        """Refuse a leg that asks for more than the broker lets one order of this account ask for.

        Raises:
            Denied: QUANTITY_ABOVE_VENUE_LIMIT, with the limit.
            Unavailable: it is not known.
        """
        told = await self._of(orders[0].account_id)
        for leg in (leg for order in orders for leg in order.legs):
            most = _most(leg, told)
            if most is not None and leg.quantity > most:
                raise Denied(
                    Reason.QUANTITY_ABOVE_VENUE_LIMIT,
                    symbol=leg.symbol.compact,
                    quantity=leg.quantity,
                    limit=most,
                )

    async def _of(self, account_id: str) -> SizesTold:
        now, known = self.clock.now(), self._known.get(account_id)
        if known is not None and timedelta(0) <= now - known[0] < KEPT_FOR:
            return known[1]
        told = await self._read(account_id)
        self._known[account_id] = now, told
        return told

    async def _read(self, account_id: str) -> SizesTold:
        """Return the limits; none where the grant may not ask: the rehearsal asks anyway."""
        number = await self.directory.number(account_id)
        call = Call(path=path_of("accounts", number.reveal(), "position-limit"))
        try:
            return await self.client.one(call, _SIZES)
        except Denied:
            return SizesTold()


def _most(leg: Leg, told: SizesTold) -> int | None:
    is_option = isinstance(leg.symbol, OptionSymbol)
    return told.equity_option_order_size if is_option else told.equity_order_size
