"""The effect of an order: what was said of it beforehand is what comes of it, to the cent."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol
from strikedesk.exchange import power
from strikedesk.exchange.accounts import PaperAccount
from strikedesk.exchange.assess import Assessment, assess
from strikedesk.exchange.screen import look
from strikedesk.exchange.world import World
from tests.builders import NOON
from tests.fakes.market import ScriptedMarket
from tests.unit.exchange_floor import CASH, IRA, MARGIN, Floor, a_world, an_order

DAYS = (date(2026, 12, 18), date(2027, 1, 15), date(2028, 1, 21))
OPTIONS = [
    OptionSymbol("AAPL", day, right, Decimal(strike))
    for day in DAYS
    for right in Right
    for strike in (180, 190, 200, 210, 220)
]
SYMBOLS: list[Symbol] = [EquitySymbol("AAPL"), *OPTIONS]
LEGS = st.lists(
    st.tuples(st.sampled_from(SYMBOLS), st.integers(1, 4), st.sampled_from([1, -1])),
    min_size=1,
    max_size=4,
    unique_by=lambda leg: leg[0],
)


def a_market() -> ScriptedMarket:
    """Return a market where everything is quoted at prices of its own, and any size."""
    market = ScriptedMarket()
    market.tell("AAPL", "199.90", "200.10", size=None)
    for place, option in enumerate(OPTIONS, start=1):
        bid = Decimal(place * 37 % 900 + 60) / 100
        market.tell(option.compact, str(bid), str(bid + Decimal("0.07")), size=None)
    return market


MARKET = a_market()


def words(legs: list[tuple[Symbol, int, int]], held: Mapping[Symbol, int]) -> list[str]:
    """Return legs that close what is held the other way, and open otherwise."""
    said: list[str] = []
    for symbol, count, sign in legs:
        against = held.get(symbol, 0) * sign < 0
        verb = "buy" if sign > 0 else "sell"
        if isinstance(symbol, EquitySymbol):
            said.append(f"{verb} {count * 100} {symbol.compact}")
        elif against:
            said.append(f"{verb}_to_close {min(count, abs(held[symbol]))} {symbol.compact}")
        else:
            said.append(f"{verb}_to_open {count} {symbol.compact}")
    return said


def a_book(legs: list[tuple[Symbol, int, int]], account_id: str) -> Floor:
    """Return a floor where the account has traded these, whatever its rules say of them."""
    floor = Floor(market=MARKET, world=a_world())
    account = floor.account(account_id)
    for symbol, count, sign in legs:
        quantity = count * sign * (100 if isinstance(symbol, EquitySymbol) else 1)
        account = account.traded(symbol, quantity, Decimal(3), NOON)
    floor.world.put_account(account)
    return floor


def free(world: World, account: PaperAccount) -> Decimal | None:
    screen = look(MARKET, power.priced_by(account.quantities), NOON)
    return power.buying_power(world, account, screen)


def excess(account: PaperAccount) -> Decimal | None:
    held = account.quantities
    screen = look(MARKET, power.priced_by(held), NOON)
    return power.excess_of(account, power.claim_of(held, account, screen))


def taken(floor: Floor, order: OrderRequest) -> Assessment:
    found = assess(floor.world, floor.market, NOON, order)
    assume(found.refusal is None)
    return found


@settings(max_examples=80, deadline=None)
@given(
    book=st.lists(LEGS.map(lambda legs: legs[0]), max_size=6, unique_by=lambda leg: leg[0]),
    legs=LEGS,
    account_id=st.sampled_from([MARGIN, MARGIN, CASH, IRA]),
)
def test_an_order_that_fills_takes_exactly_the_buying_power_that_was_said(
    book: list[tuple[Symbol, int, int]], legs: list[tuple[Symbol, int, int]], account_id: str
) -> None:
    """Fees, grouping with what is held, and loan values included; maintenance too."""
    floor = a_book(book, account_id)
    before = floor.account(account_id)
    order = an_order(*words(legs, before.quantities), account=account_id)
    said = taken(floor, order)

    done = floor.place(order)

    after = floor.account(account_id)
    assert done.state is OrderState.FILLED
    assert done.fees == said.fees
    assert said.before == free(floor.world, before)
    assert said.after == free(floor.world, after)
    assert said.excess is not None
    assert said.excess_change is not None
    assert said.excess + said.excess_change == excess(after)
