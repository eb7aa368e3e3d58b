"""The one place that knows every room: settings in, a working desk out.

Nothing heavy is imported before a desk is opened: a client that starts us waits for `initialize`,
and numpy, SQLAlchemy and the database have no part in that answer.
"""

from strikedesk.wiring.desk import Companion, Desk, LazyDesk, assemble, open_desk
from strikedesk.wiring.ground import SystemEntropy, UtcClock, halt_switch, open_store
from strikedesk.wiring.own_strategies import OwnStrategies
from strikedesk.wiring.paper import Practice, market_of, open_practice

__all__ = [
    "Companion",
    "Desk",
    "LazyDesk",
    "OwnStrategies",
    "Practice",
    "SystemEntropy",
    "UtcClock",
    "assemble",
    "halt_switch",
    "market_of",
    "open_desk",
    "open_practice",
    "open_store",
]
