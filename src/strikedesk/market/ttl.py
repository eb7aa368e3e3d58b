"""How long an answer of the market may be shown again. Units: seconds of the wall clock."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strikedesk.domain.quotes import Interval

QUOTES_S: Final = 5.0
CHAINS_S: Final = 300.0
HOURS_S: Final = 86_400.0
HISTORY_S: Final = 3_600.0
SEARCH_S: Final = 300.0

# The newest bar of a range still grows; a range that is over does not change.
GROWING_BARS_S: Final[Mapping[Interval, float]] = MappingProxyType(
    {
        Interval.MINUTE: 5.0,
        Interval.FIVE_MINUTES: 30.0,
        Interval.HOUR: 300.0,
        Interval.DAY: 300.0,
        Interval.WEEK: 300.0,
    }
)
FINISHED_BARS_S: Final = 3_600.0
