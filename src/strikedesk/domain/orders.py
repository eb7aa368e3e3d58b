"""Orders: legs, types, the canonical form and its hash."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Final

from strikedesk.domain.canonical import Json, canonical_json
from strikedesk.domain.errors import Denied
from strikedesk.domain.money import CENT, PRICE_MAX, PRICE_STEP, SHARES_PER_CONTRACT
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Symbol, parse_symbol
from strikedesk.domain.value_class import value_class

LEGS_MAX: Final = 4
QUANTITY_MAX: Final = 1_000_000
# Of an order by value, USD. Source: the least is tastytrade's for shares.
VALUE_MIN: Final = Decimal(5)
VALUE_MAX: Final = Decimal(1_000_000)
_GIVE: Final = "notional_market with value in USD and quantity 1, or a quantity and no value"


class Action(StrEnum):
    """What a leg does. Options say whether they open or close; shares may leave it open."""

    BUY_TO_OPEN = "buy_to_open"
    SELL_TO_OPEN = "sell_to_open"
    BUY_TO_CLOSE = "buy_to_close"
    SELL_TO_CLOSE = "sell_to_close"
    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 when the position grows by the quantity, -1 when it shrinks."""
        return 1 if self.startswith("buy") else -1

    @property
    def opens(self) -> bool | None:
        """True for opening, False for closing, None where the action leaves it open."""
        if self is Action.BUY or self is Action.SELL:
            return None
        return self.endswith("open")

    @property
    def undone(self) -> "Action":
        """The action that takes this one back."""
        return _UNDONE[self]


_UNDONE: Final = {
    Action.BUY_TO_OPEN: Action.SELL_TO_CLOSE,
    Action.SELL_TO_OPEN: Action.BUY_TO_CLOSE,
    Action.BUY_TO_CLOSE: Action.SELL_TO_OPEN,
    Action.SELL_TO_CLOSE: Action.BUY_TO_OPEN,
    Action.BUY: Action.SELL,
    Action.SELL: Action.BUY,
}


class OrderType(StrEnum):
    """How the order meets the market."""

    LIMIT = "limit"
    MARKET = "market"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    MARKETABLE_LIMIT = "marketable_limit"
    NOTIONAL_MARKET = "notional_market"

    @property
    def has_limit(self) -> bool:
        """Whether a price bounds it."""
        return self.endswith("limit")

    @property
    def has_stop(self) -> bool:
        """Whether it waits for its trigger."""
        return self.startswith("stop")

    @property
    def at_market(self) -> bool:
        """Whether it takes at once what the market gives: it waits for no price."""
        return self.endswith("market")


class TimeInForce(StrEnum):
    """How long the order stands, and in which hours it may trade: see `trading_hours`."""

    DAY = "day"
    GTC = "gtc"
    GTD = "gtd"
    IOC = "ioc"
    EXT = "ext"
    GTC_EXT = "gtc_ext"
    EXT_OVERNIGHT = "ext_overnight"
    GTC_EXT_OVERNIGHT = "gtc_ext_overnight"

    @property
    def extended(self) -> bool:
        """Whether it reaches beyond regular hours."""
        return self in _IN_REGULAR_HOURS

    @property
    def overnight(self) -> bool:
        """Whether it reaches into the night, in which not all shares trade."""
        return self.endswith("overnight")

    @property
    def in_regular_hours(self) -> "TimeInForce":
        """The one that stands as long, and trades in regular hours alone."""
        return _IN_REGULAR_HOURS.get(self, self)


_IN_REGULAR_HOURS: Final = {
    TimeInForce.EXT: TimeInForce.DAY,
    TimeInForce.GTC_EXT: TimeInForce.GTC,
    TimeInForce.EXT_OVERNIGHT: TimeInForce.DAY,
    TimeInForce.GTC_EXT_OVERNIGHT: TimeInForce.GTC,
}


_STANDING: Final = frozenset({TimeInForce.GTC, TimeInForce.GTD})


@value_class
class Leg:
    """One instrument of an order. `quantity` counts contracts or shares, always positive."""

    symbol: Symbol
    action: Action
    quantity: int

    def __post_init__(self) -> None:
        """Refuse quantities and actions that mean nothing."""
        if not 1 <= self.quantity <= QUANTITY_MAX:
            raise Denied(Reason.INVALID_QUANTITY, quantity=self.quantity, most=QUANTITY_MAX)
        if isinstance(self.symbol, OptionSymbol) and self.action.opens is None:
            raise Denied(
                Reason.INVALID_LEGS,
                rule="option_position_effect",
                symbol=self.symbol.compact,
                action=self.action.value,
            )

    @property
    def is_option(self) -> bool:
        """Whether it is a contract rather than shares."""
        return isinstance(self.symbol, OptionSymbol)

    @property
    def signed_quantity(self) -> int:
        """The change of position: + bought, - sold."""
        return self.action.sign * self.quantity


@value_class
class OrderRequest:
    """An order as the desk understands it, lawful by construction.

    Units: `limit_net` USD per share of one unit (positive = we pay); `stop_trigger` USD per
    share; one unit is the legs divided by the greatest common divisor of their quantities;
    `value` USD that an order by value buys or sells shares for: its one leg has a quantity of 1,
    which stands for the amount and counts no share.
    Law: 1 to 4 legs of one underlying, no contract twice, prices and a value where the type needs
    them. Raises `Denied` with the rule's name otherwise.
    """

    account_id: str
    legs: tuple[Leg, ...]
    order_type: OrderType
    limit_net: Decimal | None = None
    stop_trigger: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.DAY
    gtd_date: date | None = None
    value: Decimal | None = None

    def __post_init__(self) -> None:
        """Apply the shape rules that need no market."""
        self._check_legs()
        self._check_prices()
        self._check_value()
        self._check_time()

    @cached_property
    def underlying(self) -> str:
        """The one ticker that all legs follow."""
        return self.legs[0].symbol.underlying

    @cached_property
    def units(self) -> int:
        """How many times the smallest form of the legs is ordered."""
        return math.gcd(*(leg.quantity for leg in self.legs))

    @cached_property
    def by_value(self) -> bool:
        """Whether it asks for shares by an amount of USD, and not by their number."""
        return self.value is not None

    @cached_property
    def has_options(self) -> bool:
        """Whether any leg is a contract."""
        return any(leg.is_option for leg in self.legs)

    @cached_property
    def only_opens(self) -> bool:
        """Whether every leg says that it opens; a plain `buy` or `sell` may close something."""
        return all(leg.action.opens is True for leg in self.legs)

    @cached_property
    def sells(self) -> bool:
        """Whether any leg gives something away."""
        return any(leg.action.sign < 0 for leg in self.legs)

    @cached_property
    def unit_multiplier(self) -> int:
        """Shares behind one unit's net price: 100 with options, 1 for shares alone."""
        return SHARES_PER_CONTRACT if self.has_options else 1

    @cached_property
    def contracts(self) -> int:
        """Option contracts over all legs."""
        return sum(leg.quantity for leg in self.legs if leg.is_option)

    @cached_property
    def shares(self) -> int:
        """Shares over all legs, not counting what contracts stand for."""
        return sum(leg.quantity for leg in self.legs if not leg.is_option)

    def weight(self, leg: Leg) -> Decimal:
        """Signed share of `leg` in the net price of one unit (100 shares weigh as one contract)."""
        per_unit = Decimal(leg.signed_quantity // self.units)
        beside_contracts = self.has_options and not leg.is_option
        return per_unit / SHARES_PER_CONTRACT if beside_contracts else per_unit

    def net_of(self, price_of: Mapping[Symbol, Decimal]) -> Decimal:
        """Return the net price per share of one unit for these leg prices."""
        return self.net_at([price_of[leg.symbol] for leg in self.legs])

    def net_at(self, prices: Sequence[Decimal]) -> Decimal:
        """Return the net price per share of one unit for prices in the order of the legs."""
        both = zip(self._weights, prices, strict=True)
        return sum((weight * price for weight, price in both), Decimal(0))

    def cash_effect(self, net: Decimal) -> Decimal:
        """Return what a fill of all units at `net` does to cash, USD, before fees.

        Of an order by value that is its value, whatever the price: at the most.
        """
        if self.value is not None:
            return -self.value * self.legs[0].action.sign
        return -net * self.unit_multiplier * self.units

    @cached_property
    def _weights(self) -> tuple[Decimal, ...]:
        return tuple(self.weight(leg) for leg in self.legs)

    @cached_property
    def canonical(self) -> str:
        """One text per order: legs sorted and reduced, prices quantised, keys in order."""
        units = self.units
        body: dict[str, Json] = {
            "account": self.account_id,
            "legs": sorted(
                [leg.symbol.compact, leg.action, leg.quantity // units] for leg in self.legs
            ),
            "limit_net": _quantised(self.limit_net),
            "order_type": self.order_type,
            "stop_trigger": _quantised(self.stop_trigger),
            "time_in_force": self.time_in_force,
            "gtd_date": self.gtd_date.isoformat() if self.gtd_date else None,
            "units": units,
        }
        if self.value is not None:  # Every order of before there were values keeps its text.
            body["value"] = str(self.value.quantize(CENT))
        return canonical_json(body)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical form, in hex."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    def _check_time(self) -> None:
        if (self.gtd_date is None) == (self.time_in_force is TimeInForce.GTD):
            raise Denied(Reason.INVALID_TIME_IN_FORCE, rule="gtd_date_with_gtd_only")
        if self.order_type is OrderType.MARKET and self.time_in_force in _STANDING:
            raise Denied(Reason.INVALID_TIME_IN_FORCE, rule="market_order_is_day_or_ioc")
        if self.stop_trigger is not None and self.time_in_force is TimeInForce.IOC:
            # It would end at once, untouched, and leave its owner in the belief of being protected.
            raise Denied(Reason.INVALID_TIME_IN_FORCE, rule="stop_order_waits")
        if self.time_in_force.extended:
            self._check_extended()

    def _check_value(self) -> None:
        """Apply what holds of an amount: shares alone, opened long or closed, on this day."""
        if (self.order_type is OrderType.NOTIONAL_MARKET) != (self.value is not None):
            raise Denied(
                Reason.INVALID_ORDER, rule="value_goes_with_notional_market_orders", instead=_GIVE
            )
        if self.value is None:
            return
        _check_amount(self.value)
        leg = self.legs[0]
        if len(self.legs) > 1 or self.has_options:
            raise Denied(Reason.INVALID_LEGS, rule="an_order_by_value_is_one_leg_of_shares")
        if leg.quantity != 1:
            raise Denied(
                Reason.INVALID_QUANTITY, rule="an_order_by_value_has_no_quantity", instead=_GIVE
            )
        if leg.action in {Action.SELL_TO_OPEN, Action.BUY_TO_CLOSE}:
            raise Denied(Reason.INVALID_LEGS, rule="a_short_is_not_traded_by_value")
        if self.time_in_force is not TimeInForce.DAY:
            raise Denied(Reason.INVALID_TIME_IN_FORCE, rule="an_order_by_value_is_for_the_day")

    def _check_extended(self) -> None:
        """Options do not trade then, and nobody knows at what price a thin market fills."""
        if self.has_options or len(self.legs) > 1:
            rule = "extended_hours_are_for_one_leg_of_shares"
            raise Denied(Reason.INVALID_TIME_IN_FORCE, rule=rule)
        if self.order_type is not OrderType.LIMIT:
            raise Denied(Reason.INVALID_TIME_IN_FORCE, rule="extended_hours_take_limit_orders")

    def _check_legs(self) -> None:
        if not 1 <= len(self.legs) <= LEGS_MAX:
            raise Denied(Reason.INVALID_LEGS, rule="one_to_four_legs", legs=len(self.legs))
        if len({leg.symbol for leg in self.legs}) != len(self.legs):
            raise Denied(Reason.INVALID_LEGS, rule="no_symbol_twice")
        if len({leg.symbol.underlying for leg in self.legs}) != 1:
            raise Denied(Reason.INVALID_LEGS, rule="one_underlying")
        if sum(isinstance(leg.symbol, EquitySymbol) for leg in self.legs) > 1:
            raise Denied(Reason.INVALID_LEGS, rule="one_share_leg")

    def _check_prices(self) -> None:
        if self.order_type.has_limit != (self.limit_net is not None):
            raise Denied(Reason.INVALID_PRICE, rule="price_goes_with_limit_orders")
        if self.order_type.has_stop != (self.stop_trigger is not None):
            raise Denied(Reason.INVALID_PRICE, rule="stop_trigger_goes_with_stop_orders")
        if self.order_type.has_stop and len(self.legs) > 1:
            raise Denied(Reason.INVALID_LEGS, rule="stop_orders_have_one_leg")
        for price in (self.limit_net, self.stop_trigger):
            _check_price(price)
        if self.stop_trigger is not None and self.stop_trigger <= 0:
            raise Denied(Reason.INVALID_PRICE, rule="stop_trigger_is_positive")


# A row is read several times on the way of its order; equal texts share one order, which is frozen.
@lru_cache(maxsize=1024)
def read_canonical(text: str) -> OrderRequest:
    """Rebuild an order from its canonical text; the digest stays the same."""
    body = json.loads(text)
    return OrderRequest(
        account_id=body["account"],
        legs=tuple(
            Leg(symbol=parse_symbol(s), action=Action(a), quantity=ratio * body["units"])
            for s, a, ratio in body["legs"]
        ),
        order_type=OrderType(body["order_type"]),
        limit_net=_decimal(body["limit_net"]),
        stop_trigger=_decimal(body["stop_trigger"]),
        time_in_force=TimeInForce(body["time_in_force"]),
        gtd_date=date.fromisoformat(body["gtd_date"]) if body["gtd_date"] else None,
        value=Decimal(body["value"]) if "value" in body else None,
    )


def _check_price(price: Decimal | None) -> None:
    if price is None:
        return
    if not price.is_finite() or abs(price) > PRICE_MAX:
        raise Denied(Reason.INVALID_PRICE, rule="price_is_finite", most=PRICE_MAX)
    if price != price.quantize(PRICE_STEP):
        raise Denied(Reason.INVALID_PRICE, rule="price_step", finest_step=PRICE_STEP)


def _check_amount(value: Decimal) -> None:
    if not value.is_finite() or not VALUE_MIN <= value <= VALUE_MAX:
        raise Denied(
            Reason.INVALID_ORDER, rule="value_out_of_bounds", least=VALUE_MIN, most=VALUE_MAX
        )
    if value != value.quantize(CENT):
        raise Denied(Reason.INVALID_ORDER, rule="value_is_to_the_cent")


def _quantised(price: Decimal | None) -> str | None:
    return None if price is None else str((price + 0).quantize(PRICE_STEP))


def _decimal(text: str | None) -> Decimal | None:
    """Return a price to the cent where it is on one: as most were written, and are shown."""
    if text is None:
        return None
    return Decimal(text.removesuffix("00") if text[-5:-4] == "." else text)
