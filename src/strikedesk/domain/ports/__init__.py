"""The sockets: what rooms need of each other, said without naming who answers.

`wiring` decides who does. Every fake and every real adapter passes the same contract tests.
"""

from strikedesk.domain.ports.brokers import (
    Accounts,
    Broker,
    MarketData,
    Quotes,
    TransactionPage,
    UnderlyingFacts,
)
from strikedesk.domain.ports.cache import Cache
from strikedesk.domain.ports.keys import WrappedKey, WrappedKeyStore
from strikedesk.domain.ports.ledger import HaltSwitch, Ledger
from strikedesk.domain.ports.owner import (
    Alerts,
    CallerToken,
    CallerTokens,
    ListChange,
    SavedScan,
    SavedScans,
    Watchlist,
    Watchlists,
)
from strikedesk.domain.ports.pace import RateBudget, Turns
from strikedesk.domain.ports.time_and_chance import Clock, Entropy
from strikedesk.domain.ports.work import Leases, ScanRuns
from strikedesk.domain.ports.worlds import (
    FreshStart,
    WholeWorld,
    WorldChange,
    WorldLine,
    WorldRows,
    Worlds,
    WorldStore,
)

__all__ = [
    "Accounts",
    "Alerts",
    "Broker",
    "Cache",
    "CallerToken",
    "CallerTokens",
    "Clock",
    "Entropy",
    "FreshStart",
    "HaltSwitch",
    "Leases",
    "Ledger",
    "ListChange",
    "MarketData",
    "Quotes",
    "RateBudget",
    "SavedScan",
    "SavedScans",
    "ScanRuns",
    "TransactionPage",
    "Turns",
    "UnderlyingFacts",
    "Watchlist",
    "Watchlists",
    "WholeWorld",
    "WorldChange",
    "WorldLine",
    "WorldRows",
    "WorldStore",
    "Worlds",
    "WrappedKey",
    "WrappedKeyStore",
]
