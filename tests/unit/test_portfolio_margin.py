"""What a strategy would bind: the broker's word, asked with a price that it can take."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from strikedesk.domain.broking import PlaceTicket, Preflight, Ticket
from strikedesk.domain.errors import Denied
from strikedesk.domain.orders import Action, Leg, OrderType
from strikedesk.domain.symbols import parse_symbol
from strikedesk.domain.terms import ExerciseStyle
from strikedesk.exchange.reg_t import bound_alone
from strikedesk.market.cache import MemoryCache
from strikedesk.portfolio.books import Books
from strikedesk.portfolio.margin import Margin, Margins, Opened
from strikedesk.portfolio.proposal import strategy_report
from tests.fakes.clock import CountingEntropy
from tests.fakes.data import ScriptedKeeper
from tests.tools.paper_desk import PaperDesk

PUT, LOWER = "AAPL261218P00180000", "AAPL261218P00175000"


@dataclass
class Teller:
    """Says what it was given, and keeps what it was asked."""

    says: Preflight
    asked: list[Ticket] = field(default_factory=list[Ticket])

    async def preflight(self, ticket: Ticket) -> Preflight:
        self.asked.append(ticket)
        return self.says


def a_preflight(before: str | None, after: str | None, *refusals: str) -> Preflight:
    return Preflight(
        fees=Decimal("2.25"),
        buying_power_before=Decimal(before) if before else None,
        buying_power_after=Decimal(after) if after else None,
        margin_change=Decimal(500),
        refusals=refusals,
    )


def leg(action: Action, symbol: str, quantity: int = 1) -> Leg:
    return Leg(symbol=parse_symbol(symbol), action=action, quantity=quantity)


SPREAD = (leg(Action.SELL_TO_OPEN, PUT, 2), leg(Action.BUY_TO_OPEN, LOWER, 2))
PRICES = {PUT: "2.115", LOWER: "1.45", "AAPL": "180.004"}


async def asked_of(teller: Teller, *legs: Leg, handle: str = "main") -> Margin:
    keeper = ScriptedKeeper()
    books = Books(broker=keeper, cache=MemoryCache(keeper.clock))
    return await margins_of(teller, books).of(handle, opened(*legs))


def margins_of(teller: Teller, books: Books) -> Margins:
    return Margins(broker=teller, accounts=books, entropy=CountingEntropy(), rule=bound_alone)


def opened(*legs: Leg, style: ExerciseStyle | None = ExerciseStyle.AMERICAN) -> Opened:
    prices = {parse_symbol(name): Decimal(price) for name, price in PRICES.items()}
    return Opened(legs=legs, prices=prices, on=date(2026, 11, 20), style=style)


async def test_what_buying_power_would_fall_by_is_what_is_taken() -> None:
    """By hand: 100,000 less 99,132.25."""
    teller = Teller(a_preflight("100000", "99132.25", "option_level_too_low"))

    found = await asked_of(teller, *SPREAD)

    assert found == Margin(
        account="main",
        taken=Decimal("867.75"),
        margin=Decimal(500),
        refusals=("option_level_too_low",),
    )


@pytest.mark.parametrize(
    ("legs", "net"),
    [
        (SPREAD, "-0.65"),  # A credit of 0.665 becomes the smaller one,
        ((leg(Action.BUY_TO_OPEN, PUT),), "2.20"),  # a debit of 2.115 the larger one,
        ((leg(Action.SELL_TO_OPEN, LOWER),), "-1.40"),  # a dime for one contract alone,
        ((leg(Action.BUY, "AAPL", 100), leg(Action.SELL_TO_OPEN, PUT)), "177.90"),  # a nickel else.
    ],
)
async def test_the_order_is_priced_at_the_mid_on_a_step_that_every_venue_takes(
    legs: tuple[Leg, ...], net: str
) -> None:
    """A price off the tick would be refused, and tell nothing."""
    teller = Teller(a_preflight("100000", "99000"))

    await asked_of(teller, *legs)

    (ticket,) = teller.asked
    assert isinstance(ticket, PlaceTicket)
    assert (ticket.order.order_type, ticket.order.limit_net) == (OrderType.LIMIT, Decimal(net))
    assert (ticket.order.account_id, ticket.order.legs) == ("ID-main", legs)


@pytest.mark.parametrize(("before", "after"), [(None, "1"), ("1", None)])
async def test_what_the_broker_does_not_say_is_unknown(
    before: str | None, after: str | None
) -> None:
    """Never nothing: a trade that seems to bind nothing is made ten times."""
    assert (await asked_of(Teller(a_preflight(before, after)), *SPREAD)).taken is None


async def test_an_account_that_is_none_of_yours_is_refused() -> None:
    teller = Teller(a_preflight("1", "1"))

    with pytest.raises(Denied, match="ACCOUNT_UNKNOWN"):
        await asked_of(teller, *SPREAD, handle="somebody's")
    assert teller.asked == []


@pytest.mark.parametrize("taken", [None, "-5.00", "0"])
async def test_what_binds_nothing_that_is_known_leaves_the_greatest_loss(
    taken: str | None,
) -> None:
    """A return on nothing is no figure: a hedge may free buying power."""

    async def told(asked: Opened) -> Margin:
        del asked
        amount = None if taken is None else Decimal(taken)
        return Margin(account="main", taken=amount, margin=None, refusals=())

    market = (await PaperDesk().desk()).market
    one = leg(Action.BUY_TO_OPEN, "SPY261218C00500000")

    found = await strategy_report(market, [one], margin_of=told)

    assert found.analysis.capital == pytest.approx(found.analysis.bounds.max_loss)
