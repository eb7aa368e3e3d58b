"""The independent SDK reads what an account went through, and keeps its lists."""

from collections.abc import AsyncGenerator
from datetime import date
from decimal import Decimal

import httpx2
import pytest
import pytest_asyncio
from tastytrade import Account, Session
from tastytrade.account import MarginReportEntry
from tastytrade.instruments import (
    Cryptocurrency,
    Equity,
    Forex,
    Option,
    Warrant,
    get_quantity_decimal_precisions,
)
from tastytrade.metrics import get_dividends, get_earnings, get_market_metrics
from tastytrade.order import InstrumentType, OrderAction
from tastytrade.watchlists import PairsWatchlist, PrivateWatchlist, PublicWatchlist

from tests.sandbox.served import Served, served

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    # It hands its JSON to httpx in a way that httpx has left behind.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Served]:
    """A world in which the margin account has bought, sold short, and sold again."""
    async with served(tmp_path_factory.mktemp("sandbox")) as here:
        yield here


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def traded(sandbox: Served) -> dict[str, Decimal]:
    """Trade once for the whole module; return what each line moved, by what was done."""
    access = sandbox.world.access
    token = access.issue(access.full).token
    put = "SPY   261218P00509000"
    acts = [
        ("Equity", "AAPL", "Buy to Open", 300),
        ("Equity", "AAPL", "Sell to Close", 100),
        ("Equity Option", put, "Sell to Open", 1),
    ]
    async with httpx2.AsyncClient(base_url=sandbox.address, trust_env=False) as client:
        for kind, symbol, action, quantity in acts:
            leg = {"instrument-type": kind, "symbol": symbol, "action": action}
            order = {"order-type": "Market", "time-in-force": "Day"}
            answer = await client.post(
                "/accounts/5WS00001/orders",
                json={**order, "legs": [{**leg, "quantity": quantity}]},
                headers={"Authorization": f"Bearer {token}"},
            )
            assert answer.status_code == 201, answer.text
    page = await sandbox.world.broker.transactions(
        "5WS00001", start=None, end=None, limit=10, offset=0
    )
    moved = {line.description.split()[0]: line.cash_effect for line in page.rows}
    realized = sum((line.realized for line in page.rows if line.realized), Decimal(0))
    return {**moved, "realized": realized}


async def test_every_trade_is_a_line_with_its_fees(
    session: Session, account: Account, traded: dict[str, Decimal]
) -> None:
    """What came in and went out, to the cent: the fees and the rest are the whole."""
    lines = await account.get_history(session, type="Trade")
    spent = [line for line in lines if line.action is OrderAction.BUY_TO_OPEN]

    assert sum(line.net_value for line in spent) == traded["Bought"]
    for line in lines:
        fees = (line.commission, line.clearing_fees, line.regulatory_fees)
        index = line.proprietary_index_option_fees
        assert index == 0
        known = [fee for fee in fees if fee is not None]
        assert len(known) == 3
        assert line.value + sum(known) == line.net_value
    paid = await account.get_total_fees(session, date(2026, 11, 20))
    assert paid.total_fees == sum(line.net_value - line.value for line in lines)


async def test_lines_are_found_by_kind_symbol_day_and_number(
    session: Session, account: Account, traded: dict[str, Decimal]
) -> None:
    every = await account.get_history(session, per_page=1, page_offset=None)
    shares = await account.get_history(session, instrument_type=InstrumentType.EQUITY)
    deposits = await account.get_history(session, types=["Money Movement"])
    sold = await account.get_history(session, action="Sell to Close", underlying_symbol="AAPL")
    before = await account.get_history(session, end_date=date(2026, 11, 19))
    oldest_first = await account.get_history(session, sort="Asc")

    assert {line.symbol for line in shares} == {"AAPL"}
    assert [line.transaction_sub_type for line in deposits] == ["Deposit"]
    assert [line.quantity for line in sold] == [100]
    assert before == []
    assert oldest_first == [*reversed(every)]
    assert await account.get_transaction(session, every[0].id) == every[0]


async def test_positions_and_balances_agree_with_the_book(
    session: Session, account: Account, traded: dict[str, Decimal]
) -> None:
    positions = await account.get_positions(session, include_marks=True)
    balances = await account.get_balances(session)
    lines = await account.get_history(session)
    held = {position.symbol: position for position in positions}
    apple, put = held["AAPL"], held["SPY   261218P00509000"]

    assert (apple.quantity, apple.quantity_direction) == (200, "Long")
    assert (put.quantity, put.quantity_direction, put.multiplier) == (1, "Short", 100)
    assert balances.cash_balance == sum(line.net_value for line in lines)
    assert apple.mark is not None
    assert put.mark is not None
    assert balances.long_equity_value == apple.mark
    assert balances.short_derivative_value == put.mark
    worth = balances.cash_balance + apple.mark - put.mark
    assert balances.net_liquidating_value == worth
    assert apple.realized_today == traded["realized"]
    only = await account.get_positions(session, underlying_symbols=["SPY"])
    assert [position.symbol for position in only] == [put.symbol]


async def test_the_margin_report_adds_up(
    session: Session, account: Account, traded: dict[str, Decimal]
) -> None:
    report = await account.get_margin_requirements(session)
    balances = await account.get_balances(session)
    groups = [group for group in report.groups if isinstance(group, MarginReportEntry)]

    assert report.option_buying_power == balances.derivative_buying_power
    assert sum(group.margin_requirement for group in groups) == (report.margin_requirement)
    assert {group.underlying_symbol for group in groups} == {"AAPL", "SPY"}


async def test_the_worth_of_an_account_is_told_over_time(
    session: Session, account: Account, traded: dict[str, Decimal]
) -> None:
    (now,) = await account.get_net_liquidating_value_history(session, time_back="1m")

    balances = await account.get_balances(session)
    assert now.total_close == balances.net_liquidating_value


async def test_metrics_have_the_units_of_the_broker(session: Session) -> None:
    """Fractions here, percents there: a client that mixes them up is wrong by a hundred."""
    apple, spx = await get_market_metrics(session, ["AAPL", "NOSUCH", "SPX"])

    assert [apple.symbol, spx.symbol] == ["AAPL", "SPX"]
    assert apple.implied_volatility_index is not None
    assert apple.implied_volatility_30_day is not None
    assert Decimal("0.05") < apple.implied_volatility_index < 1
    assert apple.implied_volatility_30_day == (apple.implied_volatility_index * 100).quantize(
        Decimal("0.01")
    )
    assert apple.implied_volatility_index_rank is not None
    assert 0 <= Decimal(apple.implied_volatility_index_rank) <= 1
    assert apple.historical_volatility_30_day is not None
    assert apple.historical_volatility_30_day > 5
    assert apple.earnings is not None
    assert apple.earnings.expected_report_date == date(2027, 1, 26)
    assert spx.earnings is None
    terms = spx.option_expiration_implied_volatilities
    assert terms is not None
    assert {term.settlement_type for term in terms} == {"AM", "PM"}
    assert len(terms) > 12


async def test_dividends_are_those_that_have_gone_ex(session: Session) -> None:
    paid = await get_dividends(session, "AAPL")

    assert len(paid) > 4
    assert paid[0].occurred_date < date(2026, 11, 20)
    assert all(each.amount > 0 for each in paid)
    assert await get_earnings(session, "AAPL", date(2026, 1, 1)) == []


async def test_a_watchlist_is_kept_changed_and_taken_away(session: Session) -> None:
    mine = PrivateWatchlist(name="Mine", group_name="main")
    mine.add_symbol("AAPL", InstrumentType.EQUITY)
    await mine.upload(session)
    mine.add_symbol("SPY", InstrumentType.EQUITY)
    await mine.update(session)

    assert await PrivateWatchlist.get(session) == [mine]
    await PrivateWatchlist.remove(session, "Mine")
    assert await PrivateWatchlist.get(session) == []


async def test_the_public_watchlist_names_what_trades_here(session: Session) -> None:
    (public,) = await PublicWatchlist.get(session)
    again = await PublicWatchlist.get(session, public.name.replace(" ", "%20"))
    (counted,) = await PublicWatchlist.get(session, counts_only=True)

    assert public.watchlist_entries is not None
    assert len(public.watchlist_entries) == 31
    assert again == public
    assert counted.watchlist_entries is None
    assert await PairsWatchlist.get(session) == []


async def test_what_does_not_trade_here_is_an_empty_list(session: Session) -> None:
    """An error would stop a client that only looks what there is."""
    assert await Cryptocurrency.get(session) == []
    assert await Warrant.get(session) == []
    assert await Forex.get(session) == []
    precisions = await get_quantity_decimal_precisions(session)
    assert {each.instrument_type for each in precisions} >= {InstrumentType.EQUITY_OPTION}
    assert (await Equity.get(session, "SPX")).is_index
    assert (await Option.get(session, "SPX   261218C05000000")).settlement_type == "AM"


async def test_the_rates_of_an_underlying_are_those_of_the_account(
    http: httpx2.AsyncClient,
) -> None:
    path = "/accounts/{}/margin-requirements/AAPL/effective"
    margin = (await http.get(path.format("5WS00001"))).json()["data"]
    cash = (await http.get(path.format("5WS00002"))).json()["data"]

    assert (margin["long-equity-initial"], cash["long-equity-initial"]) == ("0.5", "1.0")
    assert margin["naked-option-floor"] == "250.0"
