"""What every broker promises. A new one is added to BROKERS and nothing else."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from itertools import cycle
from pathlib import Path

import pytest

from strikedesk.brokers.paper.broker import PaperBroker
from strikedesk.brokers.paper.opening import Opening
from strikedesk.domain.broking import (
    BrokerOrder,
    CancelTicket,
    GroupTicket,
    Lookup,
    LookupStatus,
    PlaceTicket,
    Receipt,
    ReplaceTicket,
)
from strikedesk.domain.calendar import exchange_date, sessions_between
from strikedesk.domain.errors import Denied, Rejected
from strikedesk.domain.events import Split
from strikedesk.domain.groups import GroupKind, OrderGroup
from strikedesk.domain.instruments import Step
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType, TimeInForce
from strikedesk.domain.ports import Broker, TransactionPage, WorldStore
from strikedesk.domain.quotes import Interval, Quote
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol, Right, Symbol, parse_option
from strikedesk.domain.untraded import UntradedName
from strikedesk.exchange.clock import VenueClock
from strikedesk.exchange.market import Market
from strikedesk.exchange.simulated.market import SimulatedMarket
from strikedesk.store.worlds import SqlWorldStore
from tests.builders import NOON
from tests.fakes.clock import CountingEntropy, StoppedClock
from tests.fakes.market import ScriptedMarket
from tests.fakes.world import MemoryWorldStore
from tests.sandbox.linked import linked
from tests.sandbox.served import CLOCK, prices, served
from tests.stores import a_url, opened


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A venue that is open and stands still, and what can be traded there.

    `connect` makes another broker object on the same venue. `near` and `far` are calls of one
    underlying and expiration, `near` the dearer, both quoted with room for a dozen contracts;
    `lame` lacks a side. What brokers may differ in: whether they tell what prices were
    (`tells_the_past`), take two limits that cancel each other, and a replacement of other size.
    """

    connect: Callable[[], Broker]
    near: OptionSymbol
    far: OptionSymbol
    lame: Symbol
    tells_the_past: bool = True
    pairs_limits: bool = True
    resizes: bool = True


UNLISTED = parse_option("ZZZZ261218C00100000")


def _connecting(market: Market, stores: Sequence[WorldStore]) -> Callable[[], Broker]:
    """Return what makes paper brokers in turn over `stores`, as if each were a process."""
    clock, entropy, turns = StoppedClock(), CountingEntropy(), cycle(stores)
    return lambda: PaperBroker(
        store=next(turns),
        market=market,
        clock=clock,
        world="contract",
        entropy=entropy,
        opening=Opening(clock=VenueClock.frozen(NOON)),
    )


def _scripted(stores: Sequence[WorldStore]) -> Stage:
    market = ScriptedMarket()
    market.tell("AAPL", "199.98", "200.02", at=NOON - timedelta(minutes=30))
    market.tell("AAPL261218C00200000", "6.00", "6.20")
    market.tell("AAPL261218C00210000", "2.00", "2.10")
    market.tell("AAPL261218C00500000", None, "0.05")
    market.implied = {("AAPL", NOON.date() - timedelta(days=n)): 0.2 + n / 100 for n in range(9)}
    market.scheduled = (
        Split(underlying="AAPL", day=NOON.date() + timedelta(days=4), new=2, old=1),
    )
    return Stage(
        connect=_connecting(market, stores),
        near=parse_option("AAPL261218C00200000"),
        far=parse_option("AAPL261218C00210000"),
        lame=parse_option("AAPL261218C00500000"),
    )


@asynccontextmanager
async def _on_scripted_market(_: Path) -> AsyncGenerator[Stage]:
    yield _scripted([MemoryWorldStore()])


_SIMULATED = SimulatedMarket(seed=1)


@asynccontextmanager
async def _on_simulated_market(_: Path) -> AsyncGenerator[Stage]:
    near, far = _calls_with_room(_SIMULATED)
    yield Stage(
        connect=_connecting(_SIMULATED, [MemoryWorldStore()]),
        near=near,
        far=far,
        lame=EquitySymbol("SPX"),
    )


def _calls_with_room(market: Market) -> tuple[OptionSymbol, OptionSymbol]:
    spy = EquitySymbol("SPY")
    day = next(e.day for e in market.expirations(spy, NOON) if e.days > 0)
    rows = market.chain(spy, {day}, NOON).rows
    calls = [r.contract for r in rows if r.contract.right is Right.CALL and _has_room(r.quote)]
    return calls[0], calls[-1]


def _has_room(quote: Quote) -> bool:
    return bool(quote.bid) and min(quote.bid_size or 0, quote.ask_size or 0) >= ROOM


ROOM = 12


@asynccontextmanager
async def _in_a_database(folder: Path) -> AsyncGenerator[Stage]:
    async with a_url("sqlite", folder) as url, opened(url) as here, opened(url) as there:
        yield _scripted([SqlWorldStore(here), SqlWorldStore(there)])


@asynccontextmanager
async def _on_the_sandbox(folder: Path) -> AsyncGenerator[Stage]:
    """Tastytrade's adapter, over real sockets, at the local sandbox: its wire and ours meet."""
    async with served(folder) as here, AsyncExitStack() as closing:
        near, far = _calls_with_room(prices(CLOCK, 0)[0])

        def connect() -> Broker:
            broker, wire = linked(here)
            closing.push_async_callback(wire.close)
            return broker

        yield Stage(
            connect=connect,
            near=near,
            far=far,
            lame=EquitySymbol("SPX"),
            tells_the_past=False,
            pairs_limits=False,
            resizes=False,
        )


BROKERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Stage]]] = {
    "paper, quotes set by hand": _on_scripted_market,
    "paper, simulated market": _on_simulated_market,
    "paper, two processes on one database": _in_a_database,
    "tastytrade, on the local sandbox": _on_the_sandbox,
}


@pytest.fixture(params=list(BROKERS))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Stage]:
    async with BROKERS[request.param](tmp_path) as stage:
        yield stage


@pytest.fixture
def broker(stage: Stage) -> Broker:
    return stage.connect()


@pytest.fixture
async def account_id(broker: Broker) -> str:
    return (await broker.accounts())[0].account_id


def limit(account_id: str, net: Decimal, *legs: Leg) -> OrderRequest:
    """Return a limit order for the day."""
    return OrderRequest(account_id=account_id, legs=legs, order_type=OrderType.LIMIT, limit_net=net)


def for_dollars(account_id: str, value: str, leg: Leg) -> OrderRequest:
    """Return an order for so many USD of shares."""
    return OrderRequest(
        account_id=account_id,
        legs=(leg,),
        order_type=OrderType.NOTIONAL_MARKET,
        value=Decimal(value),
    )


def bought(symbol: Symbol, quantity: int = 1) -> Leg:
    return Leg(symbol=symbol, action=Action.BUY_TO_OPEN, quantity=quantity)


def sold(symbol: Symbol, quantity: int = 1) -> Leg:
    return Leg(symbol=symbol, action=Action.SELL_TO_CLOSE, quantity=quantity)


async def quote_of(broker: Broker, symbol: Symbol) -> Quote:
    return (await broker.quotes({symbol}))[symbol]


async def ask_of(broker: Broker, symbol: Symbol) -> Decimal:
    ask = (await quote_of(broker, symbol)).ask
    assert ask is not None
    return ask


async def bid_of(broker: Broker, symbol: Symbol) -> Decimal:
    bid = (await quote_of(broker, symbol)).bid
    assert bid is not None
    return bid


async def place(broker: Broker, order: OrderRequest, client_order_id: str = "mine-1") -> Receipt:
    return await broker.submit(PlaceTicket(client_order_id=client_order_id, order=order))


async def seen_of(broker: Broker, receipt: Receipt) -> BrokerOrder:
    """Return an order as the broker has it: the answer to a placing may be older than its fill."""
    order = receipt.broker_order
    return await broker.order(order.order.account_id, order.broker_order_id)


async def buy(broker: Broker, account_id: str, symbol: Symbol, quantity: int = 1) -> BrokerOrder:
    """Buy at the asking price, which fills at once."""
    order = limit(account_id, await ask_of(broker, symbol), bought(symbol, quantity))
    return await seen_of(broker, await place(broker, order, f"buy-{symbol.compact}"))


async def rest(broker: Broker, account_id: str, symbol: Symbol, quantity: int = 1) -> BrokerOrder:
    """Bid a cent, which does not fill."""
    order = limit(account_id, Decimal("0.01"), bought(symbol, quantity))
    return await seen_of(broker, await place(broker, order, "resting"))


async def fees_of(broker: Broker, filled: BrokerOrder) -> Decimal:
    """Return what a fill cost; where the order does not say, the book does."""
    if filled.fees is not None:
        return filled.fees
    book = await book_of(broker, filled.order.account_id)
    lines = [line for line in book.rows if line.order_id == filled.broker_order_id]
    assert lines
    return sum((line.fees or Decimal(0) for line in lines), Decimal(0))


async def cash_of(broker: Broker, account_id: str) -> Decimal:
    cash = (await broker.balances(account_id)).cash
    assert cash is not None
    return cash


async def book_of(broker: Broker, account_id: str) -> TransactionPage:
    return await broker.transactions(account_id, start=None, end=None, limit=100, offset=0)


def cancel_ticket(account_id: str, broker_order_id: str) -> CancelTicket:
    return CancelTicket(
        client_order_id="cancel-1", account_id=account_id, broker_order_id=broker_order_id
    )


# Accounts


async def test_accounts_have_handles_of_their_own_and_say_what_they_are(broker: Broker) -> None:
    """Tools name an account by its handle: two with one handle would trade for each other."""
    accounts = await broker.accounts()

    assert len({account.handle for account in accounts}) == len(accounts) > 0
    assert {account.simulated for account in accounts} == {broker.capabilities.simulated}
    assert {account.environment for account in accounts} == {broker.capabilities.environment}
    assert await broker.accounts() == accounts


ABOUT_AN_ACCOUNT: dict[str, Callable[[Broker, Stage], Awaitable[object]]] = {
    "balances": lambda broker, _: broker.balances("NOBODY"),
    "positions": lambda broker, _: broker.positions("NOBODY"),
    "untraded": lambda broker, _: broker.untraded("NOBODY"),
    "transactions": lambda broker, _: book_of(broker, "NOBODY"),
    "margin_held": lambda broker, _: broker.margin_held("NOBODY"),
    "margin_rates": lambda broker, _: broker.margin_rates("NOBODY", EquitySymbol("AAPL")),
    "orders": lambda broker, _: broker.orders("NOBODY"),
    "order": lambda broker, _: broker.order("NOBODY", "1"),
    "find": lambda broker, _: broker.find("NOBODY", "mine"),
    "submit": lambda broker, stage: place(
        broker, limit("NOBODY", Decimal("0.01"), bought(stage.near))
    ),
    "preflight": lambda broker, stage: broker.preflight(
        PlaceTicket(
            client_order_id="mine", order=limit("NOBODY", Decimal("0.01"), bought(stage.near))
        )
    ),
    "survey": lambda broker, stage: broker.survey(
        PlaceTicket(
            client_order_id="mine", order=limit("NOBODY", Decimal("0.01"), bought(stage.near))
        )
    ),
    "cancel": lambda broker, _: broker.submit(cancel_ticket("NOBODY", "1")),
}


@pytest.mark.parametrize("question", list(ABOUT_AN_ACCOUNT))
async def test_an_account_that_is_not_yours_is_denied(
    broker: Broker, stage: Stage, question: str
) -> None:
    """Never an empty answer: that would read as an account that holds nothing."""
    with pytest.raises(Denied) as denied:
        await ABOUT_AN_ACCOUNT[question](broker, stage)

    assert denied.value.reason is Reason.ACCOUNT_UNKNOWN


# Market data


async def test_a_symbol_that_is_not_listed_has_no_quote(broker: Broker, stage: Stage) -> None:
    """An invented symbol must not get an invented price."""
    quotes = await broker.quotes({stage.near, UNLISTED})

    assert set(quotes) == {stage.near}


async def test_a_future_that_is_not_listed_has_no_quote(broker: Broker) -> None:
    """Also where futures are quoted: `XX` is no product of any exchange."""
    assert await broker.quotes_beside({UntradedName("/XXZ6", "future")}) == {}


async def test_options_on_futures_of_no_product_are_refused_by_name(broker: Broker) -> None:
    """By a market without futures as by one that lists others: `XXXXX` is no product."""
    with pytest.raises(Denied) as denied:
        await broker.future_chain("XXXXX")

    assert denied.value.reason in {Reason.INSTRUMENT_NOT_TRADED, Reason.SYMBOL_NOT_FOUND}
    assert denied.value.facts["product"] == "XXXXX"


async def test_a_missing_side_is_none(broker: Broker, stage: Stage) -> None:
    """A side that nobody stands on is not a price of nothing."""
    quote = await quote_of(broker, stage.lame)

    assert quote.bid is None
    assert quote.mid is None


async def test_no_quote_comes_from_the_future(broker: Broker, stage: Stage) -> None:
    """A quote's age is counted in the venue's time."""
    quote = await quote_of(broker, stage.near)

    assert quote.at <= broker.now()
    assert broker.now().tzinfo is not None


async def test_expirations_are_listed_in_order_with_their_strikes(
    broker: Broker, stage: Stage
) -> None:
    listed = await broker.expirations(EquitySymbol(stage.near.underlying))

    assert [e.day for e in listed] == sorted(e.day for e in listed)
    assert all(list(e.strikes) == sorted(set(e.strikes)) for e in listed)
    assert stage.near.strike in next(e for e in listed if e.day == stage.near.expiration).strikes


async def test_what_is_not_listed_has_no_expirations(broker: Broker) -> None:
    with pytest.raises(Denied) as denied:
        await broker.expirations(EquitySymbol("ZZZZ"))

    assert denied.value.reason is Reason.SYMBOL_NOT_FOUND


async def test_a_chain_holds_the_contracts_of_the_days_asked_for(
    broker: Broker, stage: Stage
) -> None:
    chain = await broker.chain(EquitySymbol(stage.near.underlying), {stage.near.expiration})

    contracts = [row.contract for row in chain.rows]
    assert {stage.near, stage.far} <= set(contracts)
    assert {contract.expiration for contract in contracts} == {stage.near.expiration}
    assert chain.complete


async def test_bars_come_oldest_first_and_none_from_the_future(
    broker: Broker, stage: Stage
) -> None:
    """A question that runs on after now is answered up to now."""
    await broker.advance()
    now = broker.now()
    asked = broker.bars(
        EquitySymbol(stage.near.underlying),
        Interval.MINUTE,
        now - timedelta(minutes=40),
        now + timedelta(days=2),
    )
    if not stage.tells_the_past:
        with pytest.raises(Denied) as denied:
            await asked
        assert denied.value.reason is Reason.NOT_SUPPORTED
        return

    bars = await asked

    assert [bar.at for bar in bars] == sorted({bar.at for bar in bars})
    assert bars
    assert bars[-1].at <= now


async def test_search_finds_an_underlying_by_the_beginning_of_its_ticker(
    broker: Broker, stage: Stage
) -> None:
    found = await broker.search(stage.near.underlying[:2].lower(), 10)

    assert EquitySymbol(stage.near.underlying) in [info.symbol for info in found]
    assert await broker.search("no such thing", 10) == ()


async def test_implied_volatility_is_told_of_sessions_that_are_over(
    broker: Broker, stage: Stage
) -> None:
    """Oldest first, both days included; the session under way has no close yet."""
    today = exchange_date(broker.now())
    underlying = EquitySymbol(stage.near.underlying)

    told = await broker.implied_history(underlying, today - timedelta(days=7), today)

    over = [each.day for each in sessions_between(today - timedelta(days=7), today)][:-1]
    assert [close.day for close in told.closes] == (over if stage.tells_the_past else [])
    assert all(0 < close.volatility < 5 for close in told.closes)


async def test_events_come_by_day_and_within_the_days_asked(broker: Broker, stage: Stage) -> None:
    today = exchange_date(broker.now())
    underlying = EquitySymbol(stage.near.underlying)

    told = await broker.events(underlying, today, today + timedelta(days=365))

    assert [event.day for event in told] == sorted(event.day for event in told)
    for event in told:
        assert event in await broker.events(underlying, event.day, event.day)
    assert await broker.events(underlying, today, today - timedelta(days=1)) == ()


async def test_what_is_not_listed_has_neither_past_nor_future(broker: Broker) -> None:
    """An empty answer would read as a quiet company."""
    today = exchange_date(broker.now())
    for question in (
        broker.implied_history(EquitySymbol("ZZZZ"), today, today),
        broker.events(EquitySymbol("ZZZZ"), today, today),
    ):
        with pytest.raises(Denied) as denied:
            await question
        assert denied.value.reason is Reason.SYMBOL_NOT_FOUND


# Placing


async def test_a_marketable_limit_gets_the_markets_price(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """On arrival the order meets the ask, not its own worse limit."""
    ask = await ask_of(broker, stage.near)
    order = limit(account_id, ask + 1, bought(stage.near, 2))

    filled = await seen_of(broker, await place(broker, order))

    assert filled.state is OrderState.FILLED
    assert filled.average_net == ask
    assert filled.filled_units == 2
    assert filled.order == order


async def test_an_order_that_says_that_it_is_marketable_is_told_as_what_it_is(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """It fills as a limit does, and rests as one where the market has left."""
    ask = await ask_of(broker, stage.near)
    at_once = replace(
        limit(account_id, ask, bought(stage.near)), order_type=OrderType.MARKETABLE_LIMIT
    )
    left = replace(at_once, limit_net=Decimal("0.01"), legs=(bought(stage.far),))

    filled = await seen_of(broker, await place(broker, at_once))
    resting = await seen_of(broker, await place(broker, left, "mine-2"))

    assert (filled.state, filled.average_net) == (OrderState.FILLED, ask)
    assert (resting.state, resting.order) == (OrderState.WORKING, left)
    assert filled.order == at_once


@pytest.mark.parametrize("force", [force for force in TimeInForce if force.extended])
async def test_an_order_of_shares_for_extended_hours_is_told_as_what_it_is(
    broker: Broker, stage: Stage, account_id: str, force: TimeInForce
) -> None:
    """Taken for an order of the day it would be thought to end, or to rest, when it does not."""
    shares = EquitySymbol(stage.near.underlying)
    far_off = (await bid_of(broker, shares) - 5).quantize(Decimal(1))
    order = replace(limit(account_id, far_off, bought(shares, 3)), time_in_force=force)

    working = await seen_of(broker, await place(broker, order))

    assert (working.state, working.order) == (OrderState.WORKING, order)
    assert force in broker.capabilities.times_in_force
    found = await broker.find(account_id, "mine-1")
    assert found.broker_order == working


async def test_an_amount_buys_a_part_of_a_share_and_sells_it_again(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """It is told as what it is, what it bought beside the positions, and all of it can go again."""
    shares = EquitySymbol(stage.near.underlying)
    cash = await cash_of(broker, account_id)
    buying = for_dollars(account_id, "50", bought(shares))

    filled = await seen_of(broker, await place(broker, buying))

    (part,) = await broker.untraded(account_id)
    assert OrderType.NOTIONAL_MARKET in broker.capabilities.order_types
    assert (filled.state, filled.order, filled.filled_units) == (OrderState.FILLED, buying, 1)
    assert filled.average_net == await ask_of(broker, shares)
    assert [fill.signed_quantity for fill in filled.fills] == [part.quantity]
    assert (part.symbol, part.kind) == (shares.compact, "fraction_of_a_share")
    assert part.mark == (await quote_of(broker, shares)).mark
    assert await broker.positions(account_id) == ()
    assert await cash_of(broker, account_id) == cash - 50 - await fees_of(broker, filled)
    assert (await broker.find(account_id, "mine-1")).broker_order == filled
    line = (await book_of(broker, account_id)).rows[0]
    assert (line.moved, line.order_id) == (part.quantity, filled.broker_order_id)

    worth = (part.quantity or Decimal(0)) * await bid_of(broker, shares)
    sale = for_dollars(account_id, str(worth.quantize(Decimal("0.01"), ROUND_DOWN)), sold(shares))
    gone = await seen_of(broker, await place(broker, sale, "mine-2"))
    assert (gone.state, gone.order) == (OrderState.FILLED, sale)
    assert await broker.positions(account_id) == await broker.untraded(account_id) == ()


async def test_a_survey_of_a_sale_by_value_tells_the_part_that_is_held(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """Without it nobody could say whether the sale takes a share apart, or opens a short."""
    shares = EquitySymbol(stage.near.underlying)
    await place(broker, for_dollars(account_id, "50", bought(shares)))
    sale = for_dollars(account_id, "20", sold(shares))

    seen = await broker.survey(PlaceTicket(client_order_id="mine-2", order=sale))

    (part,) = await broker.untraded(account_id)
    assert seen.fractions == {shares.compact: part.quantity}
    assert seen.preflight.refusals == ()
    too_much = replace(sale, value=Decimal(90))
    refused = await broker.preflight(PlaceTicket(client_order_id="mine-3", order=too_much))
    assert len(refused.refusals) == 1


async def test_a_receipt_carries_our_id_and_the_order_is_found_by_it(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """After a lost answer this id is all that we have."""
    receipt = await place(broker, limit(account_id, Decimal("0.01"), bought(stage.near)), "mine-7")

    placed = await seen_of(broker, receipt)
    assert receipt.client_order_id == receipt.broker_order.client_order_id == "mine-7"
    assert placed.client_order_id == "mine-7"
    assert await broker.find(account_id, "mine-7") == Lookup(
        status=LookupStatus.FOUND, broker_order=placed
    )


async def test_an_order_that_has_ended_is_found_too(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """It may have filled before anybody looked."""
    filled = await buy(broker, account_id, stage.near)

    assert await broker.find(account_id, f"buy-{stage.near.compact}") == Lookup(
        status=LookupStatus.FOUND, broker_order=filled
    )
    assert await broker.order(account_id, filled.broker_order_id) == filled


async def test_an_order_that_was_never_sent_is_absent(broker: Broker, account_id: str) -> None:
    """Absent is a strong word: the desk then knows that nothing was placed."""
    assert await broker.find(account_id, "never") == Lookup(status=LookupStatus.ABSENT)


async def test_a_passive_limit_works_and_changes_no_cash(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    before = await cash_of(broker, account_id)

    working = await rest(broker, account_id, stage.near)

    assert working.state is OrderState.WORKING
    assert await broker.orders(account_id) == (working,)
    assert await cash_of(broker, account_id) == before


async def test_orders_since_a_moment_include_those_that_ended(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """Newest first; without a moment only what still works."""
    filled = await buy(broker, account_id, stage.near)
    working = await rest(broker, account_id, stage.near)

    assert await broker.orders(account_id, since=broker.now() - timedelta(hours=1)) == (
        working,
        filled,
    )
    assert await broker.orders(account_id) == (working,)
    assert await broker.orders(account_id, since=broker.now() + timedelta(hours=1)) == (working,)


async def test_a_spread_fills_at_one_net_price_that_its_legs_add_up_to(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    natural = await ask_of(broker, stage.near) - await bid_of(broker, stage.far)
    short = Leg(symbol=stage.far, action=Action.SELL_TO_OPEN, quantity=2)

    placed = await place(broker, limit(account_id, natural, bought(stage.near, 2), short))

    order = await seen_of(broker, placed)
    assert (order.state, order.average_net) == (OrderState.FILLED, natural)
    assert sum(fill.price * fill.signed_quantity for fill in order.fills) == natural * 2


async def test_an_immediate_order_leaves_nothing_behind(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    order = limit(account_id, Decimal("0.01"), bought(stage.near))
    order = replace(order, time_in_force=TimeInForce.IOC)

    ended = await seen_of(broker, await place(broker, order))

    assert ended.state is OrderState.CANCELLED
    assert await broker.orders(account_id) == ()


async def test_client_ids_are_deduplicated_as_the_broker_says(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """Where they are labels only, sending twice trades twice: the desk must never do it."""
    order = limit(account_id, Decimal("0.01"), bought(stage.near))
    await place(broker, order, "twice")

    if broker.capabilities.deduplicates_client_ids:
        with pytest.raises(Rejected):
            await place(broker, order, "twice")
        assert len(await broker.orders(account_id)) == 1
    else:
        await place(broker, order, "twice")
        assert len(await broker.orders(account_id)) == 2


# Refusals


async def test_a_rejected_order_does_not_exist(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """Rejected means that nothing is there: no order, no reservation, no line in the book."""
    before = await broker.balances(account_id), await book_of(broker, account_id)
    huge = limit(account_id, await ask_of(broker, stage.near), bought(stage.near, 500_000))

    with pytest.raises(Rejected) as rejected:
        await place(broker, huge, "huge")

    assert rejected.value.facts["code"] == "insufficient_buying_power"
    assert await broker.orders(account_id, since=NOON - timedelta(days=1)) == ()
    assert await broker.find(account_id, "huge") == Lookup(status=LookupStatus.ABSENT)
    assert (await broker.balances(account_id), await book_of(broker, account_id)) == before


async def test_a_close_never_opens(broker: Broker, stage: Stage, account_id: str) -> None:
    """Selling more than is held would turn a long position into a short one."""
    await buy(broker, account_id, stage.near, 2)

    with pytest.raises(Rejected) as rejected:
        await place(broker, limit(account_id, Decimal("-0.01"), sold(stage.near, 3)))

    assert rejected.value.facts["code"] == "close_exceeds_position"
    assert [p.quantity for p in await broker.positions(account_id)] == [2]


async def test_what_is_not_listed_cannot_be_ordered(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    with pytest.raises(Rejected) as rejected:
        await place(broker, limit(account_id, Decimal("0.01"), bought(UNLISTED)))

    assert rejected.value.facts["code"] == "contract_not_found"


async def test_preflight_names_what_the_order_would_be_refused_for(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """The preview says before the send what the broker would say after it."""
    huge = limit(account_id, await ask_of(broker, stage.near), bought(stage.near, 10_000))

    told = await broker.preflight(PlaceTicket(client_order_id="huge", order=huge))

    assert told.refusals == ("insufficient_buying_power",)


async def test_the_worth_at_closes_is_told_of_those_that_are_over(
    broker: Broker, account_id: str
) -> None:
    """An account of this morning has none: what it is worth now is what balances say."""
    assert await broker.worth_history(account_id, exchange_date(NOON)) == ()
    with pytest.raises(Denied) as denied:
        await broker.worth_history("NOBODY", exchange_date(NOON))

    assert denied.value.reason is Reason.ACCOUNT_UNKNOWN


async def test_the_balances_of_closes_are_told_of_those_that_are_over(
    broker: Broker, account_id: str
) -> None:
    """An account of this morning has none, whichever days are asked for."""
    today = exchange_date(NOON)

    assert await broker.closing_balances(account_id, today, today) == ()
    assert await broker.closing_balances(account_id, today - timedelta(days=30), today) == ()
    with pytest.raises(Denied) as denied:
        await broker.closing_balances("NOBODY", today, today)

    assert denied.value.reason is Reason.ACCOUNT_UNKNOWN


async def test_the_lists_that_it_keeps_are_counted_whole_and_the_users_come_first(
    broker: Broker,
) -> None:
    """What the desk has no word for is counted, and is never taken for a symbol."""
    told = await broker.watchlists()

    assert [each.public for each in told] == sorted(each.public for each in told)
    assert all(len(each.symbols) <= each.entries for each in told)


# What a fill does


async def test_a_fill_moves_cash_by_exactly_its_price_and_fees(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    before = await cash_of(broker, account_id)
    ask = await ask_of(broker, stage.near)

    filled = await buy(broker, account_id, stage.near, 3)

    fees = await fees_of(broker, filled)
    assert fees > 0
    assert await cash_of(broker, account_id) == before - ask * 300 - fees


async def test_a_fill_is_a_position_and_closing_it_removes_it(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    ask, bid = await ask_of(broker, stage.near), await bid_of(broker, stage.near)
    await buy(broker, account_id, stage.near, 2)
    (held,) = await broker.positions(account_id)

    assert (held.symbol, held.quantity, held.average_price) == (stage.near, 2, ask)
    assert held.mark == (ask + bid) / 2

    await place(broker, limit(account_id, -bid, sold(stage.near, 2)), "close")

    assert await broker.positions(account_id) == ()


async def test_transactions_add_up_to_the_cash(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """The book explains every dollar: whoever doubts a balance can add it up."""
    await buy(broker, account_id, stage.near, 2)
    bid = await bid_of(broker, stage.near)
    await place(broker, limit(account_id, -bid, sold(stage.near)), "half")

    book = await book_of(broker, account_id)

    assert sum(line.cash_effect for line in book.rows) == await cash_of(broker, account_id)
    assert book.total == len(book.rows)
    assert [line.at for line in book.rows] == sorted((line.at for line in book.rows), reverse=True)
    assert book.rows[0].quantity == -1


async def test_transactions_come_in_pages_newest_first(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    await buy(broker, account_id, stage.near)
    await buy(broker, account_id, stage.far)
    whole = await book_of(broker, account_id)

    second = await broker.transactions(account_id, start=None, end=None, limit=1, offset=1)
    later = await broker.transactions(
        account_id, start=NOON.date() + timedelta(days=1), end=None, limit=9, offset=0
    )

    assert second == TransactionPage(rows=(whole.rows[1],), total=whole.total)
    assert later == TransactionPage(rows=(), total=0)


async def test_preflight_sends_nothing_and_foretells_the_fill(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """Fees and buying power are those that the fill then has, to the cent."""
    order = limit(account_id, await ask_of(broker, stage.near), bought(stage.near, 2))
    before = await broker.balances(account_id)

    told = await broker.preflight(PlaceTicket(client_order_id="mine", order=order))

    assert await broker.orders(account_id, since=NOON - timedelta(days=1)) == ()
    assert await broker.balances(account_id) == before
    assert told.buying_power_before == before.option_buying_power

    filled = await seen_of(broker, await place(broker, order))
    after = await broker.balances(account_id)
    assert (told.fees, told.refusals) == (await fees_of(broker, filled), ())
    assert told.buying_power_after == after.option_buying_power


# Taking back and changing


async def test_a_survey_tells_what_single_looks_tell(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """An order is judged by it alone."""
    await buy(broker, account_id, stage.near, 2)
    resting = await rest(broker, account_id, stage.near)
    bid = limit(account_id, Decimal("0.02"), bought(stage.near))
    ticket = PlaceTicket(client_order_id="mine", order=bid)

    seen = await broker.survey(ticket)

    assert seen.account in await broker.accounts()
    assert seen.account is not None
    assert seen.account.account_id == account_id
    assert seen.positions == await broker.positions(account_id)
    assert seen.working == (resting,)
    assert seen.preflight == await broker.preflight(ticket)


async def test_a_working_order_can_be_cancelled_once(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    working = await rest(broker, account_id, stage.near)
    before = await broker.balances(account_id)

    receipt = await broker.submit(cancel_ticket(account_id, working.broker_order_id))

    assert receipt.client_order_id == "cancel-1"
    assert receipt.broker_order.state is OrderState.CANCELLED
    assert receipt.broker_order.client_order_id == "resting"
    assert await broker.order(account_id, working.broker_order_id) == receipt.broker_order
    after = await broker.balances(account_id)
    assert (after.option_buying_power or 0) > (before.option_buying_power or 0)
    with pytest.raises(Rejected) as rejected:
        await broker.submit(cancel_ticket(account_id, working.broker_order_id))
    assert rejected.value.reason is Reason.ORDER_NOT_WORKING


async def test_a_filled_order_cannot_be_cancelled(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """The fill was first; a cancel that came too late says so."""
    filled = await buy(broker, account_id, stage.near)

    with pytest.raises(Rejected) as rejected:
        await broker.submit(cancel_ticket(account_id, filled.broker_order_id))

    assert rejected.value.facts["code"] == "order_not_working"
    assert await broker.order(account_id, filled.broker_order_id) == filled


async def test_an_order_that_never_was_is_denied(broker: Broker, account_id: str) -> None:
    for question in (
        broker.order(account_id, "nothing-1"),
        broker.submit(cancel_ticket(account_id, "nothing-1")),
    ):
        with pytest.raises(Denied) as denied:
            await question
        assert denied.value.reason is Reason.ORDER_UNKNOWN


async def test_a_replacement_is_a_new_order_that_knows_the_old_one(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    old = await rest(broker, account_id, stage.near)
    changed = limit(account_id, Decimal("0.02"), bought(stage.near, 3 if stage.resizes else 1))

    receipt = await broker.submit(
        ReplaceTicket(client_order_id="mine-2", order=changed, broker_order_id=old.broker_order_id)
    )

    new = await seen_of(broker, receipt)
    assert (new.order, new.state) == (changed, OrderState.WORKING)
    assert new.replaces == old.broker_order_id
    gone = await broker.order(account_id, old.broker_order_id)
    assert (gone.state, gone.replaced_by) == (OrderState.REPLACED, new.broker_order_id)
    assert await broker.orders(account_id) == (new,)


async def test_a_filled_order_cannot_be_replaced(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    filled = await buy(broker, account_id, stage.near)
    changed = limit(account_id, Decimal("0.02"), bought(stage.near))

    with pytest.raises((Rejected, Denied)) as rejected:
        await broker.submit(
            ReplaceTicket(
                client_order_id="late", order=changed, broker_order_id=filled.broker_order_id
            )
        )

    assert rejected.value.reason is Reason.ORDER_NOT_WORKING
    assert await broker.orders(account_id) == ()


# Groups


def selling(account_id: str, symbol: Symbol, net: str, quantity: int = 1) -> OrderRequest:
    return limit(account_id, Decimal(net), sold(symbol, quantity))


async def bracket(broker: Broker, account_id: str, symbol: Symbol) -> GroupTicket:
    """Return a passive entry that triggers an offer far above the market and a stop far below."""
    ask = await ask_of(broker, symbol)
    offer = selling(account_id, symbol, f"{-(ask * 3):.0f}")
    stop = replace(offer, order_type=OrderType.STOP, limit_net=None, stop_trigger=Decimal("0.05"))
    entry = limit(account_id, Decimal("0.01"), bought(symbol))
    group = OrderGroup(kind=GroupKind.OTOCO, orders=(entry, offer, stop))
    return GroupTicket(client_order_id="bracket", group=group)


async def test_a_group_is_taken_as_the_broker_says(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """One id for the group, one for each order, and each says to what it belongs."""
    ticket = await bracket(broker, account_id, stage.near)
    if GroupKind.OTOCO not in broker.capabilities.groups:
        with pytest.raises(Rejected):
            await broker.submit(ticket)
        return

    receipt = await broker.submit(ticket)

    first, *rest = receipt.members
    assert receipt.broker_order == first
    assert tuple(order.client_order_id for order in receipt.members) == ticket.member_ids
    assert {order.group_id for order in receipt.members} == {first.broker_order_id}
    assert {order.waits_for for order in rest} == {first.broker_order_id}
    assert (first.waits_for, first.state) == (None, OrderState.WORKING)
    assert await broker.orders(account_id) == tuple(reversed(receipt.members))
    assert await stage.connect().orders(account_id) == tuple(reversed(receipt.members))


async def test_a_group_is_found_by_its_id_and_by_those_of_its_orders(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """Also when it has ended: it may have been sent, and its answer lost."""
    ticket = await bracket(broker, account_id, stage.near)
    members = (await broker.submit(ticket)).members

    for _ in ("working", "ended"):
        for client_id, order_id in zip(
            (ticket.client_order_id, *ticket.member_ids),
            (members[0].broker_order_id, *(m.broker_order_id for m in members)),
            strict=True,
        ):
            found = (await broker.find(account_id, client_id)).broker_order
            assert found is not None
            assert found.broker_order_id == order_id
        group_id = members[0].group_id or ""
        if await broker.orders(account_id):
            await broker.submit(cancel_ticket(account_id, group_id))

    assert await broker.orders(account_id) == ()
    with pytest.raises(Rejected) as rejected:
        await broker.submit(cancel_ticket(account_id, group_id))
    assert rejected.value.reason is Reason.ORDER_NOT_WORKING


async def test_preflight_of_a_group_foretells_what_can_fill_together(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """Of two bids of which one cancels the other, the dearer one counts, once."""
    bids = [limit(account_id, Decimal(net), bought(stage.near)) for net in ("0.01", "0.02")]
    alone = await broker.preflight(PlaceTicket(client_order_id="alone", order=bids[1]))
    pair = GroupTicket(
        client_order_id="pair", group=OrderGroup(kind=GroupKind.OCO, orders=tuple(bids))
    )

    if not stage.pairs_limits:
        with pytest.raises(Denied) as denied:
            await broker.submit(pair)
        assert denied.value.reason is Reason.INVALID_ORDER
        assert await broker.orders(account_id) == ()
        return

    assert await broker.preflight(pair) == alone
    assert await broker.orders(account_id) == ()
    receipt = await broker.submit(pair)
    after = await broker.balances(account_id)
    assert after.option_buying_power == alone.buying_power_after
    back = await broker.preflight(cancel_ticket(account_id, receipt.broker_order.broker_order_id))
    assert back.buying_power_after == alone.buying_power_before


async def test_preflight_names_what_a_group_would_be_refused_for(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """The child would sell more than the trigger brings; nothing of it is taken."""
    entry = limit(account_id, Decimal("0.01"), bought(stage.near))
    child = selling(account_id, stage.near, "-9", 2)
    group = OrderGroup(kind=GroupKind.OTO, orders=(entry, child))
    ticket = GroupTicket(client_order_id="much", group=group)

    told = await broker.preflight(ticket)

    assert told.refusals == ("close_exceeds_position",)
    with pytest.raises(Rejected):
        await broker.submit(ticket)
    assert await broker.orders(account_id) == ()


async def test_preflight_of_a_bracket_counts_its_entry(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """What the sides would bring in is no help to the entry, which is first."""
    ticket = await bracket(broker, account_id, stage.near)
    entry = PlaceTicket(client_order_id="entry", order=ticket.group.orders[0])
    alone = await broker.preflight(entry)

    told = await broker.preflight(ticket)

    assert told.refusals == ()
    assert (told.buying_power_before, told.buying_power_after) == (
        alone.buying_power_before,
        alone.buying_power_after,
    )
    assert told.fees is None or told.fees > (alone.fees or 0)


# One venue


async def test_another_broker_object_sees_the_same_venue(
    broker: Broker, stage: Stage, account_id: str
) -> None:
    """Every client of the desk starts a server of its own."""
    await buy(broker, account_id, stage.near)
    working = await rest(broker, account_id, stage.near)
    other = stage.connect()

    assert await other.accounts() == await broker.accounts()
    assert await other.orders(account_id) == (working,)
    assert await other.positions(account_id) == await broker.positions(account_id)
    assert await other.balances(account_id) == await broker.balances(account_id)
    await other.submit(cancel_ticket(account_id, working.broker_order_id))
    assert await broker.orders(account_id) == ()


# Margin


async def test_what_is_asked_for_holdings_adds_up_by_underlying(
    stage: Stage, broker: Broker, account_id: str
) -> None:
    """A long call is paid for whole; both figures are of what is held, not of what works."""
    await buy(broker, account_id, stage.near, 2)

    held = await broker.margin_held(account_id)

    (group,) = held.groups
    assert group.underlying == stage.near.underlying
    assert (held.initial, held.maintenance) == (group.initial, group.maintenance)
    assert (await broker.balances(account_id)).maintenance_margin == held.maintenance


async def test_rates_are_fractions_and_unlisted_underlyings_have_none(
    stage: Stage, broker: Broker, account_id: str
) -> None:
    rates = await broker.margin_rates(account_id, EquitySymbol(stage.near.underlying))

    assert rates.underlying == stage.near.underlying
    assert (rates.long_initial, rates.short_initial) == (Decimal("0.5"), Decimal("0.5"))
    assert (rates.naked_minimum, rates.naked_floor) == (Decimal("0.1"), Decimal(250))
    with pytest.raises(Denied) as unknown:
        await broker.margin_rates(account_id, EquitySymbol("ZZZZ"))
    assert unknown.value.reason is Reason.SYMBOL_NOT_FOUND


async def test_an_instrument_is_told_with_its_terms(stage: Stage, broker: Broker) -> None:
    share = await broker.instrument(stage.near.underlying.lower())
    option = await broker.instrument(stage.near.padded)

    assert share.kind in {"equity", "etf", "index"}
    assert (share.multiplier, share.closing_only) == (1, False)
    assert share.steps[-1] == Step(size=Decimal("0.01"))
    assert (option.kind, option.multiplier) == ("option", 100)
    assert option.underlying == stage.near.underlying
    assert option.ends_at is not None
    assert exchange_date(option.ends_at) <= stage.near.expiration


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ZZZZ", Reason.SYMBOL_NOT_FOUND),
        ("AAPL  261218C09999000", Reason.CONTRACT_NOT_FOUND),
        ("not a symbol", Reason.INVALID_SYMBOL),
    ],
)
async def test_an_instrument_that_nobody_lists_is_refused_by_what_it_is(
    broker: Broker, name: str, reason: Reason
) -> None:
    with pytest.raises(Denied) as unknown:
        await broker.instrument(name)

    assert unknown.value.reason is reason


async def test_the_rate_that_margin_is_reckoned_with_is_a_fraction_of_a_year(
    broker: Broker,
) -> None:
    assert await broker.risk_free_rate() == Decimal("0.04")
