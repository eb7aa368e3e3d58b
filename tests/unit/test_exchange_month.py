"""A month of trading whose ledger a person can check line by line."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from strikedesk.domain.events import Dividend, Split
from strikedesk.domain.quotes import Settlement
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_option
from strikedesk.domain.terms import ExerciseStyle, Terms
from tests.fakes.market import ScriptedMarket
from tests.unit.exchange_floor import Floor, an_order

KO_PUT, KO_CALL = "KO261127P00060000", "KO261211C00060000"
NEAR, FAR = "MSFT261204C00400000", "MSFT261218C00400000"
CONDOR = (
    "SPXW261204P04700000",
    "SPXW261204P04750000",
    "SPXW261204C05250000",
    "SPXW261204C05300000",
)
AM_CALL = "SPX261218C05100000"
XOM_CALL = "XOM270115C00100000"
NVDA_CALL = "NVDA261218C00200000"
EVENTS = (
    Dividend(
        underlying="KO",
        day=date(2026, 12, 1),
        pay_day=date(2026, 12, 15),
        amount=Decimal("0.53"),
    ),
    Dividend(
        underlying="XOM",
        day=date(2026, 12, 9),
        pay_day=date(2026, 12, 21),
        amount=Decimal("1.20"),
    ),
    Split(underlying="NVDA", day=date(2026, 12, 8), new=2, old=1),
)


@dataclass
class Month:
    """A margin account with 100,000 dollars, from the 20th of November to Christmas."""

    floor: Floor = field(
        default_factory=lambda: Floor(
            market=ScriptedMarket(indices=frozenset({"SPX"}), scheduled=EVENTS)
        )
    )

    def on(self, month: int, day: int, hour: int = 16) -> None:
        """Let time pass until an hour of a day, UTC."""
        self.floor.to(datetime(2026, month, day, hour, 0, tzinfo=UTC))

    def quotes(self, **prices: str) -> None:
        """Quote shares at one price."""
        for ticker, price in prices.items():
            self.floor.quote(ticker, price, price, size=1_000)

    def quote(self, symbol: str, price: str) -> None:
        """Quote a contract at one price."""
        self.floor.quote(symbol, price, price)

    def trade(self, *words: str, net: str) -> None:
        """Trade at once."""
        order = self.floor.place(an_order(*words, net=net))
        assert order.state is OrderState.FILLED

    def settles(self, ticker: str, month: int, day: int, price: str) -> None:
        """Say where an underlying closes on a day of expiration."""
        self.floor.market.settle(ticker, date(2026, month, day), price)


def a_wheel_begins(month: Month) -> None:
    """Write a put on KO a week before its end; it will be assigned."""
    month.quotes(KO="60.50")
    month.quote(KO_PUT, "0.80")
    month.trade(f"sell_to_open 1 {KO_PUT}", net="-0.80")
    month.settles("KO", 11, 27, "59.40")


def a_calendar_and_a_condor(month: Month) -> None:
    month.quotes(MSFT="398.00")
    month.quote(NEAR, "5.00")
    month.quote(FAR, "8.00")
    month.trade(f"buy_to_open 1 {FAR}", f"sell_to_open 1 {NEAR}", net="3.00")
    month.settles("MSFT", 12, 4, "399.50")
    month.floor.market.tell("SPX", None, None, last="5000")
    for symbol, price in zip(CONDOR, ("6.00", "9.00", "8.00", "5.00"), strict=True):
        month.quote(symbol, price)
    month.trade(
        f"buy_to_open 1 {CONDOR[0]}",
        f"sell_to_open 1 {CONDOR[1]}",
        f"sell_to_open 1 {CONDOR[2]}",
        f"buy_to_open 1 {CONDOR[3]}",
        net="-6.00",
    )
    month.settles("SPX", 12, 4, "5260.00")


def shares_that_will_split_and_a_call_on_them(month: Month) -> None:
    month.quotes(NVDA="190.00")
    month.quote(NVDA_CALL, "4.00")
    month.trade("buy 100 NVDA", f"sell_to_open 1 {NVDA_CALL}", net="186.00")


def a_covered_call_deep_in_the_money(month: Month) -> None:
    """Its shares go ex on Wednesday: the other side will not wait."""
    month.quotes(XOM="120.00")
    month.quote(XOM_CALL, "20.00")
    month.quote(XOM_CALL.replace("C", "P"), "0.05")
    month.trade("buy 100 XOM", f"sell_to_open 1 {XOM_CALL}", net="100.00")


def the_wheel_turns(month: Month) -> None:
    """Write a call on the shares that the put brought; it will take them away again."""
    month.quote(KO_CALL, "0.70")
    month.trade(f"sell_to_open 1 {KO_CALL}", net="-0.70")
    month.settles("KO", 12, 11, "61.20")


def the_calendar_ends(month: Month) -> None:
    month.quote(FAR, "6.50")
    month.trade(f"sell_to_close 1 {FAR}", net="-6.50")


def a_call_that_is_settled_in_the_morning(month: Month) -> None:
    month.floor.market.promised[parse_option(AM_CALL)] = Terms(
        style=ExerciseStyle.EUROPEAN, settlement=Settlement.AM, in_cash=True
    )
    month.quote(AM_CALL, "60.00")
    month.trade(f"buy_to_open 1 {AM_CALL}", net="60.00")
    month.settles("SPX", 12, 18, "5155.50")


def ledger(floor: Floor) -> str:
    """Return the book as a person reads it: day, cash, balance, profit made final, words."""
    balance, rows = Decimal(0), list[str]()
    for line in floor.lines():
        balance += line.cash_effect
        sums = f"{line.cash_effect:>10.2f} {balance:>10.2f} {line.realized or 0:>9.2f}"
        rows.append(f"{line.at:%m-%d} {sums}  {line.description}")
    return "\n".join(rows)


LEDGER = """\
11-20  100000.00  100000.00      0.00  Opening deposit of play money
11-20      78.88  100078.88      0.00  Sold 1 KO 2026-11-27 60 put at 0.80
11-20    -801.12   99277.76      0.00  Bought 1 MSFT 2026-12-18 400 call at 8.00
11-20     498.87   99776.63      0.00  Sold 1 MSFT 2026-12-04 400 call at 5.00
11-20    -601.77   99174.86      0.00  Bought 1 SPXW 2026-12-04 4700 put at 6.00
11-20     898.23  100073.09      0.00  Sold 1 SPXW 2026-12-04 4750 put at 9.00
11-20     798.23  100871.32      0.00  Sold 1 SPXW 2026-12-04 5250 call at 8.00
11-20    -501.77  100369.55      0.00  Bought 1 SPXW 2026-12-04 5300 call at 5.00
11-27       0.00  100369.55     80.00  Assigned on 1 KO 2026-11-27 60 put, settled at 59.40
11-27   -6005.00   94364.55      0.00  Received 100 KO for KO 2026-11-27 60 put
11-30      68.88   94433.43      0.00  Sold 1 KO 2026-12-11 60 call at 0.70
11-30  -19000.08   75433.35      0.00  Bought 100 NVDA at 190.00
11-30     398.87   75832.22      0.00  Sold 1 NVDA 2026-12-18 200 call at 4.00
12-01       0.00   75832.22      0.00  Dividend 0.53 a share on 100 KO, 53.00 USD, to be paid on 2026-12-15
12-04       0.00   75832.22    500.00  1 MSFT 2026-12-04 400 call expired worthless, settled at 399.50
12-04   -1005.00   74827.22   -200.00  Assigned on 1 SPXW 2026-12-04 5250 call, settled at 5260.00
12-04       0.00   74827.22    900.00  1 SPXW 2026-12-04 4750 put expired worthless, settled at 5260.00
12-04       0.00   74827.22   -500.00  1 SPXW 2026-12-04 5300 call expired worthless, settled at 5260.00
12-04       0.00   74827.22   -600.00  1 SPXW 2026-12-04 4700 put expired worthless, settled at 5260.00
12-07     649.86   75477.08   -150.00  Sold 1 MSFT 2026-12-18 400 call at 6.50
12-07  -12000.08   63477.00      0.00  Bought 100 XOM at 120.00
12-07    1998.84   65475.84      0.00  Sold 1 XOM 2027-01-15 100 call at 20.00
12-08       0.00   65475.84      0.00  Split 2 for 1: 100 NVDA became 200 NVDA
12-08       0.00   65475.84      0.00  Split 2 for 1: -1 NVDA 2026-12-18 200 call became -2 NVDA 2026-12-18 100 call
12-08       0.00   65475.84      0.00  Split 2 for 1: -2 NVDA 2026-12-18 100 call for -1 NVDA 2026-12-18 200 call
12-09       0.00   65475.84   2000.00  Assigned on 1 XOM 2027-01-15 100 call, before it expires, XOM at 120.00
12-09    9995.00   75470.84  -2000.00  Delivered 100 XOM for XOM 2027-01-15 100 call
12-11       0.00   75470.84     70.00  Assigned on 1 KO 2026-12-11 60 call, settled at 61.20
12-11    5995.00   81465.84      0.00  Delivered 100 KO for KO 2026-12-11 60 call
12-14   -6001.77   75464.07      0.00  Bought 1 SPX 2026-12-18 5100 call at 60.00
12-15      53.00   75517.07      0.00  Dividend 0.53 a share on 100 KO, 53.00 USD of 2026-12-01: received
12-18    5545.00   81062.07   -450.00  Exercised 1 SPX 2026-12-18 5100 call, settled at 5155.50
12-18       0.00   81062.07    400.00  Assigned on 2 NVDA 2026-12-18 100 call, settled at 103.00
12-18   19995.00  101057.07   1000.00  Delivered 200 NVDA for NVDA 2026-12-18 100 call"""  # noqa: E501 -- a ledger is as wide as its words


def test_a_month_ends_with_a_ledger_that_can_be_checked_line_by_line() -> None:
    month = Month()
    a_wheel_begins(month)
    a_calendar_and_a_condor(month)
    month.on(11, 30)
    the_wheel_turns(month)
    shares_that_will_split_and_a_call_on_them(month)
    month.on(12, 7)
    the_calendar_ends(month)
    a_covered_call_deep_in_the_money(month)
    month.on(12, 14)
    a_call_that_is_settled_in_the_morning(month)
    month.quotes(NVDA="104.00")
    month.settles("NVDA", 12, 18, "103.00")
    month.on(12, 24)

    account = month.floor.account()
    assert ledger(month.floor) == LEDGER
    assert month.floor.held() == {}
    assert (account.realized, account.dividends, account.fees) == (
        Decimal("1050.00"),
        Decimal("53.00"),
        Decimal("45.93"),
    )
    assert account.cash == 100_000 + account.realized + account.dividends - account.fees
