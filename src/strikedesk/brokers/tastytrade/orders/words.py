"""The words of an order: those that the desk uses, and those that tastytrade does."""

from types import MappingProxyType
from typing import Final

from strikedesk.domain.orders import Action, OrderType, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState

ACTIONS: Final = MappingProxyType(
    {
        Action.BUY_TO_OPEN: "Buy to Open",
        Action.SELL_TO_OPEN: "Sell to Open",
        Action.BUY_TO_CLOSE: "Buy to Close",
        Action.SELL_TO_CLOSE: "Sell to Close",
    }
)
READ_ACTIONS: Final = MappingProxyType({word: action for action, word in ACTIONS.items()})

TYPES: Final = MappingProxyType(
    {
        OrderType.LIMIT: "Limit",
        OrderType.MARKET: "Market",
        OrderType.STOP: "Stop",
        OrderType.STOP_LIMIT: "Stop Limit",
        OrderType.MARKETABLE_LIMIT: "Marketable Limit",
        OrderType.NOTIONAL_MARKET: "Notional Market",
    }
)
READ_TYPES: Final = MappingProxyType({word: kind for kind, word in TYPES.items()})

TIMES: Final = MappingProxyType(
    {
        TimeInForce.DAY: "Day",
        TimeInForce.GTC: "GTC",
        TimeInForce.GTD: "GTD",
        TimeInForce.IOC: "IOC",
        TimeInForce.EXT: "Ext",
        TimeInForce.GTC_EXT: "GTC Ext",
        TimeInForce.EXT_OVERNIGHT: "Ext Overnight",
        TimeInForce.GTC_EXT_OVERNIGHT: "GTC Ext Overnight",
    }
)
READ_TIMES: Final = MappingProxyType({word: time for time, word in TIMES.items()})

CONTINGENT: Final = "Contingent"
FILLED: Final = "Filled"
CANCELLED: Final = "Cancelled"
LIVE: Final = "Live"
# A status that is not here is one that nobody knows: the order is in doubt, not gone.
STATES: Final = MappingProxyType(
    {
        "Received": OrderState.SUBMITTED,
        "Routed": OrderState.SUBMITTED,
        "In Flight": OrderState.SUBMITTED,
        CONTINGENT: OrderState.SUBMITTED,
        LIVE: OrderState.WORKING,
        "Cancel Requested": OrderState.CANCEL_PENDING,
        "Remove Pending": OrderState.CANCEL_PENDING,
        "Replace Requested": OrderState.REPLACE_PENDING,
        FILLED: OrderState.FILLED,
        CANCELLED: OrderState.CANCELLED,
        "Removed": OrderState.CANCELLED,
        "Partially Removed": OrderState.CANCELLED,
        "Expired": OrderState.EXPIRED,
        "Rejected": OrderState.REJECTED,
    }
)
WORKING: Final = (
    "Received",
    "Routed",
    "In Flight",
    LIVE,
    CONTINGENT,
    "Cancel Requested",
    "Replace Requested",
)

OVER: Final = frozenset(status for status, state in STATES.items() if state.is_final)

REFUSALS: Final = MappingProxyType(
    {
        "margin_check_failed": Reason.INSUFFICIENT_BUYING_POWER,
        "cant_buy_for_credit": Reason.INVALID_PRICE,
        "gtc_market_orders_not_supported": Reason.INVALID_TIME_IN_FORCE,
        "cannot_update_order": Reason.ORDER_NOT_WORKING,
        "closing_with_no_position": Reason.CLOSE_EXCEEDS_POSITION,
        "record_not_found": Reason.ORDER_UNKNOWN,
        "not_permitted": Reason.BROKER_SCOPE_MISSING,
    }
)
REJECT_CODES: Final = MappingProxyType({"Session offline": "session_offline"})
