"""Contracts of one underlying as columns of numbers, with what is known of their session."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from strikedesk.exchange.simulated.listing import Ladder
from strikedesk.exchange.simulated.noise import Bits, Floats, Ints
from strikedesk.quant.contracts import BoolArray

UNKNOWN: Final = -1  # In a column of prices, which are never negative.


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Contracts of one underlying, a column each.

    Units: `strike` USD for one share; `ends` seconds since 1970; `scale` what a share's option is
    multiplied by; `interest` and `volume` contracts of the session; `previous` twice the closing
    mid of the session before in cents, or `UNKNOWN`.
    """

    strike: Floats
    ends: Floats
    is_call: BoolArray
    scale: Floats
    address: Bits
    interest: Ints
    volume: Ints
    previous: Ints

    @classmethod
    def of(cls, ladder: Ladder) -> "Selection":
        """Return an expiration's contracts with nothing known of their trading."""
        strikes = ladder.strike_column
        return cls(
            strike=strikes,
            ends=np.full(strikes.size, ladder.ends_at.timestamp()),
            is_call=ladder.call_column,
            scale=np.full(strikes.size, ladder.scale),
            address=ladder.address_column,
            interest=np.zeros(strikes.size, dtype=np.int64),
            volume=np.zeros(strikes.size, dtype=np.int64),
            previous=np.full(strikes.size, UNKNOWN, dtype=np.int64),
        )

    def at(self, places: Sequence[int]) -> "Selection":
        """Return the contracts at some places."""
        where = np.array(places, dtype=np.intp)
        return Selection(
            strike=self.strike[where],
            ends=self.ends[where],
            is_call=self.is_call[where],
            scale=self.scale[where],
            address=self.address[where],
            interest=self.interest[where],
            volume=self.volume[where],
            previous=self.previous[where],
        )


def joined(parts: Sequence[Selection]) -> Selection:
    """Return the contracts of all parts, in order; at least one part."""
    if len(parts) == 1:
        return parts[0]
    return Selection(
        strike=np.concatenate([part.strike for part in parts]),
        ends=np.concatenate([part.ends for part in parts]),
        is_call=np.concatenate([part.is_call for part in parts]),
        scale=np.concatenate([part.scale for part in parts]),
        address=np.concatenate([part.address for part in parts]),
        interest=np.concatenate([part.interest for part in parts]),
        volume=np.concatenate([part.volume for part in parts]),
        previous=np.concatenate([part.previous for part in parts]),
    )
