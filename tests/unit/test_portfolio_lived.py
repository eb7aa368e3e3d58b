"""What an account lived through: its own largest fall, without what was paid in and out."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.accounts import NetWorth, Transaction, TransactionKind
from strikedesk.domain.errors import Unavailable
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.market.cache import MemoryCache
from strikedesk.portfolio.books import Books
from strikedesk.portfolio.lived import Fall, Lived, largest_fall
from tests.builders import NOON
from tests.fakes.data import ScriptedKeeper

DAY = timedelta(days=1)
START = NOON.date()
AMOUNTS = st.decimals(min_value=-1_000, max_value=1_000, places=2)


def closes(*amounts: str | Decimal) -> tuple[NetWorth, ...]:
    """Return a close a day, from noon of the twentieth on."""
    return tuple(
        NetWorth(at=NOON + n * DAY, amount=Decimal(amount)) for n, amount in enumerate(amounts)
    )


def a_line(
    days: float, cash: str, kind: TransactionKind = TransactionKind.DEPOSIT, symbol: str = ""
) -> Transaction:
    return Transaction(
        transaction_id=f"{days}",
        account_id="ID-main",
        at=NOON + days * DAY,
        kind=kind,
        description="",
        cash_effect=Decimal(cash),
        symbol=EquitySymbol(symbol) if symbol else None,
    )


def fall_of(*amounts: str, paid: Sequence[tuple[float, str]] = ()) -> Fall:
    moved = tuple((NOON + days * DAY, Decimal(amount)) for days, amount in paid)
    return largest_fall(Lived(closes=closes(*amounts), paid=moved))


def test_the_largest_fall_is_from_a_high_to_a_later_low() -> None:
    assert fall_of("100", "120", "90", "110", "130", "125") == Fall(
        usd=Decimal(30),
        share=Decimal("0.25"),
        high_at=NOON + DAY,
        low_at=NOON + 2 * DAY,
        closes=6,
        since=NOON,
    )


def test_an_account_that_only_rose_fell_by_nothing() -> None:
    fall = fall_of("100", "101", "101")

    assert (fall.usd, fall.share) == (0, 0)


def test_money_that_was_taken_out_is_no_loss_and_money_put_in_hides_none() -> None:
    """A year after a withdrawal nobody remembers that it was none of the market's doing."""
    taken = fall_of("100", "40", "45", paid=[(0.5, "-60")])
    put_in = fall_of("100", "170", "180", paid=[(1.0, "100")])

    assert taken.usd == 0
    assert (put_in.usd, put_in.share) == (30, Decimal("0.3"))


def test_of_an_account_that_was_worth_nothing_there_is_no_share() -> None:
    assert fall_of("0", "-10").share is None


@given(st.lists(AMOUNTS, min_size=2, max_size=8), st.lists(AMOUNTS, min_size=8, max_size=8))
def test_what_is_paid_changes_no_fall(worths: list[Decimal], moved: list[Decimal]) -> None:
    """Law: only what the account earned counts."""
    so_far = [sum(moved[:n], start=Decimal(0)) for n in range(len(worths))]
    paid = tuple((NOON + (n - 0.5) * DAY, moved[n - 1]) for n in range(1, len(worths)))
    richer = closes(*(worth + more for worth, more in zip(worths, so_far, strict=True)))

    plain = largest_fall(Lived(closes=closes(*worths), paid=()))
    moving = largest_fall(Lived(closes=richer, paid=paid))

    assert (plain.usd, plain.low_at) == (moving.usd, moving.low_at)
    assert plain.usd == max(
        [Decimal(0), *(high - low for n, low in enumerate(worths) for high in worths[:n])]
    )


async def past(keeper: ScriptedKeeper) -> Lived | None:
    return await Books(broker=keeper, cache=MemoryCache(keeper.clock)).lived("main", START)


async def test_what_is_paid_is_told_apart_from_what_is_earned() -> None:
    """Interest, fees and dividends are the account's doing; a transfer is not."""
    lines = (
        a_line(1, "500", TransactionKind.OTHER),
        a_line(1, "-3", TransactionKind.FEE),
        a_line(1, "7", TransactionKind.DIVIDEND, "SPY"),
        a_line(1, "-9", TransactionKind.OTHER, "SPY"),
        a_line(2, "-100"),
    )
    found = await past(ScriptedKeeper(worths=closes("1", "2", "3"), lines=lines))

    assert found is not None
    assert [amount for _, amount in found.paid] == [500, -100]


async def test_a_book_of_many_pages_is_read_to_the_end_and_one_without_end_is_none() -> None:
    """A part of what was paid would make a loss of the rest."""
    short = tuple(a_line(n / 10_000, "1") for n in range(2_001))
    keeper = ScriptedKeeper(worths=closes("1", "2"), lines=short)
    found = await past(keeper)
    endless = ScriptedKeeper(worths=closes("1", "2"), lines=short * 5)

    assert found is not None
    assert len(found.paid) == 2_001
    assert [int(offset) for what, _, _, offset in keeper.calls[2:] if what] == [0, 1000, 2000]
    assert await past(endless) is None


@pytest.mark.parametrize("known", [(), closes("1")])
async def test_one_close_is_no_past(known: tuple[NetWorth, ...]) -> None:
    keeper = ScriptedKeeper(worths=known)

    assert await past(keeper) is None
    assert "transactions" not in {call[0] for call in keeper.calls}


async def test_a_broker_that_is_away_is_no_answer_and_asked_again() -> None:
    keeper = ScriptedKeeper(worths=None)
    with pytest.raises(Unavailable):
        await past(keeper)
