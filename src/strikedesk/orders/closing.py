"""Orders that the desk writes from what is held: closes and rolls."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from strikedesk.domain.accounts import Position, held_of
from strikedesk.domain.errors import Denied
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, Leg, OrderType, TimeInForce
from strikedesk.domain.ports import Accounts, Broker, Quotes
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol
from strikedesk.orders.at_mid import order_at_mid
from strikedesk.orders.draft import Draft, order_of
from strikedesk.orders.preview import Preview, Previewer


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRequest:
    """What to close. `quantity` counts each symbol's contracts or shares; None = all of it.

    Without a `price` the desk proposes the mid, rounded towards the market.
    """

    account: str
    symbols: tuple[Symbol, ...]
    quantity: int | None = None
    price: Decimal | None = None
    price_effect: PriceEffect | None = None
    time_in_force: TimeInForce = TimeInForce.DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class RollRequest:
    """Which option position to move where; None = keep that of the old contract.

    `other` is the second contract of a spread, and moves by as many dollars to the same day.
    """

    account: str
    symbol: OptionSymbol
    other: OptionSymbol | None = None
    new_expiration: date | None = None
    new_strike: Decimal | None = None
    quantity: int | None = None
    price: Decimal | None = None
    price_effect: PriceEffect | None = None
    time_in_force: TimeInForce = TimeInForce.DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Closer:
    """Writes closing and rolling orders and previews them like any other."""

    broker: Broker
    accounts: Accounts
    quotes: Quotes
    previewer: Previewer

    async def close(self, request: CloseRequest, *, caller: str) -> Preview:
        """Preview the order that closes these positions.

        Raises:
            Denied: POSITION_UNKNOWN, CLOSE_EXCEEDS_POSITION, QUOTE_MISSING, or as for placing.
        """
        held = await self._held(request.account)
        legs = tuple(
            _closing_leg(held_of(held, symbol), request.quantity) for symbol in request.symbols
        )
        return await self._preview(request, legs, caller)

    async def roll(self, request: RollRequest, *, caller: str) -> Preview:
        """Preview closing an option, or both of a spread, and opening its like elsewhere.

        Raises:
            Denied: POSITION_UNKNOWN, NOTHING_TO_CHANGE, CONTRACT_NOT_FOUND, or as for placing.
        """
        held = await self._held(request.account)
        symbols = (request.symbol, *((request.other,) if request.other else ()))
        legs = [leg for each in symbols for leg in await self._moved(request, each, held)]
        return await self._preview(request, tuple(legs), caller)

    async def _moved(
        self, request: RollRequest, symbol: OptionSymbol, held: Sequence[Position]
    ) -> tuple[Leg, Leg]:
        position = held_of(held, symbol)
        successor = _successor(request, symbol)
        await self._check_listed(successor)
        closing = _closing_leg(position, request.quantity)
        opens = Action.BUY_TO_OPEN if position.quantity > 0 else Action.SELL_TO_OPEN
        return closing, Leg(symbol=successor, action=opens, quantity=closing.quantity)

    async def _preview(
        self, request: CloseRequest | RollRequest, legs: tuple[Leg, ...], caller: str
    ) -> Preview:
        account = await self.accounts.named(request.account)
        if request.price is not None or request.price_effect is not None:
            order = order_of(_priced(request, legs), account.account_id)
        else:
            order = await order_at_mid(self.quotes, legs, account.account_id, request.time_in_force)
        return await self.previewer.place_order(account, order, caller=caller)

    async def _held(self, handle: str) -> tuple[Position, ...]:
        account = await self.accounts.named(handle)
        return await self.broker.positions(account.account_id)

    async def _check_listed(self, symbol: OptionSymbol) -> None:
        listed = await self.broker.expirations(EquitySymbol(symbol.underlying))
        strikes = {e.day: e.strikes for e in listed if e.root == symbol.root}
        if symbol.strike not in strikes.get(symbol.expiration, ()):
            raise Denied(Reason.CONTRACT_NOT_FOUND, symbol=symbol.compact)


def _priced(request: CloseRequest | RollRequest, legs: tuple[Leg, ...]) -> Draft:
    return Draft(
        account=request.account,
        legs=legs,
        order_type=OrderType.LIMIT,
        price=request.price,
        price_effect=request.price_effect,
        time_in_force=request.time_in_force,
    )


def _closing_leg(position: Position, quantity: int | None) -> Leg:
    held = abs(position.quantity)
    if quantity is not None and quantity > held:
        raise Denied(
            Reason.CLOSE_EXCEEDS_POSITION,
            symbol=position.symbol.compact,
            asked=quantity,
            held=position.quantity,
        )
    return Leg(
        symbol=position.symbol,
        action=_closing_action(position),
        quantity=held if quantity is None else quantity,
    )


def _closing_action(position: Position) -> Action:
    if isinstance(position.symbol, EquitySymbol):
        return Action.SELL if position.quantity > 0 else Action.BUY
    return Action.SELL_TO_CLOSE if position.quantity > 0 else Action.BUY_TO_CLOSE


def _successor(request: RollRequest, old: OptionSymbol) -> OptionSymbol:
    first = request.symbol.strike
    distance = (request.new_strike or first) - first
    new = OptionSymbol(
        old.root, request.new_expiration or old.expiration, old.right, old.strike + distance
    )
    if new == old:
        raise Denied(Reason.NOTHING_TO_CHANGE, symbol=old.compact)
    return new
