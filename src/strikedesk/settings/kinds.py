"""What a setting's value may look like, and what is said of one that may not."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from strikedesk.domain.errors import Denied
from strikedesk.domain.secret import Secret

_SQL_SCHEMES: Final = frozenset({"sqlite", "postgresql", "postgres"})
_REDIS: Final = re.compile(r"(?:rediss?|unix)://")
_CLOCK_FORMS: Final = (
    "give real, stepped, stepped:INSTANT, speed:60, `speed:60 from INSTANT`, offset:INSTANT or "
    "frozen:INSTANT, the instant with its zone, the speed a whole number from 2 to 3600"
)
_SPEED: Final = re.compile(r"([1-9]\d{0,3})(?: from (\S+))?", re.ASCII)
_SPEEDS: Final = range(2, 3_601)


class ClockMode(StrEnum):
    """How a paper market's time relates to the wall's."""

    REAL = "real"
    FROZEN = "frozen"
    OFFSET = "offset"
    STEPPED = "stepped"
    SPEED = "speed"


@dataclass(frozen=True, slots=True)
class MarketClock:
    """The time a new paper market starts with.

    `real` is the wall's; `frozen` stays at `at`; `offset` starts at `at` and runs; `stepped` stands
    at `at` until it is moved; `speed` starts at `at` and runs `speed` times as fast. Where the last
    two do not say when, they start with the tape, or with the wall's time.
    """

    mode: ClockMode = ClockMode.REAL
    at: datetime | None = None
    speed: int = 1


def not_yet(later: frozenset[str], instead: str) -> Callable[[object], object]:
    """Return a check that tells a choice of a later version from one that nobody knows."""

    def check(value: object) -> object:
        if value in later:
            raise ValueError(f"{value} is not built yet; {instead}")
        return value

    return check


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("give a number, not a boolean")  # noqa: TRY004 -- pydantic hears ValueError
    return value


def _listed(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _text(value: object) -> object:
    if not isinstance(value, str | Secret):
        raise ValueError("give a text")  # noqa: TRY004 -- pydantic hears ValueError
    return value


def _sql_url(url: Secret) -> Secret:
    scheme = url.reveal().partition("://")[0].partition("+")[0]
    if scheme not in _SQL_SCHEMES:
        raise ValueError("give a sqlite:// or postgresql:// URL")
    return url


def _redis_url(url: Secret) -> Secret:
    if not _REDIS.match(url.reveal()):
        raise ValueError("give a redis:// URL")
    return url


def _tickers(names: tuple[str, ...]) -> tuple[str, ...]:
    from strikedesk.domain.symbols import parse_equity  # noqa: PLC0415 -- few owners name any

    try:
        found = [parse_equity(name.upper()) for name in names]
    except Denied:
        raise ValueError("give tickers, as AAPL") from None
    return tuple(sorted({symbol.underlying for symbol in found}))


def _absolute(path: Path) -> Path:
    expanded = path.expanduser()
    if not expanded.is_absolute():
        raise ValueError("give an absolute path")
    return expanded


def _clock(value: object) -> object:
    mode, _, rest = str(value).partition(":")
    try:
        clock = _speed(rest) if mode == ClockMode.SPEED else _standing(ClockMode(mode), rest)
    except ValueError:
        raise ValueError(_CLOCK_FORMS) from None
    if value != ClockMode.REAL and clock.mode is ClockMode.REAL:
        raise ValueError(_CLOCK_FORMS)
    return clock


def _speed(text: str) -> MarketClock:
    found = _SPEED.fullmatch(text)
    if found is None or int(found[1]) not in _SPEEDS:
        raise ValueError
    at = None if found[2] is None else _zoned(found[2])
    return MarketClock(ClockMode.SPEED, at, int(found[1]))


def _standing(mode: ClockMode, text: str) -> MarketClock:
    may_stand_alone = mode in {ClockMode.REAL, ClockMode.STEPPED}
    return MarketClock(mode, None if may_stand_alone and not text else _zoned(text))


def _zoned(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError
    return at


Integer: TypeAlias = Annotated[int, BeforeValidator(_no_bool)]
Count: TypeAlias = Annotated[Integer, Field(ge=1, le=1_000_000_000)]
Finite: TypeAlias = Annotated[Decimal, BeforeValidator(_no_bool), Field(allow_inf_nan=False)]
Usd: TypeAlias = Annotated[Finite, Field(ge=0, le=Decimal(10) ** 12)]
LISTED: Final = BeforeValidator(_listed)
Names: TypeAlias = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Fraction: TypeAlias = Annotated[Finite, Field(ge=0, le=Decimal(1))]
WholeOrNone: TypeAlias = Annotated[Integer, Field(ge=0, le=1_000_000_000)] | None
SessionMinutes: TypeAlias = Annotated[Integer, Field(ge=0, le=390)]
Tickers: TypeAlias = Annotated[Names, AfterValidator(_tickers)]
AbsolutePath: TypeAlias = Annotated[Path, AfterValidator(_absolute)]
SqlUrl: TypeAlias = Annotated[Secret, BeforeValidator(_text), AfterValidator(_sql_url)]
RedisUrl: TypeAlias = Annotated[Secret, BeforeValidator(_text), AfterValidator(_redis_url)]
ClockText: TypeAlias = Annotated[MarketClock, NoDecode, BeforeValidator(_clock)]
