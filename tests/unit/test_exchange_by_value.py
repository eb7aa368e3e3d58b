"""The exchange trades by value: parts of shares come and go, and every cent is accounted for."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.accounts import AccountKind
from strikedesk.domain.calendar import sessions_between
from strikedesk.domain.errors import Rejected
from strikedesk.domain.events import Dividend, Split
from strikedesk.domain.orders import Action
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.exchange import fractions, orders
from strikedesk.exchange.accounts import PaperAccount
from strikedesk.exchange.book import parts_of
from strikedesk.exchange.documents import read_account, write_account
from strikedesk.exchange.equity import equity_by_day
from strikedesk.exchange.placing import made
from strikedesk.exchange.screen import look
from strikedesk.exchange.trading import attempt
from tests.builders import NOON
from tests.unit.exchange_floor import CALL, CASH, FAR_CALL, MARGIN, Floor, a_value, an_order

D = Decimal
AAPL = EquitySymbol("AAPL")
SPLIT_DAY = date(2026, 11, 24)
OPENING = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
SELL = Action.SELL


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10", size=100)
    return floor


def refusal(floor: Floor, value: str, action: Action = Action.BUY, **told: str) -> Rejected:
    """Return why the exchange does not take it: beforehand, and again when it comes."""
    order, at = a_value(value, action, **told), floor.world.advanced_to
    before = orders.examine(floor.world, floor.market, at, order).refusal
    with pytest.raises(Rejected) as rejected:
        floor.place(order)
    assert before is not None
    assert (before.reason, before.facts) == (rejected.value.reason, rejected.value.facts)
    return rejected.value


def rule(error: Rejected) -> object:
    return error.facts.get("rule")


def test_an_amount_buys_a_part_of_a_share_and_no_cent_more(floor: Floor) -> None:
    order = floor.place(a_value("50"))

    account = floor.account()
    assert (order.state, order.filled_units, order.average_net) == (
        OrderState.FILLED,
        1,
        D("200.10"),
    )
    (fill,) = order.fills
    assert (fill.signed_quantity, fill.price) == (D("0.24987"), D("200.10"))
    assert account.part(AAPL) == D("0.24987")
    assert account.stakes == {}
    assert account.cash == D("99950.00")
    assert account.imbalance == 0


def test_the_book_tells_it_in_shares(floor: Floor) -> None:
    floor.place(a_value("250"))

    line = floor.lines()[-1]
    assert line.description == "Bought 1.24937 AAPL at 200.10"
    assert (line.quantity, line.fraction, line.moved) == (1, D("0.24937"), D("1.24937"))
    assert line.cash_effect == D("-250.00")
    assert line.order_id is not None


def test_parts_that_come_to_a_share_join_the_whole_ones_at_their_average_cost(
    floor: Floor,
) -> None:
    floor.place(a_value("150"))
    floor.place(a_value("150"))

    account = floor.account()
    assert account.held(AAPL) == 1
    assert account.part(AAPL) == D("0.49924")
    assert account.stakes[AAPL].cost == D("200.101385")
    assert account.pieces[AAPL].cost == D("300.00") - D("200.101385")
    assert account.imbalance == 0


def test_a_sale_takes_the_part_first_and_then_a_share_apart(floor: Floor) -> None:
    floor.place(an_order("buy 2 AAPL", net="200.10"))
    floor.place(a_value("50"))

    floor.place(a_value("100", SELL))

    account, line = floor.account(), floor.lines()[-1]
    assert account.held(AAPL) == 1
    assert account.part(AAPL) == D("0.24987") + 1 - D("0.50025")
    assert line.description == "Sold 0.50025 AAPL at 199.90"
    assert (line.quantity, line.fraction) == (-1, D("0.49975"))
    assert account.imbalance == 0


def test_what_is_all_of_it_to_the_cent_leaves_no_dust(floor: Floor) -> None:
    """0.24987 shares at 199.90 are 49.949: nobody could ever sell the rest of it."""
    floor.place(a_value("50"))

    floor.place(a_value("49.94", SELL))

    account = floor.account()
    assert (account.pieces, account.stakes) == ({}, {})
    assert account.cash == D("99999.95")
    assert account.realized == D("-0.05")
    assert account.imbalance == 0


@pytest.mark.parametrize(
    ("value", "held", "refused"),
    [("49.96", "0.24987", True), ("49.94", "0.24987", False), ("249.87", "1.24987", True)],
)
def test_no_more_is_sold_than_is_held(floor: Floor, value: str, held: str, refused: bool) -> None:
    """Else a sale would open a short, of a size that nobody asked for."""
    if D(held) > 1:
        floor.place(an_order("buy 1 AAPL", net="200.10"))
    floor.place(a_value("50"))

    if not refused:
        assert floor.place(a_value(value, SELL)).state is OrderState.FILLED
        return
    error = refusal(floor, value, SELL)
    assert error.reason is Reason.CLOSE_EXCEEDS_POSITION
    assert error.facts["held"] == D(held)


def test_what_is_promised_to_other_orders_is_not_sold_by_value(floor: Floor) -> None:
    floor.place(an_order("buy 1 AAPL", net="200.10"))
    floor.place(an_order("sell 1 AAPL", net="-250.00"))

    error = refusal(floor, "50", SELL)

    assert error.reason is Reason.CLOSE_EXCEEDS_POSITION
    assert error.facts["in_working_orders"] == 1


@pytest.mark.parametrize("action", [Action.BUY, SELL])
def test_a_short_is_not_traded_by_value(floor: Floor, action: Action) -> None:
    floor.place(an_order("sell_to_open 1 AAPL", net="-199.90"))

    assert rule(refusal(floor, "50", action)) == "a_short_is_not_traded_by_value"


@pytest.mark.parametrize("action", ["sell", "sell_to_open"])
def test_nobody_opens_a_short_beside_a_part_of_a_share(floor: Floor, action: str) -> None:
    floor.place(a_value("50"))

    with pytest.raises(Rejected) as rejected:
        floor.place(an_order(f"{action} 1 AAPL", net="-199.90"))

    assert rule(rejected.value) == "a_part_of_a_share_is_sold_by_value"


def test_outside_of_regular_hours_it_is_not_taken(floor: Floor) -> None:
    floor.place(a_value("50"))
    floor.to(NOON.replace(hour=23))

    for action in (Action.BUY, SELL):
        error = refusal(floor, "20", action)
        assert error.reason is Reason.MARKET_CLOSED
        assert rule(error) == "an_order_by_value_needs_an_open_market"


@pytest.mark.parametrize(("bid", "ask"), [(None, "200.10"), ("199.90", None)])
def test_without_both_sides_it_is_not_taken(floor: Floor, bid: str | None, ask: str | None) -> None:
    floor.place(a_value("50"))
    floor.quote("AAPL", bid, ask)

    assert refusal(floor, "20").reason is Reason.NO_QUOTE
    assert refusal(floor, "20", SELL).reason is Reason.NO_QUOTE


def test_nothing_is_sold_for_nothing(floor: Floor) -> None:
    floor.place(a_value("50"))
    floor.quote("AAPL", "0", "200.10")

    assert rule(refusal(floor, "20", SELL)) == "it_comes_to_no_part_of_a_share"


def test_less_than_the_least_part_of_a_share_is_not_bought(floor: Floor) -> None:
    floor.quote("AAPL", "599999", "600000")

    assert rule(refusal(floor, "5")) == "it_comes_to_no_part_of_a_share"


def test_it_is_taken_whole_or_not_at_all(floor: Floor) -> None:
    """What a quote shows is counted in whole shares, and what was taken from it is gone."""
    floor.quote("AAPL", "199.90", "200.10", size=3)

    error = refusal(floor, "600.31")
    assert error.reason is Reason.QUANTITY_ABOVE_VENUE_LIMIT
    assert (error.facts["asked"], error.facts["most"]) == (4, 3)
    floor.place(a_value("300"))
    assert refusal(floor, "200.11").facts["most"] == 1
    assert floor.place(a_value("200.10")).state is OrderState.FILLED


def test_a_market_that_tells_no_size_has_the_venues_own_limit(floor: Floor) -> None:
    floor.quote("AAPL", "1.00", "1.01", size=None)

    assert floor.place(a_value("1000")).state is OrderState.FILLED
    assert refusal(floor, "510000").facts["most"] == 500_000


def test_in_a_halt_it_is_not_taken(floor: Floor) -> None:
    floor.market.stopped = frozenset({"AAPL"})

    assert refusal(floor, "50").reason is Reason.UNDERLYING_HALTED


def test_what_the_market_takes_back_in_between_ends_it(floor: Floor) -> None:
    """A screen that shows less than it was taken on fills nothing: the order waits for no other."""
    at, order = floor.world.advanced_to, a_value("50")
    found = orders.examine(floor.world, floor.market, at, order)
    working = made(floor.world.next_number(), floor.world, found, order, "c-1")
    floor.quote("AAPL", None, "200.10")

    attempt(floor.world, working, look(floor.market, [AAPL], at, ordered=[AAPL]))

    (ended,) = floor.world.changes.ended
    assert (ended.state, ended.reject_code, ended.fills) == (OrderState.REJECTED, "no_quote", ())
    assert floor.account().cash == 100_000


def test_it_is_not_replaced_and_replaces_nothing(floor: Floor) -> None:
    working = floor.place(an_order("buy 1 AAPL", net="150.00"))

    with pytest.raises(Rejected) as rejected:
        orders.replace(
            floor.world,
            floor.market,
            floor.world.advanced_to,
            working.broker_order_id,
            a_value("50"),
            client_order_id="c-2",
        )

    assert rejected.value.reason is Reason.INVALID_ORDER
    order = made(
        9,
        floor.world,
        orders.examine(floor.world, floor.market, floor.world.advanced_to, a_value("50")),
        a_value("50"),
        "c-3",
    )
    with pytest.raises(Rejected) as rejected:
        orders.rest_of(order, a_value("60"))
    assert rule(rejected.value) == "an_order_by_value_is_not_replaced"


@pytest.mark.parametrize("account", [MARGIN, CASH])
def test_a_purchase_takes_its_amount_of_the_buying_power(floor: Floor, account: str) -> None:
    """A part of a share is paid in full: nothing is lent on it."""
    at = floor.world.advanced_to
    found = orders.examine(floor.world, floor.market, at, a_value("50", account=account))

    assert (found.consumes, found.fees, found.excess_change) == (D(50), 0, D(-50))
    floor.place(a_value("50", account=account))
    again = orders.examine(floor.world, floor.market, at, a_value("60", account=account))
    assert again.before == D("99950.00")


def test_more_than_there_is_to_spend_is_not_taken(floor: Floor) -> None:
    floor.quote("AAPL", "199.90", "200.10", size=None)

    error = refusal(floor, "100000.01", account=CASH)

    assert error.reason is Reason.INSUFFICIENT_BUYING_POWER


def test_a_sale_that_takes_the_cover_of_a_call_apart_is_not_taken_at_its_level(
    floor: Floor,
) -> None:
    """In a cash account a call needs its hundred shares: ninety-nine and a half are not enough."""
    floor.quote(CALL, "6.00", "6.20")
    floor.quote("AAPL", "199.90", "200.10", size=1_000)
    floor.place(an_order("buy 100 AAPL", net="200.10", account=CASH))
    floor.place(an_order(f"sell_to_open 1 {CALL}", net="-6.00", account=CASH))

    error = refusal(floor, "50", SELL, account=CASH)
    assert error.reason is Reason.OPTION_LEVEL_TOO_LOW
    floor.place(a_value("60", account=CASH))
    assert floor.place(a_value("50", SELL, account=CASH)).state is OrderState.FILLED


def test_parts_of_shares_cover_no_call(floor: Floor) -> None:
    floor.quote(CALL, "6.00", "6.20")
    floor.quote("AAPL", "199.90", "200.10", size=1_000)
    floor.place(an_order("buy 99 AAPL", net="200.10", account=CASH))
    floor.place(a_value("199.99", account=CASH))

    with pytest.raises(Rejected) as rejected:
        floor.place(an_order(f"sell_to_open 1 {CALL}", net="-6.00", account=CASH))

    assert rejected.value.reason in {
        Reason.OPTION_LEVEL_TOO_LOW,
        Reason.INSUFFICIENT_BUYING_POWER,
    }


def test_fees_count_the_shares_whole_and_the_amount_as_it_is(floor: Floor) -> None:
    floor.quote("AAPL", "199.90", "200.10", size=2_000)
    floor.place(an_order("buy 900 AAPL", net="200.10"))

    order = floor.place(a_value("70100", SELL))

    assert order.fees == floor.place(an_order("sell 351 AAPL")).fees
    assert order.fees
    assert floor.account().imbalance == 0


@pytest.mark.parametrize(
    ("new", "old", "whole", "part"),
    [(2, 1, 0, "0.49974"), (5, 1, 1, "0.24935"), (1, 10, 0, "0.02499"), (3, 2, 0, "0.37480")],
)
def test_a_split_multiplies_the_part_of_a_share(
    floor: Floor, new: int, old: int, whole: int, part: str
) -> None:
    """Nothing is paid out for it, and its cost stays what it was."""
    floor.market.scheduled = (Split(underlying="AAPL", day=SPLIT_DAY, new=new, old=old),)
    floor.place(a_value("50"))
    before = floor.account()

    floor.to(OPENING)

    account, line = floor.account(), floor.lines()[-1]
    assert (account.held(AAPL), account.part(AAPL)) == (whole, D(part))
    assert (account.cash, account.realized, account.imbalance) == (before.cash, 0, 0)
    assert (line.quantity, line.fraction) == (whole, D(part) - D("0.24987"))
    assert line.description == f"Split {new} for {old}: 0.24987 AAPL became {whole + D(part):f}"


def test_what_a_split_leaves_less_than_half_a_step_of_is_a_loss(floor: Floor) -> None:
    floor.market.scheduled = (Split(underlying="AAPL", day=SPLIT_DAY, new=1, old=100_000),)
    floor.place(a_value("50"))

    floor.to(OPENING)

    account = floor.account()
    assert (account.pieces, account.realized, account.imbalance) == ({}, D(-50), 0)


def test_a_split_divides_whole_shares_and_the_part_beside_them(floor: Floor) -> None:
    floor.market.scheduled = (Split(underlying="AAPL", day=SPLIT_DAY, new=2, old=1),)
    floor.place(an_order("buy 3 AAPL", net="200.10"))
    floor.place(a_value("150"))

    floor.to(OPENING)

    account = floor.account()
    assert (account.held(AAPL), account.part(AAPL)) == (7, D("0.49924"))
    assert account.imbalance == 0


def test_a_dividend_is_due_on_the_part_as_well(floor: Floor) -> None:
    pays = Dividend(underlying="AAPL", day=SPLIT_DAY, pay_day=SPLIT_DAY, amount=D("10"))
    floor.market.scheduled = (pays,)
    floor.place(an_order("buy 1 AAPL", net="200.10"))
    floor.place(a_value("50"))

    floor.to(OPENING)

    account = floor.account()
    assert account.dividends == D("12.50")
    assert "on 1.24987 AAPL, 12.50 USD" in floor.lines()[-1].description
    assert account.imbalance == 0


def test_a_dividend_of_less_than_half_a_cent_is_owed_by_nobody(floor: Floor) -> None:
    """A line without cash on either day would be taken for another dividend's."""
    small = Dividend(underlying="AAPL", day=SPLIT_DAY, pay_day=SPLIT_DAY, amount=D("0.10"))
    floor.market.scheduled = (small, replace(small, amount=D("10")))
    floor.place(a_value("5"))
    floor.to(OPENING)

    account, told = floor.account(), [line.description for line in floor.lines()]
    sessions = sessions_between(SPLIT_DAY, SPLIT_DAY)
    (day,) = equity_by_day(floor.lines(), account.receivables, floor.market, sessions)
    assert account.dividends == D("0.25")
    assert not any("Dividend 0.10" in words for words in told)
    assert day.value == account.cash + fractions.shares_of(account, AAPL) * 200


def test_the_worth_of_a_day_counts_the_part(floor: Floor) -> None:
    """What an account was worth is told from its book alone."""
    floor.place(an_order("buy 1 AAPL", net="200.10"))
    floor.place(a_value("50"))
    floor.place(a_value("10", SELL))
    account = floor.account()

    sessions = sessions_between(NOON.date(), NOON.date())
    (day,) = equity_by_day(floor.lines(), account.receivables, floor.market, sessions)

    assert day.value == account.cash + fractions.shares_of(account, AAPL) * 200


def test_a_contract_that_ends_takes_no_part_of_a_share(floor: Floor) -> None:
    """Assignment delivers whole shares, and leaves the part where it is."""
    floor.quote(FAR_CALL, "1.00", "1.10")
    floor.place(an_order(f"sell_to_open 1 {FAR_CALL}", net="-1.00"))
    floor.place(a_value("50"))
    floor.market.settle("AAPL", date(2026, 12, 18), "250.00")

    floor.to(datetime(2026, 12, 21, 16, tzinfo=UTC))

    account = floor.account()
    assert (account.held(AAPL), account.part(AAPL)) == (-100, D("0.24987"))
    assert account.imbalance == 0


amounts = st.integers(500, 5_000_000).map(lambda cents: D(cents) / 100)
prices = st.integers(100, 5_000_00).map(lambda cents: D(cents) / 100)
moves = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), amounts, prices),
        st.tuples(st.just("sell"), st.integers(1, 100_000).map(lambda n: D(n) / 100_000), prices),
        st.tuples(st.just("whole"), st.integers(-20, 20).map(D), prices),
        st.tuples(st.just("split"), st.sampled_from([D(2), D(3), D(7)]), prices),
    ),
    max_size=30,
)


@given(moves)
def test_nothing_is_lost_over_purchases_sales_and_splits(
    history: list[tuple[str, Decimal, Decimal]],
) -> None:
    """Cash and shares at the price of a trade are what they were, whatever became of the parts."""
    account = PaperAccount(
        account_id=MARGIN, handle="m", nickname="m", kind=AccountKind.MARGIN, cash=D(10**8)
    )
    account = replace(account, deposits=account.cash)
    for what, amount, price in history:
        before = account
        shares = fractions.shares_of(account, AAPL)
        match what:
            case "buy":
                bought = (amount / price).quantize(D("0.00001"))
                account = fractions.bought(account, AAPL, bought, bought * price, NOON)
            case "sell":
                sold = (shares * amount).quantize(D("0.00001"))
                if not 0 < sold <= shares:
                    continue
                account = fractions.sold(account, AAPL, sold, sold * price, NOON)
            case "whole":
                if account.held(AAPL) + int(amount) < 0 or not amount:
                    continue
                account = account.traded(AAPL, int(amount), price, NOON)
            case _:
                if AAPL not in account.pieces:
                    continue
                split = fractions.divided(account, AAPL, int(amount), 1, NOON)
                assert fractions.shares_of(split, AAPL) == (
                    account.held(AAPL) + account.part(AAPL) * amount
                )
                account = split
                assert account.cash == before.cash
                continue
        after = fractions.shares_of(account, AAPL)
        assert account.cash + after * price == before.cash + shares * price
        assert account.imbalance == 0
        assert all(0 < piece.quantity < 1 for piece in account.pieces.values())
        assert account.held(AAPL) >= 0
    assert read_account(MARGIN, write_account(account)) == account
    assert ("pieces" in write_account(account)) == bool(account.pieces)


def test_the_last_of_a_position_releases_the_last_of_its_cost(floor: Floor) -> None:
    floor.place(a_value("50"))
    floor.place(a_value("70"))
    worth = floor.account().part(AAPL) * D("199.90")

    floor.place(a_value(str(worth.quantize(D("0.01"), "ROUND_DOWN")), SELL))

    account = floor.account()
    assert (account.pieces, account.imbalance) == ({}, 0)
    assert account.cash == 100_000 + account.realized


def test_it_is_one_part_of_an_order_to_the_exchange() -> None:
    (part,) = parts_of(a_value("50", SELL), (True,))

    assert (part.ratio, part.weight, part.closes) == (1, -1, True)
