"""A chain as a feed tells it, as the columns that a search reads."""

import math
from dataclasses import fields

import numpy as np
import pytest

from strikedesk.quant.black_scholes import price
from strikedesk.quant.candidates.chain import Quotes, Slice
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.quoted_slices import Listing, Quoted, slices_of

STRIKES = [90.0, 95.0, 100.0, 105.0, 110.0]
YEARS, FORWARD, SIGMA = 0.1, 101.0, 0.25
UNTOLD = {"iv": math.nan, "delta": math.nan, "gamma": math.nan, "theta": math.nan, "vega": math.nan}


def quoted(*, is_call: bool) -> dict[float, Quoted]:
    """Return contracts quoted a cent either side of what 25 % on a forward of 101 is worth."""
    contracts = Contracts.of(spot=FORWARD, strike=STRIKES, years=YEARS, rate=0.0, is_call=is_call)
    values = price(contracts, SIGMA).tolist()
    return {
        strike: Quoted(
            bid=value - 0.01, ask=value + 0.01, open_interest=10.0, volume=math.nan, **UNTOLD
        )
        for strike, value in zip(STRIKES, values, strict=True)
    }


def made(calls: dict[float, Quoted], puts: dict[float, Quoted], spot: float = 100.0) -> Slice:
    (found,) = slices_of(spot, [listing(calls, puts)])
    return found


def listing(calls: dict[float, Quoted], puts: dict[float, Quoted], years: float = YEARS) -> Listing:
    ours, theirs = ([side.get(strike) for strike in STRIKES] for side in (calls, puts))
    return Listing(days=36, years=years, strikes=STRIKES, calls=ours, puts=theirs)


def test_the_forward_and_the_volatilities_are_those_of_the_mids() -> None:
    """No rate and no dividend is assumed: calls and puts say what both come to."""
    found = made(quoted(is_call=True), quoted(is_call=False))

    assert found.forward == pytest.approx(FORWARD, abs=1e-9)
    for side in (found.calls, found.puts):
        assert side.iv == pytest.approx(SIGMA, abs=1e-9)
        assert np.isfinite(side.delta).all()
        assert np.isnan(side.volume).all()
    assert found.calls.delta - found.puts.delta == pytest.approx(1.0)


def test_what_the_feed_tells_of_a_contract_is_taken_where_it_tells_all() -> None:
    calls = quoted(is_call=True)
    told = {"iv": 0.4, "delta": 0.5, "gamma": 0.1, "theta": -0.2, "vega": 0.3}
    calls[100.0] = calls[100.0]._replace(**told)
    calls[105.0] = calls[105.0]._replace(delta=0.9)  # The other three are not told.

    found = made(calls, quoted(is_call=False)).calls

    assert (found.delta[2], found.gamma[2], found.theta[2], found.vega[2]) == (0.5, 0.1, -0.2, 0.3)
    assert found.iv[2] == pytest.approx(SIGMA)
    assert found.delta[3] < 0.5


def test_a_price_that_no_volatility_explains_has_the_feeds() -> None:
    """Deep in the money an American option may cost less than its European intrinsic value."""
    puts = quoted(is_call=False)
    puts[110.0] = puts[110.0]._replace(bid=8.5, ask=8.6, iv=0.3)
    puts[105.0] = puts[105.0]._replace(bid=math.nan)

    found = made(quoted(is_call=True), puts).puts

    assert found.iv[4] == 0.3
    assert np.isnan(found.iv[3])
    assert np.isnan(found.delta[3])


def test_a_contract_that_is_not_listed_is_a_row_of_nothing() -> None:
    """Without a pair of both sides the spot stands in for the forward."""
    found = made({100.0: quoted(is_call=True)[100.0]}, {})

    assert found.forward == 100.0
    assert np.isfinite(found.calls.bid).tolist() == [False, False, True, False, False]
    assert np.isnan(found.puts.bid).all()


def test_an_expiration_is_the_same_whatever_is_made_beside_it() -> None:
    """All are solved at once. Few numbers are summed in another order: the last digits differ."""
    calls, puts = quoted(is_call=True), quoted(is_call=False)
    odd = {strike: each._replace(bid=30.0, ask=40.0 + strike) for strike, each in puts.items()}
    listings = [listing(calls, puts), listing(calls, odd, 3.0), listing({}, puts, 0.002)]

    together = slices_of(100.0, listings)
    apart = [slices_of(100.0, [each])[0] for each in listings]

    for one, other in zip(together, apart, strict=True):
        assert (one.years, one.forward) == (other.years, other.forward)
        for side in ("calls", "puts"):
            for each in fields(Quotes):
                ours, theirs = (getattr(getattr(of, side), each.name) for of in (one, other))
                assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-15, nan_ok=True)


def test_nothing_is_made_of_no_expirations() -> None:
    assert slices_of(100.0, []) == ()
