"""The simulated market: fictional prices as a pure function of a seed and an instant.

It imports numpy, which takes a tenth of a second: callers import it when they need it.
"""

from strikedesk.exchange.simulated.market import SimulatedMarket

__all__ = ["SimulatedMarket"]
