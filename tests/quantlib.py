"""QuantLib as an oracle: another house's code for the same values, one contract at a time."""

import warnings
from importlib import import_module
from typing import Any

from tests.oracles import Case

with warnings.catch_warnings():  # Its wrapper's types do not say which module they are of.
    warnings.simplefilter("ignore", DeprecationWarning)
    ql = import_module("QuantLib")  # It has no types, so pyright is not asked about it.

_TODAY = ql.Date(2, 1, 2026)


class OneProcess:
    """A lognormal process with constant rates; `at` moves it, since building one is slow."""

    def __init__(self, *, rate: float, dividend_yield: float) -> None:
        ql.Settings.instance().evaluationDate = _TODAY
        count = ql.Actual365Fixed()
        self._spot, self._sigma = ql.SimpleQuote(100.0), ql.SimpleQuote(0.2)
        held, owed = (
            ql.YieldTermStructureHandle(ql.FlatForward(_TODAY, each, count))
            for each in (dividend_yield, rate)
        )
        flat = ql.BlackConstantVol(_TODAY, ql.NullCalendar(), ql.QuoteHandle(self._sigma), count)
        self.process = ql.BlackScholesMertonProcess(
            ql.QuoteHandle(self._spot), held, owed, ql.BlackVolTermStructureHandle(flat)
        )

    def at(self, case: Case) -> None:
        self._spot.setValue(case.spot)
        self._sigma.setValue(case.volatility)


def european(case: Case) -> list[float]:
    """Return value, delta, gamma, theta a year, vega and rho per 1 of a whole number of days."""
    one = OneProcess(rate=case.rate, dividend_yield=case.dividend_yield)
    one.at(case)
    option = ql.VanillaOption(payoff(case), ql.EuropeanExercise(_TODAY + days(case)))
    option.setPricingEngine(ql.AnalyticEuropeanEngine(one.process))
    return [
        option.NPV(),
        option.delta(),
        option.gamma(),
        option.theta(),
        option.vega(),
        option.rho(),
    ]


def american_option(case: Case) -> Any:
    exercise = ql.AmericanExercise(_TODAY, _TODAY + days(case))
    return ql.VanillaOption(payoff(case), exercise)


def payoff(case: Case) -> object:
    right = ql.Option.Call if case.is_call else ql.Option.Put
    return ql.PlainVanillaPayoff(right, case.strike)


def days(case: Case) -> int:
    return round(case.years * 365)


def american(cases: list[Case]) -> list[float]:
    """Return values with early exercise, by its most exact engine, of whole numbers of days."""
    scheme = ql.QdFpAmericanEngine.highPrecisionScheme()
    processes = {
        key: OneProcess(rate=key[0], dividend_yield=key[1])
        for key in {(case.rate, case.dividend_yield) for case in cases}
    }
    engines = {key: ql.QdFpAmericanEngine(one.process, scheme) for key, one in processes.items()}
    values: list[float] = []
    for case in cases:
        key = case.rate, case.dividend_yield
        processes[key].at(case)
        option = american_option(case)
        option.setPricingEngine(engines[key])
        values.append(option.NPV())
    return values
