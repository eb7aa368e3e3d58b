"""Real chains: what the numerics make of them, and why the file's own columns say otherwise.

docs/volatilities-of-lean.md tells what is held here.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from strikedesk.quant import american_vol, black_scholes
from strikedesk.quant.contracts import Contracts
from strikedesk.quant.normal import FloatArray
from strikedesk.quant.parity import ImpliedCarry, implied_carry
from tests import lean
from tests.lean import SESSIONS, RealChain

pytestmark = pytest.mark.skipif(not lean.DATA.is_dir(), reason="the sample data is not here")
RATE = 0.0025  # About what three months of the Treasury paid in June 2014, and a year.


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiration:
    """Strikes at which call and put both traded: closes, and what they say together."""

    days: float
    carry: ImpliedCarry
    strike: FloatArray
    volatility: FloatArray


@cache
def solved(name: str) -> list[Expiration]:
    """Solve what lies within 8 % of the forward, from a week to the last expiration."""
    chain, spot = lean.read(name), lean.close_of(name)
    found: list[Expiration] = []
    for days in np.unique(chain.days[chain.days > 5]).tolist():
        strike, call, put = pairs(chain, days)
        if strike.size < 5:
            continue
        years = days / 365
        carry = implied_carry(spot=spot, strike=strike, call=call, put=put, years=years, rate=RATE)
        near = np.abs(np.log(strike / carry.forward)) < 0.08
        contracts = Contracts.of(
            spot=spot,
            strike=strike[near][:, None],
            years=years,
            rate=RATE,
            dividend_yield=carry.dividend_yield,
            is_call=[True, False],
        )
        quotes = np.column_stack((call, put))[near]
        volatility = american_vol.implied_volatility(contracts, quotes).volatility
        found.append(Expiration(days=days, carry=carry, strike=strike[near], volatility=volatility))
    return found


def pairs(chain: RealChain, days: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return strikes of one expiration with both closes."""
    traded = (chain.days == days) & (chain.close > 0.0) & (chain.volume > 0.0)
    call, put = (
        dict(zip(chain.strike[side].tolist(), chain.close[side].tolist(), strict=True))
        for side in (traded & chain.is_call, traded & ~chain.is_call)
    )
    strikes = sorted(call.keys() & put.keys())
    return (
        np.array(strikes),
        np.array([call[strike] for strike in strikes]),
        np.array([put[strike] for strike in strikes]),
    )


@pytest.mark.parametrize("name", SESSIONS)
def test_the_options_close_on_the_day_in_the_name_and_the_share_s_bar_does_not(name: str) -> None:
    """Their own forward is the day's close to a thousandth, and the bar three thousandths off."""
    near = [each.carry.forward for each in solved(name)[:3]]

    assert np.max(np.abs(np.array(near) / lean.close_of(name) - 1.0)) < 1.5e-3
    assert abs(lean.read(name).bar / lean.close_of(name) - 1.0) > 3e-3


@pytest.mark.parametrize("name", SESSIONS)
def test_a_call_and_a_put_at_one_strike_hold_one_volatility(name: str) -> None:
    """Half a point apart in the median, though they closed at different minutes of the day."""
    columns = np.vstack([each.volatility for each in solved(name)])
    apart = np.abs(columns[:, 0] - columns[:, 1])

    assert columns.shape[0] > 150
    assert np.nanmedian(apart) < 0.006
    assert np.count_nonzero(np.isnan(columns)) < 0.03 * columns.size
    assert 0.19 < np.nanmedian(columns) < 0.27


def test_the_dividends_that_were_paid_are_found_in_the_prices() -> None:
    """47 cents in August, November, February: the parity of a June day knows them to 15 cents."""
    paid = {each.days: each.carry.dividends for each in solved("20140610")}

    assert abs(paid[39.0]) < 0.02
    assert paid[130.0] == pytest.approx(0.47, abs=0.1)
    assert paid[221.0] == pytest.approx(2 * 0.47, abs=0.1)
    assert paid[311.0] == pytest.approx(3 * 0.47, abs=0.15)


@pytest.mark.parametrize(
    ("name", "held"), [("20140603", 0.26581), ("20140605", 0.31319), ("20140610", 0.31319)]
)
def test_the_file_s_deltas_assume_a_yield_of_a_quarter_or_more(name: str, held: float) -> None:
    """Where it found no volatility its calls have the delta of a share held to the end but one day.

    So the yield can be read off, to six digits the same for all contracts; its rate of 0.75 % can
    be, from rho. AAPL yielded 2 %.
    """
    chain = lean.read(name)
    none = chain.is_call & (chain.told_volatility == 0.0) & (chain.told_delta > 0.0)
    years = (chain.days[none] - 1.0) / 365.0

    yields = -np.log(chain.told_delta[none]) / years
    rates = -np.log(chain.told_rho[none] * 100.0 / (chain.strike[none] * years)) / years

    assert np.count_nonzero(none) > 400
    np.testing.assert_allclose(yields, held, atol=2e-5)
    assert np.median(rates) == pytest.approx(0.0075, abs=1e-5)


@pytest.mark.parametrize(("name", "held"), [("20140605", 0.31319), ("20140610", 0.31319)])
def test_the_file_s_deltas_are_european_at_its_volatilities_which_no_price_has(
    name: str, held: float
) -> None:
    """The formula is the same as ours; what went into it is not the close beside it."""
    chain = lean.read(name)
    some = np.flatnonzero((chain.told_volatility > 0.0) & (chain.days > 1.0))
    contracts = Contracts.of(
        spot=chain.bar,
        strike=chain.strike[some],
        years=(chain.days[some] - 1.0) / 365.0,
        rate=0.0075,
        dividend_yield=held,
        is_call=chain.is_call[some],
    )

    deltas = black_scholes.greeks(contracts, chain.told_volatility[some]).delta
    values = black_scholes.price(contracts, chain.told_volatility[some])

    assert np.median(np.abs(deltas - chain.told_delta[some])) < 2e-3
    assert np.median(np.abs(values - chain.close[some])) > 0.09 * chain.bar
