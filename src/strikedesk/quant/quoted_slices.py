"""One expiration as a feed tells it, made into the columns that a search reads.

Each option's volatility is the one that its mid implies on the forward that calls and puts agree
on, undiscounted: no rate and no dividend is assumed. Where no volatility explains the mid, the
feed's stands in. Sensitivities are the feed's where it tells all four, else those of that
volatility.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from strikedesk.quant.black_scholes import greeks
from strikedesk.quant.candidates.chain import Quotes, Slice
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.implied_vol import implied_volatility
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.parity import implied_carry

# A contract that is not listed: every figure of it is unknown.
_NOTHING = (np.nan,) * 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A contract's figures; NaN = unknown. Units: as `candidates.chain.Quotes`."""

    bid: float
    ask: float
    iv: float
    delta: float
    gamma: float
    theta: float
    vega: float
    open_interest: float
    volume: float

    @property
    def row(self) -> tuple[float, ...]:
        """The figures, in the order in which columns are made of them."""
        return (
            self.bid, self.ask, self.iv, self.delta, self.gamma, self.theta, self.vega,
            self.open_interest, self.volume,
        )  # fmt: skip


def slice_of(
    *,
    days: float,
    years: float,
    spot: float,
    strikes: Sequence[float],
    calls: Mapping[float, Quoted],
    puts: Mapping[float, Quoted],
) -> Slice:
    """Return one expiration. Units: as `Slice`; `strikes` ascending, contracts by strike.

    Raises:
        ValueError: `spot` or `years` is not positive, or the strikes do not ascend.
    """
    ladder = np.array(strikes, np.float64)
    call, put = (_columns(strikes, side) for side in (calls, puts))
    forward = implied_carry(
        spot=spot, strike=ladder, call=_mid(call), put=_mid(put), years=years, rate=0.0
    ).forward
    at = forward if forward > 0.0 else spot
    return Slice(
        days=days,
        years=years,
        forward=at,
        strikes=ladder,
        calls=_quotes(call, _contracts(at, ladder, years, is_call=True)),
        puts=_quotes(put, _contracts(at, ladder, years, is_call=False)),
    )


def _columns(strikes: Sequence[float], side: Mapping[float, Quoted]) -> FloatArray:
    rows = [side[strike].row if strike in side else _NOTHING for strike in strikes]
    return np.array(rows, np.float64).reshape(len(strikes), len(_NOTHING)).T


def _mid(columns: FloatArray) -> FloatArray:
    """Return half way between bid and ask, NaN where they cross or one is missing."""
    bid, ask = columns[0], columns[1]
    with np.errstate(invalid="ignore"):
        return np.where((bid <= ask) & (ask > 0.0), 0.5 * (bid + ask), np.nan)


def _contracts(forward: float, ladder: FloatArray, years: float, *, is_call: bool) -> Contracts:
    return Contracts.of(spot=forward, strike=ladder, years=years, rate=0.0, is_call=is_call)


def _quotes(columns: FloatArray, contracts: Contracts) -> Quotes:
    told = columns[2]
    solved = implied_volatility(contracts, _mid(columns)).volatility
    iv = np.where(solved > 0.0, solved, np.where(told > 0.0, told, np.nan))
    own = greeks(contracts, iv)
    feeds = np.isfinite(columns[3:7]).all(axis=0)
    delta, gamma, theta, vega = (
        np.where(feeds, column, ours)
        for column, ours in zip(
            columns[3:7], (own.delta, own.gamma, own.theta, own.vega), strict=True
        )
    )
    return Quotes(
        bid=columns[0],
        ask=columns[1],
        iv=iv,
        delta=delta,
        gamma=gamma,
        theta=theta,
        vega=vega,
        open_interest=columns[7],
        volume=columns[8],
    )
