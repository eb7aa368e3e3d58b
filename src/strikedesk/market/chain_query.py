"""What can be asked of a chain, refused early where it contradicts itself."""

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from strikedesk.domain.errors import Denied, Fact
from strikedesk.domain.pages import offset_of
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, Right
from strikedesk.market.columns import check_columns, tokens_of_row

PAGE_ROWS_MAX: Final = 60
EXPIRATIONS_MAX: Final = 100
STRIKES_EACH_SIDE: Final = 10
STRIKES_EACH_SIDE_MAX: Final = 500
DAYS_MAX: Final = 5_000

_ROWS_DEFAULT: Final = 40
_TOKENS_FOR_ROWS: Final = 1_040


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainQuery:
    """A question about a chain. Bounds are inclusive; `None` = no bound.

    Without `expirations` and without `days_*` it asks for the nearest monthly expiration. With no
    bound on strikes or deltas it asks for the `STRIKES_EACH_SIDE` strikes on either side of the
    money; `strike_min=0` asks for all.

    Units: strikes USD per share; `days_*` calendar days to expiration; `strikes_each_side` counts
    the strikes at or below the spot, and those above it, of each expiration.
    Deltas: bounds that are both 0 or more compare with the absolute delta (0.2 to 0.4 finds calls
    of 0.2 to 0.4 and puts of -0.4 to -0.2); as soon as one is negative they compare with the delta
    as it is signed (-0.4 to -0.2 finds puts only). A contract of unknown delta or open interest
    never passes a bound on it.
    Raises: `Denied(INVALID_ARGUMENT)`.
    """

    underlying: EquitySymbol
    expirations: tuple[date, ...] = ()
    days_min: int | None = None
    days_max: int | None = None
    right: Right | None = None
    strike_min: Decimal | None = None
    strike_max: Decimal | None = None
    strikes_each_side: int | None = None
    delta_min: float | None = None
    delta_max: float | None = None
    open_interest_min: int | None = None
    columns: tuple[str, ...] = ()
    page: int = 1
    page_size: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        check_columns(self.columns)
        self._check_expirations()
        self._check_strikes()
        self._check_deltas()
        _within("open_interest_min", self.open_interest_min, 0, 10**9)
        _within("page_size", self.page_size, 1, PAGE_ROWS_MAX)
        offset_of(self.page, 1)

    @property
    def by_days(self) -> bool:
        """Whether it names its expirations by days to go."""
        return self.days_min is not None or self.days_max is not None

    @property
    def by_delta(self) -> bool:
        """Whether it bounds the delta."""
        return self.delta_min is not None or self.delta_max is not None

    @property
    def around_the_money(self) -> int | None:
        """How many strikes on either side of the money it asks for, or None for any distance."""
        bounded = self.strike_min is not None or self.strike_max is not None or self.by_delta
        if self.strikes_each_side is None and not bounded:
            return STRIKES_EACH_SIDE
        return self.strikes_each_side

    @property
    def delta_bounds(self) -> tuple[float, float, bool]:
        """Least and most delta, and whether they are of its absolute value."""
        low, high = self.delta_min, self.delta_max
        absolute = min(low or 0.0, high or 0.0) >= 0
        floor = 0.0 if absolute else -1.0
        return (floor if low is None else low, 1.0 if high is None else high, absolute)

    def rows_a_page(self, columns: tuple[str, ...]) -> int:
        """Return the page size asked for, else what keeps a page of `columns` short."""
        affordable = max(10, _TOKENS_FOR_ROWS // tokens_of_row(columns))
        return self.page_size or min(_ROWS_DEFAULT, affordable)

    def _check_expirations(self) -> None:
        if self.expirations and self.by_days:
            raise _no("expirations", or_instead="days_min and days_max, not both")
        if len(self.expirations) > EXPIRATIONS_MAX:
            raise _no("expirations", given=len(self.expirations), at_most=EXPIRATIONS_MAX)
        _within("days_min", self.days_min, 0, DAYS_MAX)
        _within("days_max", self.days_max, 0, DAYS_MAX)
        if (self.days_min or 0) > (DAYS_MAX if self.days_max is None else self.days_max):
            raise _no("days_min", given=self.days_min, at_most=self.days_max)

    def _check_strikes(self) -> None:
        for name, strike in (("strike_min", self.strike_min), ("strike_max", self.strike_max)):
            if strike is not None and not (strike.is_finite() and 0 <= strike < 10**6):
                raise _no(name, given=str(strike)[:24], between="0 and 999999")
        low, high = self.strike_min, self.strike_max
        if low is not None and high is not None and low > high:
            raise _no("strike_min", given=low, at_most=high)
        _within("strikes_each_side", self.strikes_each_side, 1, STRIKES_EACH_SIDE_MAX)

    def _check_deltas(self) -> None:
        for name, delta in (("delta_min", self.delta_min), ("delta_max", self.delta_max)):
            if delta is not None and not (math.isfinite(delta) and -1 <= delta <= 1):
                raise _no(name, given=str(delta)[:24], between="-1 and 1", sixteen_delta="0.16")
        low, high, _ = self.delta_bounds
        if low > high:
            raise _no("delta_min", given=str(low), at_most=str(high))


def _within(name: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        shown = value if abs(value) < 10**12 else "out of range"
        raise _no(name, given=shown, between=f"{least} and {most}")


def _no(argument: str, **facts: Fact) -> Denied:
    return Denied(Reason.INVALID_ARGUMENT, argument=argument, **facts)
