"""The independent SDK reads everything that the sandbox serves: its own models are the judge."""

from datetime import date
from decimal import Decimal

import pytest
from tastytrade import Account, Session
from tastytrade.instruments import Equity, NestedOptionChain, Option, get_option_chain
from tastytrade.market_data import get_market_data, get_market_data_by_type
from tastytrade.market_sessions import ExchangeType, get_market_holidays, get_market_sessions
from tastytrade.metrics import get_risk_free_rate
from tastytrade.order import InstrumentType
from tastytrade.search import symbol_search

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.promise("sandbox")
async def test_a_session_knows_its_customer_and_accounts(session: Session) -> None:
    customer = await session.get_customer()
    accounts = await Account.get(session)
    again = await Account.get(session, accounts[1].account_number)

    assert customer.first_name == "Sandbox"
    assert [account.margin_or_cash for account in accounts] == ["Margin", "Cash", "Margin"]
    assert again == accounts[1]
    assert await session.validate()


async def test_an_account_tells_what_it_is_worth(session: Session, account: Account) -> None:
    balances = await account.get_balances(session)
    status = await account.get_trading_status(session)

    assert balances.cash_balance == balances.net_liquidating_value == Decimal(100000)
    assert balances.derivative_buying_power == Decimal(100000)
    assert balances.equity_buying_power == Decimal(200000)
    assert status.options_level == "No Restrictions"
    assert not status.is_frozen
    assert await account.get_positions(session) == []


async def test_a_nested_chain_has_every_strike_of_every_root(session: Session) -> None:
    chains = await NestedOptionChain.get(session, "SPX")

    assert [chain.root_symbol for chain in chains] == ["SPX", "SPXW"]
    assert {chain.underlying_symbol for chain in chains} == {"SPX"}
    monthly = chains[0].expirations[0]
    assert (monthly.expiration_type, monthly.settlement_type) == ("Regular", "AM")
    assert monthly.strikes[0].call_streamer_symbol.startswith(".SPX2")


async def test_a_chain_in_full_agrees_with_the_nested_one(session: Session) -> None:
    """A client may mix them: they name the same contracts."""
    full = await get_option_chain(session, "AAPL")
    (nested,) = await NestedOptionChain.get(session, "AAPL")

    named = {
        symbol
        for expiration in nested.expirations
        for strike in expiration.strikes
        for symbol in (strike.call, strike.put)
    }
    assert named == {option.symbol for options in full.values() for option in options}
    some = full[date(2026, 12, 18)][0]
    assert await Option.get(session, some.symbol) == some
    assert Option.occ_to_streamer_symbol(some.symbol) == some.streamer_symbol


async def test_equities_are_told_one_by_one_and_by_page(session: Session) -> None:
    apple = await Equity.get(session, "AAPL")
    some = await Equity.get(session, ["AAPL", "SPX"])
    every = await Equity.get_active_equities(session, per_page=10, page_offset=None)

    assert apple.option_tick_sizes is not None
    assert {equity.symbol: equity.is_index for equity in some} == {"AAPL": False, "SPX": True}
    assert len(every) == len({equity.symbol for equity in every}) == 31


async def test_quotes_are_told_under_the_type_that_was_asked_for(session: Session) -> None:
    option = (await get_option_chain(session, "SPY"))[date(2026, 12, 18)][200].symbol
    told = await get_market_data_by_type(
        session, equities=["SPY", "NOSUCH"], indices=["SPX"], options=[option]
    )
    spy = await get_market_data(session, "SPY", InstrumentType.EQUITY)

    assert [each.instrument_type for each in told] == [
        InstrumentType.EQUITY,
        InstrumentType.INDEX,
        InstrumentType.EQUITY_OPTION,
    ]
    assert told[0] == spy
    prices = (spy.day_low_price, spy.bid, spy.mark, spy.ask)
    known = [price for price in prices if price is not None]
    assert len(known) == 4
    assert known == sorted(known)


async def test_the_market_says_when_it_is_open(session: Session) -> None:
    (equities,) = await get_market_sessions(session, [ExchangeType.NYSE, ExchangeType.CME])
    calendar = await get_market_holidays(session)

    assert equities.status == "Open"
    assert equities.next_session is not None
    assert equities.next_session.session_date == date(2026, 11, 23)
    assert date(2026, 11, 26) in calendar.holidays
    assert date(2026, 11, 27) in calendar.half_days


async def test_symbols_are_found_and_the_rate_is_told(session: Session) -> None:
    await session.refresh()  # Which its search alone does not do by itself.

    assert [found.symbol for found in await symbol_search(session, "SPY")] == ["SPY"]
    assert await get_risk_free_rate(session) == Decimal("0.04")
