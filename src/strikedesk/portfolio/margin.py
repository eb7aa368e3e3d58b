"""What a strategy would bind: in an account its broker's own word, asked before any order is made.

Margin rests on what else the account holds and on its kind. The broker's pre-flight sends nothing
and leaves nothing behind; no nonce is made of it. Where no account is named, Regulation T says what
the legs would bind in a margin account that holds nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Final, Protocol

from strikedesk.domain.broking import PlaceTicket, Preflight, Ticket
from strikedesk.domain.margin import MarginRule
from strikedesk.domain.orders import Leg, OrderRequest, OrderType
from strikedesk.domain.ports import Accounts, Entropy
from strikedesk.domain.symbols import Symbol
from strikedesk.domain.terms import ExerciseStyle

# Whole steps of every venue's ticks, for one contract alone and for several together.
_STEP: Final = Decimal("0.05")
_COARSE_STEP: Final = Decimal("0.10")


class Foreteller(Protocol):
    """The part of a `Broker` that says what an order would do. It cannot be asked to trade."""

    async def preflight(self, ticket: Ticket) -> Preflight:
        """See `Broker.preflight`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """What opening legs would do to an account. Units: USD; None where the broker does not say.

    `account` None = by Regulation T, with nothing else held, before fees. `taken` is what buying
    power would fall by, of an account fees included; `margin` what the requirement would rise by;
    `refusals` why the broker would not take the order, in our words.
    """

    account: str | None
    taken: Decimal | None
    margin: Decimal | None
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Legs of one underlying, as they would be opened `on` a day.

    Units: `prices` USD a share, of each leg and of the underlying; `style` None = nobody tells,
    which binds as much as any.
    """

    legs: Sequence[Leg]
    prices: Mapping[Symbol, Decimal]
    on: date
    style: ExerciseStyle | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """Asks a broker what would be bound, or the `rule` where no account is named."""

    broker: Foreteller
    accounts: Accounts
    entropy: Entropy
    rule: MarginRule

    async def of(self, handle: str, opened: Opened) -> Margin:
        """Return what legs would bind in an account.

        Law: the net price is rounded against us to a step that every venue takes.

        Raises:
            Denied: ACCOUNT_UNKNOWN; INVALID_LEGS where they are more than an order may have.
            Unavailable: the broker cannot be asked.
        """
        account = await self.accounts.named(handle)
        order = _order(account.account_id, opened.legs, opened.prices)
        ticket = PlaceTicket(client_order_id=self.entropy.identifier(), order=order)
        told = await self.broker.preflight(ticket)
        before, after = told.buying_power_before, told.buying_power_after
        return Margin(
            account=handle,
            taken=None if before is None or after is None else before - after,
            margin=told.margin_change,
            refusals=told.refusals,
        )

    async def alone(self, opened: Opened) -> Margin | None:
        """Return what legs would bind by the rule; None where it knows of no bound."""
        bound = self.rule(
            {leg.symbol: leg.signed_quantity for leg in opened.legs},
            opened.prices,
            on=opened.on,
            settles_in_cash=opened.style is not ExerciseStyle.AMERICAN,
        )
        if bound is None:
            return None
        return Margin(account=None, taken=bound.taken, margin=bound.requirement, refusals=())


def _order(account_id: str, legs: Sequence[Leg], prices: Mapping[Symbol, Decimal]) -> OrderRequest:
    order = OrderRequest(account_id=account_id, legs=tuple(legs), order_type=OrderType.MARKET)
    step = _STEP if len(legs) > 1 else _COARSE_STEP
    net = (order.net_of(prices) / step).to_integral_value(ROUND_CEILING) * step
    return replace(order, order_type=OrderType.LIMIT, limit_net=net)
