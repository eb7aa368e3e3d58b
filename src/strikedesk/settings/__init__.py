"""Settings: the environment over `config.toml`, read once, refused where they cannot be read.

A value that cannot be read stops the start with one line that names it: a typing error must never
loosen a limit, open the desk to writes, or choose a broker.
"""

from strikedesk.settings.environment import Folders, own_home
from strikedesk.settings.kinds import ClockMode, MarketClock
from strikedesk.settings.reading import Settings, Toolset, load, market_of_its_own, variables
from strikedesk.settings.sections import WORLD_NAME, KeySource, PaperSettings

__all__ = [
    "WORLD_NAME",
    "ClockMode",
    "Folders",
    "KeySource",
    "MarketClock",
    "PaperSettings",
    "Settings",
    "Toolset",
    "load",
    "market_of_its_own",
    "own_home",
    "variables",
]
