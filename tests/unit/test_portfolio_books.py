"""Accounts, balances, positions and the book: by handle, remembered for a moment, added up."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.accounts import ClosingBalances, Position, Transaction, TransactionKind
from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import parse_symbol
from strikedesk.market.cache import MemoryCache
from strikedesk.portfolio.books import Books, Total, total
from tests.builders import NOON
from tests.fakes.data import ScriptedKeeper, an_account


@pytest.fixture
def keeper() -> ScriptedKeeper:
    return ScriptedKeeper()


@pytest.fixture
def books(keeper: ScriptedKeeper) -> Books:
    return Books(broker=keeper, cache=MemoryCache(keeper.clock))


def a_position(symbol: str, quantity: int, mark: str | None) -> Position:
    """Return something bought or sold at 2.00, marked at `mark`."""
    return Position(
        account_id="ID-main",
        symbol=parse_symbol(symbol),
        quantity=quantity,
        multiplier=100,
        average_price=Decimal("2.00"),
        mark=Decimal(mark) if mark else None,
    )


def a_line(
    number: int,
    *,
    cash: str = "-200.65",
    fees: str | None = "0.65",
    kind: TransactionKind = TransactionKind.TRADE,
    realized: str | None = None,
) -> Transaction:
    """Return a line of the book, `number` days before noon of the twentieth."""
    return Transaction(
        transaction_id=f"T{number}",
        account_id="ID-main",
        at=NOON - timedelta(days=number),
        kind=kind,
        description="",
        cash_effect=Decimal(cash),
        fees=Decimal(fees) if fees else None,
        realized=Decimal(realized) if realized else None,
    )


async def test_an_account_is_found_by_its_handle(books: Books) -> None:
    assert await books.all() == (an_account("main"), an_account("ira"))
    assert await books.named("ira") == an_account("ira")


@pytest.mark.parametrize("handle", ["", "MAIN", "ID-main", "ma", "x" * 10_000, "a\nb\u202e"])
async def test_any_other_name_is_denied_with_the_handles_there_are(
    books: Books, handle: str
) -> None:
    """The broker's own number is no handle; and what was given is shown short and plain."""
    with pytest.raises(Denied) as denied:
        await books.named(handle)

    shown = "".join(c if c.isascii() and c.isprintable() else "?" for c in handle[:40])
    assert denied.value.reason is Reason.ACCOUNT_UNKNOWN
    assert denied.value.facts == {"account": shown, "there_are": "main ira"}


async def test_a_stranger_is_denied_by_every_question(books: Books, keeper: ScriptedKeeper) -> None:
    for ask in (books.balances, books.held, books.positions, books.transactions):
        with pytest.raises(Denied) as denied:
            await ask("theirs")
        assert denied.value.reason is Reason.ACCOUNT_UNKNOWN

    assert keeper.calls == [("accounts",)]


async def test_positions_are_read_again_after_thirty_seconds(
    books: Books, keeper: ScriptedKeeper
) -> None:
    for seconds in (0, 29, 2):
        keeper.clock.step(seconds)
        page = await books.positions("main")

    assert keeper.calls.count(("positions", "ID-main")) == 2
    assert page.as_of == NOON + timedelta(seconds=31)


async def test_books_are_read_again_once_another_process_has_moved_the_clock(
    books: Books, keeper: ScriptedKeeper
) -> None:
    await books.positions("main")
    await books.balances("main")
    keeper.clock.elsewhere = timedelta(hours=1)

    assert (await books.positions("main")).as_of == NOON + timedelta(hours=1)
    assert (await books.balances("main")).as_of == NOON + timedelta(hours=1)


async def test_balances_are_read_again_after_five_seconds(
    books: Books, keeper: ScriptedKeeper
) -> None:
    for seconds in (0, 4, 2):
        keeper.clock.step(seconds)
        balances = await books.balances("main")

    assert keeper.calls.count(("balances", "ID-main")) == 2
    assert balances.as_of == NOON + timedelta(seconds=6)


async def test_what_was_done_in_an_account_is_seen_at_once(
    books: Books, keeper: ScriptedKeeper
) -> None:
    """After an order the old position would be closed a second time."""
    keeper.holdings["ID-main"] = (a_position("AAPL", 1, "2.10"),)
    for handle in ("main", "ira"):
        await books.held(handle)
    keeper.holdings["ID-main"] = ()

    books.forget("main")

    assert (await books.held("main"), await books.held("ira")) == ((), ())
    assert keeper.calls.count(("positions", "ID-main")) == 2
    assert keeper.calls.count(("positions", "ID-ira")) == 1


async def test_an_answer_from_before_the_order_is_not_remembered(
    books: Books, keeper: ScriptedKeeper
) -> None:
    """Positions asked for before the fill arrive after it."""
    bought = (a_position("AAPL", 1, "2.10"),)
    keeper.gate = asyncio.Event()
    before = asyncio.create_task(books.held("main"))
    await keeper.entered.wait()
    keeper.holdings["ID-main"] = bought
    books.forget("main")
    keeper.gate.set()

    assert (await before, await books.held("main")) == ((), bought)


async def test_the_totals_are_those_of_all_pages(books: Books, keeper: ScriptedKeeper) -> None:
    """A total of what happens to be on the page would be mistaken for the account's."""
    held = (
        a_position("AAPL261218C00200000", 2, "2.50"),
        a_position("AAPL261218C00210000", -2, "1.25"),
        a_position("AAPL261218P00190000", 1, "3.00"),
    )
    keeper.holdings["ID-main"] = held

    page = await books.positions("main", page=2, page_size=2)

    assert (page.rows, page.span.pages, page.span.next_page) == (held[2:], 2, None)
    assert page.market_value == Total(amount=Decimal(550), known=Decimal(550), unknown=0)
    assert page.open_profit == Total(amount=Decimal(350), known=Decimal(350), unknown=0)


async def test_one_position_without_a_mark_makes_the_sum_unknown(
    books: Books, keeper: ScriptedKeeper
) -> None:
    """A sum with a hole in it is not the account's value; what is known is told beside it."""
    keeper.holdings["ID-main"] = (
        a_position("AAPL261218C00200000", 2, "2.50"),
        a_position("AAPL261218C00210000", -2, None),
    )

    page = await books.positions("main")

    assert page.market_value == Total(amount=None, known=Decimal(500), unknown=1)
    assert page.open_profit == Total(amount=None, known=Decimal(100), unknown=1)


@given(st.lists(st.one_of(st.none(), st.decimals(-1000, 1000, places=2))))
def test_a_sum_is_known_exactly_when_every_part_is(amounts: list[Decimal | None]) -> None:
    summed = total(amounts)

    assert summed.unknown == amounts.count(None)
    assert summed.known == sum(amount for amount in amounts if amount is not None)
    assert summed.amount == (None if None in amounts else summed.known)


async def test_the_book_is_turned_page_by_page(books: Books, keeper: ScriptedKeeper) -> None:
    keeper.lines = tuple(a_line(number) for number in range(5))

    pages = [await books.transactions("main", page=n, page_size=2) for n in (1, 2, 3)]

    assert tuple(row for page in pages for row in page.rows) == keeper.lines
    assert [page.span.next_page for page in pages] == [2, 3, None]
    assert [page.cash_effect for page in pages] == [
        Decimal("-401.30"),
        Decimal("-401.30"),
        Decimal("-200.65"),
    ]
    assert keeper.calls[-1] == ("transactions", "ID-main", "2", "4")


async def test_the_fees_of_a_page_are_unknown_when_a_trade_hides_its_own(
    books: Books, keeper: ScriptedKeeper
) -> None:
    """A deposit has no fees; a trade without any told has some that nobody knows."""
    deposit = a_line(2, cash="1000", fees=None, kind=TransactionKind.DEPOSIT)
    keeper.lines = (a_line(0), a_line(1, fees="0.35"), deposit)
    told = await books.transactions("main")
    keeper.lines = (a_line(0), a_line(1, fees=None), deposit)
    hidden = await books.transactions("main")

    assert told.fees == Total(amount=Decimal("1.00"), known=Decimal("1.00"), unknown=0)
    assert hidden.fees == Total(amount=None, known=Decimal("0.65"), unknown=1)


async def test_the_realised_profit_of_a_page_is_unknown_when_a_trade_hides_its_own(
    books: Books, keeper: ScriptedKeeper
) -> None:
    """Not every broker tells it line by line; then nobody adds up what some of them told."""
    deposit = a_line(2, cash="1000", fees=None, kind=TransactionKind.DEPOSIT)
    keeper.lines = (a_line(0, realized="12.50"), a_line(1, realized="-2"), deposit)
    told = await books.transactions("main")
    keeper.lines = (a_line(0, realized="12.50"), a_line(1), deposit)
    hidden = await books.transactions("main")

    assert told.realized == Total(amount=Decimal("10.5"), known=Decimal("10.5"), unknown=0)
    assert hidden.realized == Total(amount=None, known=Decimal("12.5"), unknown=1)


async def test_days_of_the_book_are_inclusive(books: Books, keeper: ScriptedKeeper) -> None:
    keeper.lines = tuple(a_line(number) for number in range(5))

    page = await books.transactions("main", start=date(2026, 11, 17), end=date(2026, 11, 18))

    assert [row.at for row in page.rows] == [
        datetime(2026, 11, 18, 16, tzinfo=UTC),
        datetime(2026, 11, 17, 16, tzinfo=UTC),
    ]


async def test_balances_of_past_days_are_asked_for_by_handle(
    books: Books, keeper: ScriptedKeeper
) -> None:
    days = [date(2026, 11, day) for day in (16, 17, 18)]
    keeper.closes = tuple(ClosingBalances(account_id="ID-main", day=day) for day in days)

    assert await books.closing_balances("main", *days[:2]) == keeper.closes[:2]
    with pytest.raises(Denied) as denied:
        await books.closing_balances("theirs", *days[:2])

    assert denied.value.reason is Reason.ACCOUNT_UNKNOWN
    assert keeper.calls == [("accounts",), ("closing_balances", "ID-main")]


async def test_a_page_of_the_book_past_its_end_is_denied(
    books: Books, keeper: ScriptedKeeper
) -> None:
    keeper.lines = tuple(a_line(number) for number in range(5))

    with pytest.raises(Denied) as denied:
        await books.transactions("main", page=4, page_size=2)

    assert denied.value.facts == {"page": 4, "last_page": 3}


async def test_questions_that_cannot_be_meant_are_denied_before_the_broker_is_asked(
    books: Books, keeper: ScriptedKeeper
) -> None:
    impossible = [
        lambda: books.transactions("main", start=date(2026, 11, 18), end=date(2026, 11, 17)),
        lambda: books.closing_balances("main", date(2026, 11, 18), date(2026, 11, 17)),
        lambda: books.transactions("main", page=10**400),
        lambda: books.transactions("main", page_size=101),
        lambda: books.positions("main", page_size=0),
    ]
    for ask in impossible:
        with pytest.raises(Denied) as denied:
            await ask()
        assert denied.value.reason is Reason.INVALID_ARGUMENT

    assert {call[0] for call in keeper.calls} <= {"accounts"}
