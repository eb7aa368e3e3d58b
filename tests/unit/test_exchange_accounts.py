"""Accounts: what trades do to cash, cost and profit."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.accounts import AccountKind
from strikedesk.domain.symbols import parse_symbol
from strikedesk.exchange.accounts import PaperAccount, average_price
from tests.builders import NOON

CALL = parse_symbol("AAPL261218C00200000")
SHARES = parse_symbol("AAPL")

PRICES = st.decimals(min_value=0, max_value=500, places=2)
TRADES = st.lists(
    st.tuples(st.sampled_from([CALL, SHARES]), st.integers(-9, 9).filter(bool), PRICES, PRICES),
    max_size=30,
)


def an_account(cash: str = "1000.00") -> PaperAccount:
    """Return an account with a deposit."""
    empty = PaperAccount(account_id="A1", handle="a", nickname="a", kind=AccountKind.MARGIN)
    return empty.deposited(Decimal(cash))


def test_buying_turns_cash_into_cost() -> None:
    account = an_account().traded(CALL, 2, Decimal("1.25"), NOON)

    assert account.cash == Decimal("750.00")
    assert account.stakes[CALL].cost == Decimal("250.00")
    assert average_price(CALL, account.stakes[CALL]) == Decimal("1.25")


def test_a_short_is_paid_for_and_bought_back() -> None:
    account = an_account().traded(CALL, -2, Decimal("1.25"), NOON)

    assert (account.held(CALL), account.stakes[CALL].cost) == (-2, Decimal("-250.00"))
    assert average_price(CALL, account.stakes[CALL]) == Decimal("1.25")

    account = account.traded(CALL, 2, Decimal("0.25"), NOON)
    assert (account.held(CALL), account.realized) == (0, Decimal("200.00"))
    assert account.cash == Decimal("1200.00")


def test_a_partial_close_leaves_the_average_where_it_was() -> None:
    """Three contracts for 1.00 cannot be split into cents; the average must not wander."""
    account = an_account().traded(CALL, 1, Decimal("0.33"), NOON)
    account = account.traded(CALL, 2, Decimal("0.335"), NOON)
    before = average_price(CALL, account.stakes[CALL])

    account = account.traded(CALL, -1, Decimal("0.40"), NOON)

    assert abs(average_price(CALL, account.stakes[CALL]) - before) < Decimal("0.00001")
    assert account.imbalance == 0


def test_selling_past_zero_realises_the_long_and_opens_the_short() -> None:
    account = an_account().traded(SHARES, 10, Decimal(20), NOON)

    account = account.traded(SHARES, -15, Decimal(22), NOON)

    assert account.realized == Decimal(20)
    assert (account.held(SHARES), account.stakes[SHARES].cost) == (-5, Decimal(-110))


@given(trades=TRADES)
def test_no_cent_is_ever_lost(trades: list[tuple[object, int, Decimal, Decimal]]) -> None:
    """Cash, cost, fees, profit and deposits balance exactly, whatever is traded."""
    account = an_account()
    for symbol, quantity, price, fees in trades:
        account = account.traded(symbol, quantity, price, NOON, fees=fees)  # type: ignore[arg-type] -- one of two symbols

    assert account.imbalance == 0


def test_what_is_told_of_the_stakes_is_that_of_the_account_as_it_is() -> None:
    """It is kept beside them: a trade must not leave it behind."""
    before = an_account().traded(CALL, 2, Decimal("1.25"), NOON)
    assert before.by_underlying == {"AAPL": {CALL: 2}}
    assert before.priced == {CALL, SHARES}

    after = before.traded(CALL, -2, Decimal("1.30"), NOON)

    assert (after.quantities, after.by_underlying, after.priced) == ({}, {}, set())
    assert before.quantities == {CALL: 2}
