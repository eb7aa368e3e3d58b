"""What tastytrade's answers mean to the desk."""

import re
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.brokers.tastytrade import amounts
from strikedesk.brokers.tastytrade.chains import REMEMBERED, Chains
from strikedesk.brokers.tastytrade.directory import Directory
from strikedesk.brokers.tastytrade.dxlink.market import Quoted, StreamedMarket
from strikedesk.brokers.tastytrade.holdings import Holdings
from strikedesk.brokers.tastytrade.outlook import Outlook
from strikedesk.brokers.tastytrade.past_worth import PastWorth
from strikedesk.brokers.tastytrade.quoting import Quoting, feed_of
from strikedesk.brokers.tastytrade.sites import PRODUCTION, SANDBOX, Site, on_this_machine
from strikedesk.brokers.tastytrade.spelling import read_symbol, spelled, type_of
from strikedesk.brokers.tastytrade.streams import StreamBackedQuoting
from strikedesk.domain.account_kinds import AccountKind, OptionLevel
from strikedesk.domain.accounts import Environment, Position, Transaction, TransactionKind
from strikedesk.domain.calendar import sessions_between
from strikedesk.domain.customer import Customer
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.events import Dividend, Earnings, EarningsTiming
from strikedesk.domain.holidays import Holidays
from strikedesk.domain.quotes import Expiration, Feed, Quote, Settlement
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.domain.symbols import (
    EquitySymbol,
    OptionSymbol,
    Right,
    Symbol,
    parse_option,
    parse_symbol,
)
from tests.builders import NOON
from tests.fakes.clock import StoppedClock
from tests.fakes.loopback import Reply, told
from tests.unit.tastytrade_link import Link, a_link, recorded

NUMBER = "5WX00001"
AAPL = EquitySymbol("AAPL")
CHAIN = "/option-chains/AAPL/nested"
QUOTES = "/market-data/by-type"
METRICS = "/market-metrics"
HOLIDAYS = "/market-time/equities/holidays"
SESSIONS = "/market-time/sessions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The readers on one link."""

    link: Link
    directory: Directory
    holdings: Holdings
    quoting: Quoting
    chains: Chains
    outlook: Outlook

    def answers(self, path: str, *replies: Reply) -> None:
        self.link.there.answers(path, *replies)

    @property
    def account_id(self) -> str:
        return self.directory.account_id(NUMBER)

    def answers_for_account(self, rest: str, data: Any, **beside: Any) -> None:
        """Answer a question about the one account."""
        self.answers("/customers/me/accounts", listed(owned(NUMBER)))
        self.answers(f"/accounts/{NUMBER}/{rest}", told({"data": data} | beside))


@pytest.fixture
async def desk() -> AsyncGenerator[Desk]:
    async with a_link() as link:
        site = on_this_machine(link.there.origin)
        directory = Directory(
            client=link.client, site=site, key=Secret("a-key-of-a-test"), clock=link.clock
        )
        quoting = Quoting(client=link.client, site=site)
        yield Desk(
            link=link,
            directory=directory,
            holdings=Holdings(client=link.client, directory=directory, clock=link.clock),
            quoting=quoting,
            chains=Chains(client=link.client, quoting=quoting, clock=link.clock),
            outlook=Outlook(client=link.client),
        )


def listed(*items: Any) -> Reply:
    return told({"data": {"items": list(items)}})


def owned(number: object, *, authority: str = "owner", **more: Any) -> dict[str, Any]:
    account = {"account-number": number, "margin-or-cash": "Margin", "nickname": "Mine"}
    return {"account": account | more, "authority-level": authority}


def a_status(**more: Any) -> Reply:
    return told({"data": {"is-frozen": False, "is-closing-only": False} | more})


# Accounts


async def test_an_account_is_told_with_what_it_may_do(desk: Desk) -> None:
    desk.answers("/customers/me/accounts", listed(owned(NUMBER)))
    desk.answers(
        f"/accounts/{NUMBER}/trading-status",
        a_status(**{"options-level": "No Restrictions", "is-risk-reducing-only": True}),
    )

    (account,) = await desk.directory.accounts()

    assert (account.kind, account.option_level) == (AccountKind.MARGIN, OptionLevel.NAKED)
    assert (account.frozen, account.closing_only, account.can_trade) == (False, True, True)
    assert (account.environment, account.simulated) == (Environment.SANDBOX, True)
    assert account.handle == "tasty-0001"
    assert account.masked == "…0001"


async def test_accounts_are_asked_for_once_in_a_quarter_of_a_minute(desk: Desk) -> None:
    """A preview and its confirm ask several times, and the broker answers one status a second."""
    path = f"/accounts/{NUMBER}/trading-status"
    desk.answers("/customers/me/accounts", *[listed(owned(NUMBER))] * 2)
    desk.answers(path, a_status(), a_status(**{"is-frozen": True}))

    frozen: list[bool | None] = []
    for seconds in (0, 14, 2):
        desk.link.clock.move(seconds)
        frozen += [account.frozen for account in await desk.directory.accounts()]

    assert frozen == [False, False, True]
    assert len(desk.link.there.asked(path)) == 2


async def test_the_number_of_an_account_stays_with_the_broker(desk: Desk) -> None:
    """The desk's ledger keeps ids in clear."""
    desk.answers("/customers/me/accounts", listed(owned(NUMBER)))

    (account,) = await desk.directory.accounts()

    assert NUMBER not in repr(account)
    assert NUMBER not in account.account_id
    assert (await desk.directory.number(account.account_id)).reveal() == NUMBER


def test_the_id_of_an_account_is_that_of_its_key() -> None:
    """Without the key nobody finds the number by trying them all."""
    client: Any = None
    one, same, other = (
        Directory(client=client, site=SANDBOX, key=Secret(key), clock=StoppedClock()).account_id(
            NUMBER
        )
        for key in ("key-1", "key-1", "key-2")
    )

    assert one == same != other


async def test_what_nobody_told_of_an_account_is_unknown(desk: Desk) -> None:
    """A status that the grant may not read frees nobody; a kind that is new is the strictest."""
    odd: dict[str, Any] = {"margin-or-cash": None, "nickname": 7}
    desk.answers("/customers/me/accounts", listed(owned(NUMBER, **odd)))

    (account,) = await desk.directory.accounts()

    assert (account.frozen, account.closing_only, account.option_level) == (None, None, None)
    assert (account.kind, account.nickname) == (AccountKind.CASH, "7")


@pytest.mark.parametrize(
    ("more", "can_trade", "frozen"),
    [
        ({"authority": "read-only"}, False, False),
        ({"authority": "trade-only"}, True, False),
        ({"authority": "something new"}, False, False),
        ({"is-closed": True}, False, True),
    ],
)
async def test_who_may_not_trade_is_said_to_be_so(
    desk: Desk, more: dict[str, Any], can_trade: bool, frozen: bool
) -> None:
    desk.answers("/customers/me/accounts", listed(owned(NUMBER, **more)))
    desk.answers(f"/accounts/{NUMBER}/trading-status", a_status())

    (account,) = await desk.directory.accounts()

    assert (account.can_trade, account.frozen) == (can_trade, frozen)


async def test_accounts_that_end_alike_have_handles_of_their_own(desk: Desk) -> None:
    desk.answers(
        "/customers/me/accounts",
        listed(owned("5WX10001"), owned("5WX00001", **{"account-type-name": "Roth IRA"})),
    )

    accounts = await desk.directory.accounts()

    assert [account.handle for account in accounts] == ["tasty-00001", "tasty-10001"]
    assert accounts[0].kind is AccountKind.IRA


@pytest.mark.parametrize("number", [["5WX00001"], None, "", "5WX/../x", {"a": 1}])
async def test_a_number_that_is_none_is_not_asked_about(desk: Desk, number: object) -> None:
    """It would become a part of a path."""
    desk.answers("/customers/me/accounts", listed(owned(number)))

    with pytest.raises(Unavailable):
        await desk.directory.accounts()


async def test_an_account_of_nobody_is_denied(desk: Desk) -> None:
    desk.answers("/customers/me/accounts", listed(owned(NUMBER)))

    with pytest.raises(Denied) as denied:
        await desk.holdings.balances("NOBODY")

    assert denied.value.reason is Reason.ACCOUNT_UNKNOWN


PERSON: dict[str, Any] = {
    "id": "me", "first-name": "Pat", "last-name": "Doe", "email": "pat@example.com",
    "birth-date": "1990-01-01", "tax-number": "123-45-6789", "address": {"street-one": "1 Main"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "customer"),
    [
        (
            {"is-professional": False, "has-delayed-quotes": True},
            Customer(professional=False, delayed_quotes=True),
        ),
        ({"is-professional": "true"}, Customer(professional=True)),
        ({"is-professional": None, "has-delayed-quotes": "NaN"}, Customer()),
        ({"is-professional": 1, "has-delayed-quotes": []}, Customer()),
    ],
)
async def test_of_a_person_only_what_changes_the_desk_is_taken_in(
    desk: Desk, said: dict[str, Any], customer: Customer
) -> None:
    desk.answers("/customers/me", told({"data": PERSON | said}))

    assert await desk.directory.customer() == customer


async def test_a_grant_that_may_not_ask_who_its_user_is_knows_nothing_of_it(desk: Desk) -> None:
    desk.answers("/customers/me", told({}, status=403))

    assert await desk.directory.customer() is None


# Balances and positions


async def test_balances_are_told_in_the_desk_s_words(desk: Desk) -> None:
    desk.answers_for_account(
        "balances/USD",
        {
            "cash-balance": "98723.88",
            "net-liquidating-value": "98798.88",
            "derivative-buying-power": "98723.88",
            "equity-buying-power": "197447.76",
            "maintenance-requirement": "75.0",
            "maintenance-excess": "98723.88",
            "maintenance-call-value": "0.0",
            "long-equity-value": "0.0",
            "long-derivative-value": "75.0",
            "short-equity-value": "0.0",
            "short-derivative-value": "12.5",
            "updated-at": "2026-06-12T17:09:41.714+00:00",
        },
    )

    balances = await desk.holdings.balances(desk.account_id)

    assert balances.cash == Decimal("98723.88")
    assert (balances.long_value, balances.short_value) == (Decimal("75.0"), Decimal("-12.5"))
    assert (balances.in_margin_call, balances.open_profit) == (False, None)
    assert balances.as_of == datetime(2026, 6, 12, 17, 9, 41, 714_000, tzinfo=UTC)


async def test_half_of_what_is_held_is_not_told_for_all_of_it(desk: Desk) -> None:
    desk.answers_for_account("balances/USD", {"long-derivative-value": "75.0"})

    balances = await desk.holdings.balances(desk.account_id)

    assert (balances.long_value, balances.short_value) == (None, None)


@pytest.mark.parametrize(
    ("call", "called"), [({"reg-t-call-value": "1.0"}, True), ({}, None), (None, None)]
)
async def test_a_margin_call_is_one_where_the_broker_says_so(
    desk: Desk, call: dict[str, str] | None, called: bool | None
) -> None:
    desk.answers_for_account("balances/USD", call or {"cash-balance": None})

    balances = await desk.holdings.balances(desk.account_id)

    assert (balances.in_margin_call, balances.cash, balances.as_of) == (called, None, NOON)


def a_position(symbol: str, kind: str = "Equity Option", **more: Any) -> dict[str, Any]:
    plain = {
        "symbol": symbol,
        "instrument-type": kind,
        "quantity": 1,
        "quantity-direction": "Long",
        "average-open-price": "0.75",
        "multiplier": 100,
    }
    return plain | more


async def positions(desk: Desk, *told_of: dict[str, Any]) -> tuple[Position, ...]:
    desk.answers_for_account("positions", {"items": list(told_of)})
    return await desk.holdings.positions(desk.account_id)


async def test_positions_have_the_sign_of_their_direction(desk: Desk) -> None:
    """Never that of `cost-effect`, which is the one of closing."""
    short = a_position(
        "SMCI  260619P00035000",
        **{"quantity-direction": "Short", "cost-effect": "Debit", "mark-price": "0.82"},
    )
    long = a_position(
        "TQQQ", "Equity", quantity="742", multiplier="1.0", **{"cost-effect": "Credit"}
    )

    held = await positions(desk, long, short)

    assert [(p.symbol.compact, p.quantity, p.multiplier) for p in held] == [
        ("SMCI260619P00035000", -1, 100),
        ("TQQQ", 742, 1),
    ]
    assert held[0].market_value == Decimal("-82.00")
    assert held[1].mark is None


async def test_what_the_desk_does_not_trade_is_told_beside_positions(desk: Desk) -> None:
    """Left out, it would leave an account that looks flat and is not. Asked for once."""
    held = await positions(
        desk,
        a_position("/ESZ6", "Future", multiplier=50, **{"mark-price": "6800.25"}),
        a_position("./ESZ6 ESZ6  261218P6300", "Future Option", **{"quantity-direction": "Short"}),
        a_position("BTC/USD", "Cryptocurrency", quantity="0.01", multiplier="1.0"),
        a_position("AAPL", "Equity", quantity="10.5", multiplier=1),
        a_position("SPY", "Equity", quantity="0.4", multiplier=1),
        a_position("QQQ", "Equity", quantity=0, **{"quantity-direction": "Zero"}),
        a_position("/NQZ6", "Future", quantity=0, **{"quantity-direction": "Zero"}),
    )
    beside = await desk.holdings.untraded(desk.account_id)

    assert [(p.symbol.compact, p.quantity) for p in held] == [("AAPL", 10)]
    assert [(each.symbol, each.kind, each.quantity) for each in beside] == [
        ("./ESZ6 ESZ6  261218P6300", "future_option", Decimal(-1)),
        ("/ESZ6", "future", Decimal(1)),
        ("AAPL", "fraction_of_a_share", Decimal("0.5")),
        ("BTC/USD", "cryptocurrency", Decimal("0.01")),
        ("SPY", "fraction_of_a_share", Decimal("0.4")),
    ]
    assert beside[1].market_value == Decimal("340012.50")
    assert beside[3].market_value is None
    assert len(desk.link.there.asked(f"/accounts/{NUMBER}/positions")) == 1


@pytest.mark.parametrize(
    ("odd", "told_as"),
    [
        ({"quantity": "NaN"}, ("/ESZ6", "future", None)),
        ({"quantity-direction": None}, ("/ESZ6", "future", None)),
        ({"instrument-type": "Event <b>\u202eContract" * 9}, None),
        ({"instrument-type": None}, ("/ESZ6", "unknown", Decimal(1))),
        ({"symbol": None}, ("?", "future", Decimal(1))),
        ({"symbol": "/es\n\u202e" + "Z" * 99}, ("/" + "Z" * 39, "future", Decimal(1))),
        ({"multiplier": "NaN", "mark-price": "1.0"}, ("/ESZ6", "future", Decimal(1))),
    ],
)
async def test_an_odd_thing_that_is_held_is_told_as_far_as_it_is_known(
    desk: Desk, odd: dict[str, Any], told_as: tuple[object, ...] | None
) -> None:
    """It is there: that counts more than what it is. What names it is short and plain."""
    await positions(desk, a_position("/ESZ6", "Future") | odd)

    (beside,) = await desk.holdings.untraded(desk.account_id)

    assert told_as in {None, (beside.symbol, beside.kind, beside.quantity)}
    assert re.fullmatch(r"[a-z0-9_]{1,24}", beside.kind)
    assert beside.market_value is None
    assert NUMBER not in repr(beside)


async def test_what_is_held_beside_is_asked_for_anew_once_it_is_old(desk: Desk) -> None:
    account = listed(owned(NUMBER))
    path = f"/accounts/{NUMBER}/positions"
    desk.answers("/customers/me/accounts", account)
    desk.answers(path, listed(), listed(a_position("/ESZ6", "Future")))

    seen: list[int] = []
    for seconds in (0, 14, 2):
        desk.link.clock.move(seconds)
        seen.append(len(await desk.holdings.untraded(desk.account_id)))

    assert seen == [0, 0, 1]


@pytest.mark.parametrize(
    "odd", [{"quantity-direction": "Sideways"}, {"quantity": "NaN"}, {"average-open-price": None}]
)
async def test_a_position_that_cannot_be_read_is_not_hidden(
    desk: Desk, odd: dict[str, Any]
) -> None:
    """A book without it would make a naked call look covered."""
    with pytest.raises(Unavailable):
        await positions(desk, a_position("SMCI  260619P00035000", **odd))


# The book


async def test_the_recorded_book_is_told(desk: Desk) -> None:
    desk.answers_for_account("transactions", recorded("get_transactions")["data"])

    page = await desk.holdings.transactions(
        desk.account_id, start=date(2026, 5, 1), end=None, limit=50, offset=0
    )

    trade, deposit, _ = page.rows
    assert trade == Transaction(
        transaction_id="1735820",
        account_id=desk.account_id,
        at=datetime(2026, 6, 5, 13, 30, 0, 707_000, tzinfo=UTC),
        kind=TransactionKind.TRADE,
        description="Bought 1 SMCI 06/05/26 Call 45.00 @ 0.75",
        cash_effect=Decimal("-76.12"),
        symbol=parse_symbol("SMCI260605C00045000"),
        quantity=1,
        price=Decimal("0.75"),
        fees=Decimal("1.12"),
        order_id="1033431",
    )
    assert (deposit.kind, deposit.cash_effect) == (TransactionKind.DEPOSIT, Decimal(100_000))
    assert (deposit.quantity, deposit.fees, page.total) == (None, None, 3)


def a_line(number: int, **more: Any) -> dict[str, Any]:
    plain = {
        "id": number,
        "executed-at": "2026-06-05T13:30:00.707Z",
        "net-value": "1.0",
        "net-value-effect": "Credit",
    }
    return plain | more


async def test_a_page_of_the_desk_s_may_lie_across_two_of_the_broker_s(desk: Desk) -> None:
    pages = {"total-items": 7, "total-pages": 3}
    path = f"/accounts/{NUMBER}/transactions"
    desk.answers("/customers/me/accounts", listed(owned(NUMBER)))
    desk.answers(
        path,
        *(
            told({"data": {"items": [a_line(n) for n in numbers]}, "pagination": pages})
            for numbers in ((3, 4, 5), (6, 7))
        ),
    )

    page = await desk.holdings.transactions(
        desk.account_id, start=None, end=None, limit=3, offset=4
    )

    assert ([row.transaction_id for row in page.rows], page.total) == (["4", "5", "6"], 7)
    assert [heard.target for heard in desk.link.there.asked(path)] == [
        f"{path}?sort=Desc&per-page=3&page-offset=1",
        f"{path}?sort=Desc&per-page=3&page-offset=2",
    ]


@pytest.mark.parametrize(
    ("more", "effect"),
    [
        ({"net-value": "0.0", "net-value-effect": "None"}, "0"),
        ({"net-value": None, "value": "5.0", "value-effect": "Debit"}, "-5.0"),
        ({"net-value": "2.5", "net-value-effect": "Debit"}, "-2.5"),
    ],
)
async def test_a_line_s_effect_on_cash_has_a_sign(
    desk: Desk, more: dict[str, Any], effect: str
) -> None:
    desk.answers_for_account("transactions", {"items": [a_line(1, **more)]})

    page = await desk.holdings.transactions(
        desk.account_id, start=None, end=None, limit=5, offset=0
    )

    assert page.rows[0].cash_effect == Decimal(effect)


async def test_a_sale_moves_the_position_down(desk: Desk) -> None:
    line = a_line(1, action="Sell to Close", quantity="2.0", **{"transaction-type": "Trade"})
    desk.answers_for_account("transactions", {"items": [line]})

    page = await desk.holdings.transactions(
        desk.account_id, start=None, end=None, limit=5, offset=0
    )

    assert page.rows[0].quantity == -2


async def test_money_that_goes_nobody_says_where_is_not_told(desk: Desk) -> None:
    line = a_line(1, **{"net-value-effect": "Sideways"})
    desk.answers_for_account("transactions", {"items": [line]})

    with pytest.raises(Unavailable):
        await desk.holdings.transactions(desk.account_id, start=None, end=None, limit=5, offset=0)


async def test_a_fee_that_cannot_be_read_is_not_taken_for_none(desk: Desk) -> None:
    """Beside one that can be: the sum of a part would be told for all."""
    fees = {
        "commission": "1.0",
        "commission-effect": "Debit",
        "clearing-fees": "0.1",
        "clearing-fees-effect": "Sideways",
    }
    desk.answers_for_account("transactions", {"items": [a_line(1, **fees)]})

    page = await desk.holdings.transactions(
        desk.account_id, start=None, end=None, limit=5, offset=0
    )

    assert page.rows[0].fees is None


@given(amount=st.decimals(0, 10**15, places=2))
def test_an_effect_is_a_sign_and_costs_are_the_other(amount: Decimal) -> None:
    credit, debit = (amounts.cash(amount, effect) for effect in ("Credit", "Debit"))

    assert credit == amount
    assert debit == amounts.cost(amount, "Credit") == -amount
    assert amounts.cash(amount, "None") == (Decimal(0) if amount == 0 else None)


# Quotes


async def test_the_recorded_quotes_are_told(desk: Desk) -> None:
    """An index has no sides; a share that the broker calls an index is asked for once more."""
    as_shares = recorded("get_quote")["data"]["items"]
    vix = [item for item in as_shares if item["symbol"] == "VIX"]
    rest = [item for item in as_shares if item["symbol"] != "VIX"]
    desk.answers(QUOTES, listed(*rest), listed(*vix))
    asked = {EquitySymbol(ticker) for ticker in ("META", "AAPL", "VIX", "SPX")}

    quotes = await desk.quoting.quotes(asked)

    assert set(quotes) == asked
    assert quotes[AAPL] == Quote(
        symbol=AAPL,
        at=datetime(2026, 8, 24, 17, 58, 51, 35_000, tzinfo=UTC),
        feed=Feed.SIMULATED,
        bid=Decimal("312.01"),
        ask=Decimal("312.02"),
        bid_size=240,
        ask_size=80,
        last=Decimal("312.0151"),
        previous_close=Decimal("309.35"),
        volume=16_006_738,
    )
    assert (quotes[EquitySymbol("VIX")].bid, quotes[EquitySymbol("VIX")].bid_size) == (None, None)
    assert [heard.target for heard in desk.link.there.asked(QUOTES)] == [
        f"{QUOTES}?equity=AAPL&equity=META&equity=SPX&equity=VIX",
        f"{QUOTES}?index=VIX",
    ]


def a_quote(
    symbol: str, more: dict[str, Any] | None = None, *, kind: str = "Equity Option"
) -> dict[str, Any]:
    plain = {"symbol": symbol, "instrument-type": kind, "updated-at": "2026-11-20T15:59:00Z"}
    return plain | {"bid": "1.0", "ask": "1.1"} | (more or {})


async def test_a_hundred_symbols_go_into_a_call(desk: Desk) -> None:
    contracts = [
        OptionSymbol("AAPL", date(2026, 12, 18), Right.CALL, Decimal(n)) for n in range(1, 151)
    ]
    desk.answers(
        QUOTES,
        listed(*(a_quote(c.padded) for c in contracts[:100])),
        listed(*(a_quote(c.padded) for c in contracts[100:])),
    )

    quotes = await desk.quoting.quotes(contracts)

    assert set(quotes) == set(contracts)
    assert [h.target.count("equity-option=") for h in desk.link.there.asked(QUOTES)] == [100, 50]


async def test_a_quote_is_of_what_was_asked_and_keeps_the_broker_s_time(desk: Desk) -> None:
    """Their clock may be an hour ahead: called fresh, a quote of half an hour ago would pass."""
    near = parse_option("AAPL261218C00200000")
    ahead = a_quote(near.padded, {"updated-at": "2026-11-20T17:00:00Z", "bid": "-1"})
    timeless = a_quote("AAPL  261218P00200000", {"updated-at": None})
    desk.answers(QUOTES, listed(ahead, timeless, a_quote("AAPL  261218C00210000")))

    quotes = await desk.quoting.quotes({near, parse_option("AAPL261218P00200000")})

    assert set(quotes) == {near}
    assert (quotes[near].at - NOON, quotes[near].bid) == (timedelta(hours=1), None)


class TellingMarket(StreamedMarket):
    """A stream that tells what it is given, and of the rest that nobody quotes it."""

    def __init__(self, told_of: Mapping[Symbol, Quote]) -> None:
        self._told_of = told_of

    async def quotes(self, symbols: Collection[Symbol], *, within_s: float = 0) -> Quoted:
        found = {s: self._told_of[s] for s in symbols if s in self._told_of}
        return Quoted(quotes=found, silent={})


def many_contracts() -> list[Symbol]:
    day = date(2026, 12, 18)
    return [OptionSymbol("AAPL", day, Right.CALL, Decimal(n)) for n in range(1, 151)]


def stream_backed(desk: Desk, told_of: Sequence[Symbol]) -> StreamBackedQuoting:
    quotes = {s: Quote(symbol=s, at=NOON, feed=Feed.REALTIME, bid=Decimal(2)) for s in told_of}
    return StreamBackedQuoting(
        client=desk.link.client, site=desk.quoting.site, market=TellingMarket(quotes)
    )


async def test_a_long_list_is_read_by_stream_and_the_rest_of_it_by_asking(desk: Desk) -> None:
    """A chain by asking alone would wait for its turn many times over."""
    contracts = many_contracts()
    desk.answers(QUOTES, listed(*(a_quote(spelled(each)) for each in contracts[140:])))

    quotes = await stream_backed(desk, contracts[:140]).quotes(contracts)

    assert set(quotes) == set(contracts)
    assert [quotes[contracts[n]].bid for n in (0, 149)] == [Decimal(2), Decimal("1.0")]
    assert [h.target.count("equity-option=") for h in desk.link.there.asked(QUOTES)] == [10]


async def test_what_the_stream_passes_over_is_asked_for_once(desk: Desk) -> None:
    """Beyond that nobody quotes it: asking on would be a call for each hundred of silent ones."""
    contracts = many_contracts()
    desk.answers(QUOTES, listed(a_quote("AAPL", kind="Equity")))

    quotes = await stream_backed(desk, contracts[:2]).quotes([*contracts, AAPL])

    assert set(quotes) == {AAPL, *contracts[:2]}
    (asked,) = desk.link.there.asked(QUOTES)
    assert (asked.target.count("equity="), asked.target.count("equity-option=")) == (1, 99)


async def test_what_is_told_by_stream_alone_is_told(desk: Desk) -> None:
    """As at the broker's own sandbox, whose REST answers no such question."""
    contracts = many_contracts()
    desk.answers(QUOTES, Reply(status=502))

    for asked in (contracts[:3], contracts):
        quotes = await stream_backed(desk, contracts[:2]).quotes(asked)
        assert set(quotes) == set(contracts[:2])
    with pytest.raises(Unavailable):
        await stream_backed(desk, []).quotes(contracts)


async def test_a_short_list_is_asked_for(desk: Desk) -> None:
    """Its quotes are of the moment, and nobody waits for a first value."""
    contracts = many_contracts()[:3]
    desk.answers(QUOTES, listed(*(a_quote(spelled(each)) for each in contracts)))

    quotes = await stream_backed(desk, contracts).quotes(contracts)

    assert {quote.bid for quote in quotes.values()} == {Decimal("1.0")}


def test_a_feed_is_as_good_as_its_site() -> None:
    sites = (PRODUCTION, SANDBOX, on_this_machine("http://127.0.0.1:9"))

    assert [feed_of(site) for site in sites] == [Feed.REALTIME, Feed.DELAYED, Feed.SIMULATED]


# Holidays


@pytest.mark.parametrize(
    ("data", "holidays"),
    [
        (
            {"market-holidays": ["2026-11-26", "soon", None], "market-half-days": ["2026-11-27"]},
            Holidays(closed=frozenset({date(2026, 11, 26)}), half=frozenset({date(2026, 11, 27)})),
        ),
        ({}, Holidays(closed=frozenset(), half=frozenset())),
    ],
)
async def test_holidays_are_the_days_that_can_be_read(
    desk: Desk, data: object, holidays: Holidays
) -> None:
    desk.answers(HOLIDAYS, told({"data": data}))

    assert await desk.outlook.holidays() == holidays


async def test_a_broker_that_names_no_holidays_has_none_to_tell(desk: Desk) -> None:
    assert await desk.outlook.holidays() is None


# Hours


async def test_hours_are_those_of_the_sessions_that_can_be_read(desk: Desk) -> None:
    """A day that is not named is the one in New York; of one without an end nothing is known."""
    opens, closes = "2026-11-27T14:30:00.000+00:00", "2026-11-27T18:00:00.000+00:00"
    half = {"open-at": opens, "close-at": closes, "instrument-collection": "Equity"}
    whole = {
        "session-date": "2026-11-25",
        "open-at": "2026-11-25T14:30:00.000+00:00",
        "close-at": "2026-11-25T21:00:00.000+00:00",
    }
    desk.answers(SESSIONS, listed(half, whole, {"session-date": "2026-11-30", "open-at": opens}))

    found = await desk.outlook.sessions(date(2026, 11, 25), date(2026, 12, 1))

    assert found == sessions_between(date(2026, 11, 25), date(2026, 11, 27))


async def test_a_broker_that_names_no_sessions_has_none_to_tell(desk: Desk) -> None:
    assert await desk.outlook.sessions(date(2026, 11, 25), date(2026, 12, 1)) is None


# What an account was worth

WORTH = "net-liq/history"


def a_point(time: object, close: object = "1005.0") -> dict[str, object]:
    return {"close": "1.0", "total-close": close, "time": time}


async def worths(desk: Desk, *points: object, site: Site | None = None) -> list[tuple[str, str]]:
    desk.answers_for_account(WORTH, {"items": list(points)})
    past = PastWorth(
        client=desk.link.client,
        directory=desk.directory,
        site=site or desk.quoting.site,
        clock=desk.link.clock,
    )
    found = await past.history(desk.account_id, date(2026, 11, 16))
    return [(f"{each.at:%d %H:%M}", str(each.amount)) for each in found]


async def test_the_worth_is_the_last_told_of_each_session_that_is_over(desk: Desk) -> None:
    """However fine the history is; a weekend is none, and today is not over at noon."""
    told = await worths(
        desk,
        a_point("2026-11-18 21:00:00+00", "3.0"),
        a_point("2026-11-17 14:30:00+00", "1.0"),
        a_point("2026-11-17T20:55:00Z", "2.0"),
        a_point("2026-11-15 20:00:00+00", "9.0"),
        a_point("2026-11-20 15:59:00+00", "9.0"),
    )

    assert told == [("17 20:55", "2.0"), ("18 21:00", "3.0")]
    (asked,) = desk.link.there.asked(f"/accounts/{NUMBER}/{WORTH}")
    assert asked.target.endswith("?start-time=2026-11-16T00%3A00%3A00Z")


@pytest.mark.parametrize(
    "point",
    [a_point("noon"), a_point(None), a_point(7), a_point("2026-11-17 14:30:00"), {}]
    + [a_point("2026-11-17 14:30:00+00", odd) for odd in ("NaN", None, "")],
)
async def test_a_point_that_cannot_be_read_is_none(desk: Desk, point: object) -> None:
    assert await worths(desk, point) == []


async def test_the_brokers_own_sandbox_is_not_asked_for_a_past(desk: Desk) -> None:
    """It keeps none, and would be asked again and again."""
    assert await worths(desk, a_point("2026-11-17 14:30:00+00"), site=SANDBOX) == []
    assert desk.link.there.asked(f"/accounts/{NUMBER}/{WORTH}") == []


# Chains


def a_chain(root: str = "AAPL", *expirations: Any, **more: Any) -> dict[str, Any]:
    plain = {
        "underlying-symbol": "AAPL",
        "root-symbol": root,
        "option-chain-type": "Standard",
        "shares-per-contract": 100,
        "expirations": list(expirations),
    }
    return plain | more


def a_strike(price: object, **more: Any) -> dict[str, Any]:
    return {"strike-price": price, "call": "c", "put": "p"} | more


def an_expiration(day: str, *prices: object, kind: str = "Weekly", settles: str = "PM") -> Any:
    return {
        "expiration-date": day,
        "expiration-type": kind,
        "settlement-type": settles,
        "strikes": [a_strike(price) for price in prices],
    }


async def expirations(desk: Desk, *chains: Any) -> Sequence[Expiration]:
    desk.answers(CHAIN, listed(*chains))
    return await desk.chains.expirations(AAPL)


async def test_expirations_come_in_order_with_their_strikes(desk: Desk) -> None:
    """Strikes come in no order, and some as null; a day that is over is listed no more."""
    found = await expirations(
        desk,
        a_chain(
            "AAPL",
            an_expiration("2026-12-18", "210.0", None, "NaN", "200.0", "200.0", kind="Regular"),
            an_expiration("2026-11-20", "2.5"),
            an_expiration("2026-11-19", "5.0"),
            an_expiration("2026-12-24"),
            an_expiration("2026-12-31", "1.0", settles="Future"),
        ),
    )

    assert [(each.day, each.days, each.standard, each.strikes) for each in found] == [
        (date(2026, 11, 20), 0, False, (Decimal("2.5"),)),
        (date(2026, 12, 18), 28, True, (Decimal(200), Decimal(210))),
    ]


async def test_two_roots_of_a_day_are_two_expirations(desk: Desk) -> None:
    """SPX settles in the morning of its third Friday, SPXW in the afternoon of the same."""
    third_friday = "2026-12-18"
    desk.answers(
        "/option-chains/SPX/nested",
        listed(
            a_chain("SPXW", an_expiration(third_friday, "6000.0")),
            a_chain("SPX", an_expiration(third_friday, "6000.0", kind="Regular", settles="AM")),
        ),
    )

    found = await desk.chains.expirations(EquitySymbol("SPX"))

    assert [(each.underlying, each.root, each.settlement) for each in found] == [
        ("SPX", "SPX", Settlement.AM),
        ("SPX", "SPXW", Settlement.PM),
    ]


async def test_a_root_that_delivers_something_else_is_known_as_adjusted(desk: Desk) -> None:
    desk.answers(
        CHAIN,
        listed(
            a_chain("AAPL", an_expiration("2026-12-18", "200.0")),
            a_chain(
                "AAPL1",
                an_expiration("2026-12-18", "50.0"),
                **{"option-chain-type": "Non-standard"},
            ),
        ),
    )

    listing = await desk.chains.listing(AAPL)

    assert listing.adjusted == {"AAPL1"}
    assert [each.root for each in listing.expirations] == ["AAPL", "AAPL1"]


async def test_what_is_not_listed_is_not_found(desk: Desk) -> None:
    desk.answers("/option-chains/QQQQ/nested", listed())
    for ticker in ("ZZZZ", "QQQQ"):
        with pytest.raises(Denied) as denied:
            await desk.chains.expirations(EquitySymbol(ticker))
        assert denied.value.reason is Reason.SYMBOL_NOT_FOUND


async def test_a_chain_is_downloaded_once_in_a_while(desk: Desk) -> None:
    await expirations(desk, a_chain("AAPL", an_expiration("2026-12-18", "200.0")))

    await desk.chains.expirations(AAPL)
    assert len(desk.link.there.asked(CHAIN)) == 1

    desk.link.clock.move(REMEMBERED.total_seconds())
    await desk.chains.expirations(AAPL)
    assert len(desk.link.there.asked(CHAIN)) == 2


async def test_a_chain_has_a_row_for_every_contract_that_is_quoted(desk: Desk) -> None:
    """A strike without a put has none; what nobody quotes makes the chain incomplete."""
    expiration = an_expiration("2026-12-18", "200.0")
    expiration["strikes"].append(a_strike("210.0", call=None))
    await expirations(desk, a_chain("AAPL", expiration))
    quoted = [a_quote(f"AAPL  261218{right}") for right in ("C00200000", "P00200000", "P00210000")]
    day = date(2026, 12, 18)

    desk.answers(QUOTES, listed(a_quote("AAPL", kind="Equity"), *quoted))
    whole = await desk.chains.chain(AAPL, {day})
    desk.answers(QUOTES, listed(*quoted[:2]), listed())
    part = await desk.chains.chain(AAPL, {day})

    assert [row.contract.compact for row in whole.rows] == [
        "AAPL261218C00200000",
        "AAPL261218P00200000",
        "AAPL261218P00210000",
    ]
    assert (whole.complete, whole.spot.bid) == (True, Decimal("1.0"))
    assert (part.complete, part.spot.bid, len(part.rows)) == (False, None, 2)


# Outlook


async def test_rank_and_percentile_are_fractions(desk: Desk) -> None:
    desk.answers(METRICS, told(recorded("get_market_metrics")))

    history = await desk.outlook.implied_history(AAPL)

    assert (history.rank, history.percentile) == (0.427330631, 0.330776021)
    assert history.closes == ()


async def test_events_are_those_of_the_days_asked(desk: Desk) -> None:
    desk.answers(METRICS, told(recorded("get_market_metrics")))

    events = await desk.outlook.events(AAPL, date(2026, 7, 1), date(2026, 8, 31))

    assert events == (
        Earnings(underlying="AAPL", day=date(2026, 7, 30), timing=None),
        Dividend(
            underlying="AAPL",
            day=date(2026, 8, 10),
            pay_day=date(2026, 8, 13),
            amount=Decimal("0.27"),
        ),
    )
    assert await desk.outlook.events(AAPL, date(2026, 9, 1), date(2026, 9, 2)) == ()


@pytest.mark.parametrize(
    ("report", "timing"),
    [
        ({"expected-report-date": "2026-12-01", "time-of-day": "AMC"}, EarningsTiming.AFTER_CLOSE),
        ({"expected-report-date": "2026-12-01", "time-of-day": "BTO"}, EarningsTiming.BEFORE_OPEN),
        ({"expected-report-date": "2026-12-01", "visible": False}, None),
        ({}, None),
        (None, None),
    ],
)
async def test_a_report_is_told_with_its_time_where_there_is_one(
    desk: Desk, report: Any, timing: EarningsTiming | None
) -> None:
    desk.answers(METRICS, listed({"symbol": "AAPL", "earnings": report}))

    events = await desk.outlook.events(AAPL, NOON.date(), NOON.date() + timedelta(days=30))

    assert [e.timing for e in events if isinstance(e, Earnings)] == ([timing] if timing else [])


async def test_an_underlying_that_nobody_measures_is_not_found(desk: Desk) -> None:
    """An empty answer would read as a quiet company."""
    desk.answers(METRICS, listed())

    with pytest.raises(Denied) as denied:
        await desk.outlook.implied_history(EquitySymbol("ZZZZ"))

    assert denied.value.reason is Reason.SYMBOL_NOT_FOUND


async def test_a_search_tells_what_the_desk_has_words_for(desk: Desk) -> None:
    desk.answers(
        "/symbols/search/AA",
        listed(
            {
                "symbol": "AAPL",
                "description": "APPLE",
                "instrument-type": "Equity",
                "options": True,
            },
            {"symbol": "/AAZ6", "instrument-type": "Future"},
            {"symbol": "AAL", "options": "false"},
        ),
    )

    found = await desk.outlook.search(" aa ", 5)

    assert [(info.symbol.compact, info.kind, info.has_options) for info in found] == [
        ("AAPL", "equity", True),
        ("AAL", "equity", False),
    ]
    assert await desk.outlook.search("no such thing", 5) == ()
    assert await desk.outlook.search("  ", 5) == ()


# Spelling

TICKERS = st.from_regex(r"[A-Z]{1,5}", fullmatch=True)
OPTIONS = st.builds(
    OptionSymbol,
    TICKERS,
    st.dates(date(2026, 1, 1), date(2060, 1, 1)),
    st.sampled_from(Right),
    st.decimals("0.001", "99999.999", places=3),
)


@given(symbol=TICKERS.map(EquitySymbol) | OPTIONS)
def test_a_symbol_is_read_as_it_was_spelled(symbol: Symbol) -> None:
    assert read_symbol(type_of(symbol), spelled(symbol)) == symbol


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("Future", "/ESZ6"),
        ("Equity", "AAPL  261218C00200000"),
        ("Equity Option", "AAPL"),
        ("Equity", "no symbol at all"),
        (None, "AAPL"),
        ("Equity", None),
    ],
)
def test_what_is_something_else_is_none(kind: str | None, text: str | None) -> None:
    assert read_symbol(kind, text) is None


def test_classes_of_shares_have_a_slash_there() -> None:
    assert spelled(EquitySymbol("BRK.B")) == "BRK/B"
    assert read_symbol("Equity", "BRK/B") == EquitySymbol("BRK.B")
