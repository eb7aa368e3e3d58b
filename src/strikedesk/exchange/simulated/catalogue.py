"""The underlyings of the simulated market. The names are real; every price is fiction."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from strikedesk.domain.quotes import SymbolInfo
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.exchange.simulated.ticks import INDEX, NICKEL, PENNY, TickRule


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Underlying:
    """What sets one underlying apart. Equal only to itself, which makes it a cheap key.

    Units: `start` USD at the first open; `volatility`, `dividend_yield` fractions a year;
    `correlation` with the market's factor; `strike_step` USD near the money, `wide_step` far from
    it, a multiple; `spread` cents between bid and ask of the shares, even; `interest` typical open
    interest of a contract at the money.
    Law: `skew` in (-1, 1) and curvature² · (1 + |skew|) <= 4, which keeps butterflies above zero.
    """

    ticker: str
    name: str
    kind: str
    start: Decimal
    volatility: float
    correlation: float
    dividend_yield: float
    skew: float
    curvature: float
    shares_a_day: int
    spread: int
    strike_step: Decimal
    wide_step: Decimal
    interest: int
    ticks: TickRule
    root: str = ""
    daily_expirations: bool = False
    far_quarters: bool = False

    @property
    def option_root(self) -> str:
        """The root that its contracts are listed under."""
        return self.root or self.ticker

    @property
    def is_index(self) -> bool:
        """Whether it is a number and no share: nobody quotes it, and its options are European."""
        return self.kind == "index"

    @property
    def info(self) -> SymbolInfo:
        """As a search shows it."""
        return SymbolInfo(
            symbol=EquitySymbol(self.ticker),
            description=f"{self.name} (simulated prices)",
            kind=self.kind,
            has_options=True,
        )


UNDERLYINGS: Final = (
    Underlying(
        ticker="SPY",
        name="SPDR S&P 500 ETF",
        kind="etf",
        start=Decimal("472.00"),
        volatility=0.16,
        correlation=1.0,
        dividend_yield=0.012,
        skew=-0.62,
        curvature=0.95,
        shares_a_day=75_000_000,
        spread=2,
        strike_step=Decimal(1),
        wide_step=Decimal(5),
        interest=18_000,
        ticks=PENNY,
        daily_expirations=True,
        far_quarters=True,
    ),
    Underlying(
        ticker="QQQ",
        name="Invesco QQQ Trust",
        kind="etf",
        start=Decimal("405.00"),
        volatility=0.2,
        correlation=0.95,
        dividend_yield=0.006,
        skew=-0.55,
        curvature=0.92,
        shares_a_day=45_000_000,
        spread=2,
        strike_step=Decimal(1),
        wide_step=Decimal(5),
        interest=12_000,
        ticks=PENNY,
        daily_expirations=True,
        far_quarters=True,
    ),
    Underlying(
        ticker="IWM",
        name="iShares Russell 2000 ETF",
        kind="etf",
        start=Decimal("199.00"),
        volatility=0.22,
        correlation=0.85,
        dividend_yield=0.012,
        skew=-0.5,
        curvature=0.9,
        shares_a_day=32_000_000,
        spread=2,
        strike_step=Decimal(1),
        wide_step=Decimal(5),
        interest=9_000,
        ticks=PENNY,
        far_quarters=True,
    ),
    Underlying(
        ticker="SPX",
        name="S&P 500 Index",
        kind="index",
        start=Decimal("4720.00"),
        volatility=0.16,
        correlation=1.0,
        dividend_yield=0.012,
        skew=-0.62,
        curvature=0.95,
        shares_a_day=0,
        spread=0,
        strike_step=Decimal(5),
        wide_step=Decimal(25),
        interest=6_000,
        ticks=INDEX,
        root="SPXW",
        daily_expirations=True,
        far_quarters=True,
    ),
    Underlying(
        ticker="AAPL",
        name="Apple Inc.",
        kind="equity",
        start=Decimal("187.00"),
        volatility=0.26,
        correlation=0.75,
        dividend_yield=0.005,
        skew=-0.32,
        curvature=0.85,
        shares_a_day=55_000_000,
        spread=2,
        strike_step=Decimal("2.5"),
        wide_step=Decimal(10),
        interest=9_000,
        ticks=NICKEL,
    ),
    Underlying(
        ticker="MSFT",
        name="Microsoft Corporation",
        kind="equity",
        start=Decimal("372.00"),
        volatility=0.24,
        correlation=0.75,
        dividend_yield=0.007,
        skew=-0.32,
        curvature=0.85,
        shares_a_day=22_000_000,
        spread=4,
        strike_step=Decimal("2.5"),
        wide_step=Decimal(10),
        interest=5_000,
        ticks=NICKEL,
    ),
    Underlying(
        ticker="NVDA",
        name="NVIDIA Corporation",
        kind="equity",
        start=Decimal("121.00"),
        volatility=0.45,
        correlation=0.65,
        dividend_yield=0.0003,
        skew=-0.25,
        curvature=0.8,
        shares_a_day=240_000_000,
        spread=2,
        strike_step=Decimal(1),
        wide_step=Decimal(5),
        interest=14_000,
        ticks=NICKEL,
    ),
    Underlying(
        ticker="AMZN",
        name="Amazon.com, Inc.",
        kind="equity",
        start=Decimal("151.00"),
        volatility=0.31,
        correlation=0.68,
        dividend_yield=0.0,
        skew=-0.3,
        curvature=0.84,
        shares_a_day=42_000_000,
        spread=2,
        strike_step=Decimal("2.5"),
        wide_step=Decimal(10),
        interest=7_000,
        ticks=NICKEL,
    ),
    Underlying(
        ticker="TSLA",
        name="Tesla, Inc.",
        kind="equity",
        start=Decimal("251.00"),
        volatility=0.52,
        correlation=0.5,
        dividend_yield=0.0,
        skew=-0.18,
        curvature=0.8,
        shares_a_day=95_000_000,
        spread=4,
        strike_step=Decimal("2.5"),
        wide_step=Decimal(10),
        interest=10_000,
        ticks=NICKEL,
    ),
    Underlying(
        ticker="AMD",
        name="Advanced Micro Devices, Inc.",
        kind="equity",
        start=Decimal("142.00"),
        volatility=0.46,
        correlation=0.6,
        dividend_yield=0.0,
        skew=-0.22,
        curvature=0.8,
        shares_a_day=50_000_000,
        spread=2,
        strike_step=Decimal("2.5"),
        wide_step=Decimal(10),
        interest=6_000,
        ticks=NICKEL,
    ),
    Underlying(
        ticker="GLD",
        name="SPDR Gold Shares",
        kind="etf",
        start=Decimal("191.00"),
        volatility=0.15,
        correlation=0.1,
        dividend_yield=0.0,
        skew=0.05,
        curvature=0.8,
        shares_a_day=8_000_000,
        spread=2,
        strike_step=Decimal(1),
        wide_step=Decimal(5),
        interest=4_000,
        ticks=NICKEL,
    ),
    Underlying(
        ticker="TLT",
        name="iShares 20+ Year Treasury Bond ETF",
        kind="etf",
        start=Decimal("98.00"),
        volatility=0.15,
        correlation=-0.2,
        dividend_yield=0.036,
        skew=-0.08,
        curvature=0.8,
        shares_a_day=38_000_000,
        spread=2,
        strike_step=Decimal("0.5"),
        wide_step=Decimal(2),
        interest=8_000,
        ticks=NICKEL,
    ),
)
