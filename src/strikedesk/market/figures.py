"""A statistic, or the reason why there is none."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A statistic, or why there is none. `basis` says what it was made from."""

    value: float | None
    basis: str | None = None
    why: str | None = None
