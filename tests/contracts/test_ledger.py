"""What every ledger promises: the one that tests use, and the real one on each database."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.accounts import Environment
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import NonceState, Note, OrderRecord, Progress, TicketKind
from strikedesk.domain.orders import Action, OrderType, TimeInForce
from strikedesk.domain.ports import Ledger
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import IllegalMove, OrderState
from strikedesk.domain.usage import Allowance, Filled, Likeness, Use, Used, Window
from strikedesk.store.chain import GENESIS, first_bad_line, head_of
from tests.builders import NOON, a_leg, a_note, a_preview, an_order, an_order_record

LAPSED = Progress(state=OrderState.LAPSED, reason="PREVIEW_EXPIRED")
SUBMITTING = Progress(state=OrderState.SUBMITTING)
WAITING = frozenset({OrderState.PREVIEWED, OrderState.AWAITING_CONSENT})


async def claim(ledger: Ledger, number: int = 1, *, seconds: float = 1, **other: Any) -> bool:
    told: dict[str, Any] = {"nonce_hash": f"hash-{number}", "binding": f"binding-{number}", **other}
    note = a_note("claimed", seconds=seconds)
    claimed = await ledger.claim(
        f"preview-{number}",
        nonce_hash=told["nonce_hash"],
        binding=told["binding"],
        now=note.at,
        progress=SUBMITTING,
        note=note,
    )
    return claimed is not None and claimed.state is OrderState.SUBMITTING


def a_window(*, now: float = 1, **told: Any) -> Window:
    """Return the paper desk's day as it is counted so many seconds after noon."""
    at = NOON + timedelta(seconds=now)
    plain: dict[str, Any] = {
        "broker": "paper",
        "environment": Environment.PAPER,
        "day_from": NOON - timedelta(hours=11),
        "minute_from": at - timedelta(seconds=60),
        "twins_from": at - timedelta(seconds=60),
    }
    return Window(**{**plain, **told})


MSFT = "MSFT261218C00400000"


def admit_all(_: Used) -> None:
    """Let everything pass."""


async def use(
    ledger: Ledger, number: int, *, seconds: float = 1, loss: str = "100", **told: Any
) -> OrderRecord | None:
    """Preview an order and claim it, using so much."""
    heard = told.pop("heard", admit_all)
    window = told.pop("window", a_window(now=seconds))
    note = a_note("claimed", seconds=seconds)
    told.setdefault("created_at", note.at - timedelta(seconds=1))
    await ledger.open_preview(a_preview(number, **told), a_note())
    return await ledger.claim(
        f"preview-{number}",
        nonce_hash=f"hash-{number}",
        binding=f"binding-{number}",
        progress=SUBMITTING,
        now=note.at,
        note=note,
        allowance=Allowance(
            window=window,
            use=Use(loss_usd=Decimal(loss), notional_usd=Decimal("120.005")),
            admit=heard,
        ),
    )


async def kinds(ledger: Ledger, number: int = 1) -> list[str]:
    return [event.kind for event in await ledger.events(f"order-{number}")]


async def test_a_preview_is_read_back_whole(ledger: Ledger) -> None:
    preview = a_preview()

    await ledger.open_preview(preview, a_note("previewed"))

    assert await ledger.preview("preview-1") == preview
    assert await ledger.order("order-1") == preview.record
    assert await ledger.order_by_client_id("client-1") == preview.record
    assert await kinds(ledger) == ["previewed"]


async def test_every_detail_of_an_order_survives(ledger: Ledger) -> None:
    """Prices keep their digits and instants their microseconds: they are compared again later."""
    order = replace(
        an_order(a_leg("AAPL261218C00210000", Action.SELL_TO_OPEN, 4), a_leg(quantity=4)),
        limit_net=Decimal("-0.0500"),
        time_in_force=TimeInForce.GTD,
        gtd_date=NOON.date(),
    )
    full = an_order_record(
        2,
        kind=TicketKind.REPLACE,
        order=order,
        created_at=NOON + timedelta(microseconds=1),
        target_order_id="order-1",
        target_broker_order_id="b-1",
    )
    await ledger.open_preview(a_preview(1), a_note())
    await ledger.open_preview(replace(a_preview(2), record=full), a_note())
    done = Progress(
        state=OrderState.SUBMITTING,
        broker_order_id="b-2",
        filled_units=3,
        average_net=Decimal("-0.04990"),
        fees=Decimal("5.12"),
        reason="PARTLY",
        replaced_by="b-3",
    )

    moved = await ledger.advance("order-2", done, only_from=WAITING, note=a_note(seconds=9))

    assert moved is not None
    assert moved == await ledger.order("order-2")
    assert moved.order.digest == order.digest
    assert str(moved.average_net) == "-0.04990"
    assert moved == replace(
        full,
        order=moved.order,
        state=OrderState.SUBMITTING,
        updated_at=NOON + timedelta(seconds=9),
        broker_order_id="b-2",
        filled_units=3,
        average_net=Decimal("-0.04990"),
        fees=Decimal("5.12"),
        reason="PARTLY",
        replaced_by="b-3",
    )


async def test_a_market_order_survives_without_a_price(ledger: Ledger) -> None:
    preview = a_preview(order=an_order(net=None))

    await ledger.open_preview(preview, a_note())

    kept = await ledger.order("order-1")
    assert kept is not None
    assert (kept.order.order_type, kept.order.limit_net) == (OrderType.MARKET, None)


async def test_what_nobody_previewed_is_not_there(ledger: Ledger) -> None:
    assert await ledger.preview("preview-9") is None
    assert await ledger.order("order-9") is None
    assert await ledger.order_by_client_id("client-9") is None
    assert await ledger.order_by_broker_id("paper", "b-9") is None
    assert await ledger.orders(account_id=None, states=None, limit=9, offset=0) == ((), 0)
    assert await ledger.events("order-9") == ()


@pytest.mark.parametrize("field", ["order_id", "preview_id", "client_order_id", "nonce_hash"])
async def test_an_id_is_used_once(ledger: Ledger, field: str) -> None:
    """Two orders under one id could not be told apart; the second leaves nothing behind."""
    first, second = a_preview(1), a_preview(2)
    await ledger.open_preview(first, a_note("previewed"))
    if field == "nonce_hash":
        second = replace(second, nonce_hash=first.nonce_hash)
    else:
        record = replace(second.record, **{field: getattr(first.record, field)})
        second = replace(second, record=record)

    with pytest.raises(Denied) as denied:
        await ledger.open_preview(second, a_note("again"))

    assert denied.value.reason is Reason.INVALID_ARGUMENT
    assert await ledger.orders(account_id=None, states=None, limit=9, offset=0) == (
        (first.record,),
        1,
    )
    assert await ledger.preview("preview-2") is None
    assert await kinds(ledger) == ["previewed"]


async def test_a_preview_begins_at_the_beginning(ledger: Ledger) -> None:
    """A row that is born submitting would never have asked anybody."""
    with pytest.raises(IllegalMove):
        await ledger.open_preview(a_preview(state=OrderState.SUBMITTING), a_note())
    with pytest.raises(IllegalMove):
        await ledger.open_preview(replace(a_preview(), nonce_state=NonceState.SPENT), a_note())

    assert await ledger.orders(account_id=None, states=None, limit=9, offset=0) == ((), 0)


@pytest.mark.promise("once")
async def test_a_nonce_is_spent_once(ledger: Ledger) -> None:
    await ledger.open_preview(a_preview(), a_note("previewed"))

    assert [await claim(ledger) for _ in range(3)] == [True, False, False]

    spent = await ledger.preview("preview-1")
    assert spent is not None
    assert spent.nonce_state is NonceState.SPENT
    assert spent.record.state is OrderState.SUBMITTING
    assert await kinds(ledger) == ["previewed", "claimed"]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"nonce_hash": "hash-2"}, id="another nonce"),
        pytest.param({"binding": "binding-2"}, id="another order"),
        pytest.param({"nonce_hash": ""}, id="no nonce"),
        pytest.param({"seconds": 120}, id="at the moment it expires"),
        pytest.param({"seconds": 86_400}, id="a day late"),
        pytest.param({"seconds": -0.000001}, id="the clock went back"),
        pytest.param({"number": 3}, id="a preview nobody made"),
    ],
)
@pytest.mark.promise("once")
async def test_a_claim_that_does_not_match_spends_nothing(
    ledger: Ledger, wrong: dict[str, str | float]
) -> None:
    await ledger.open_preview(a_preview(1), a_note("previewed"))
    await ledger.open_preview(a_preview(2), a_note("previewed"))

    assert not await claim(ledger, **wrong)  # pyright: ignore[reportArgumentType] -- each case gives its own

    kept = await ledger.preview("preview-1")
    assert kept is not None
    assert kept.nonce_state is NonceState.LIVE
    assert await kinds(ledger) == ["previewed"]


@pytest.mark.parametrize("seconds", [0, 119.999999])
async def test_a_claim_holds_from_its_first_to_its_last_moment(
    ledger: Ledger, seconds: float
) -> None:
    await ledger.open_preview(a_preview(), a_note())

    assert await claim(ledger, seconds=seconds)


async def test_a_void_preview_cannot_be_claimed(ledger: Ledger) -> None:
    await ledger.open_preview(a_preview(), a_note("previewed"))

    await ledger.void("preview-1", LAPSED, a_note("void", seconds=5))

    assert not await claim(ledger)
    void = await ledger.preview("preview-1")
    assert void is not None
    assert void.nonce_state is NonceState.VOID
    assert void.record == replace(
        a_preview().record,
        state=OrderState.LAPSED,
        reason="PREVIEW_EXPIRED",
        updated_at=NOON + timedelta(seconds=5),
    )
    assert await kinds(ledger) == ["previewed", "void"]


async def test_a_row_that_moved_otherwise_cannot_be_claimed(ledger: Ledger) -> None:
    """Another process took the preview for abandoned: its nonce must not send it after all."""
    await ledger.open_preview(a_preview(), a_note("previewed"))
    await ledger.advance("order-1", LAPSED, only_from=WAITING, note=a_note("lapsed"))

    assert not await claim(ledger)

    kept = await ledger.preview("preview-1")
    assert kept is not None
    assert (kept.nonce_state, kept.record.state) == (NonceState.LIVE, OrderState.LAPSED)
    assert await kinds(ledger) == ["previewed", "lapsed"]


async def test_what_is_claimed_cannot_be_voided(ledger: Ledger) -> None:
    """A late mismatch must not close an order that is on its way."""
    await ledger.open_preview(a_preview(), a_note("previewed"))
    await claim(ledger)

    await ledger.void("preview-1", LAPSED, a_note("void"))
    await ledger.void("preview-9", LAPSED, a_note("void"))

    kept = await ledger.preview("preview-1")
    assert kept is not None
    assert (kept.nonce_state, kept.record.state) == (NonceState.SPENT, OrderState.SUBMITTING)
    assert await kinds(ledger) == ["previewed", "claimed"]


async def test_a_void_that_is_no_end_writes_nothing(ledger: Ledger) -> None:
    await ledger.open_preview(a_preview(), a_note("previewed"))

    with pytest.raises(IllegalMove):
        await ledger.void("preview-1", Progress(state=OrderState.FILLED), a_note("void"))

    assert await ledger.preview("preview-1") == a_preview()
    assert await kinds(ledger) == ["previewed"]


async def test_submitting_is_entered_once(ledger: Ledger) -> None:
    """Two who hold the same order: the one who moves it sends, the other sends nothing."""
    await ledger.open_preview(a_preview(), a_note("previewed"))

    first = await ledger.advance("order-1", SUBMITTING, only_from=WAITING, note=a_note("intent"))
    second = await ledger.advance("order-1", SUBMITTING, only_from=WAITING, note=a_note("intent"))

    assert first == replace(a_preview().record, state=OrderState.SUBMITTING)
    assert second is None
    assert await kinds(ledger) == ["previewed", "intent"]


async def test_an_illegal_move_is_refused_loudly(ledger: Ledger) -> None:
    await ledger.open_preview(a_preview(), a_note("previewed"))

    with pytest.raises(IllegalMove):
        await ledger.advance(
            "order-1", Progress(state=OrderState.FILLED), only_from=WAITING, note=a_note("filled")
        )

    assert await ledger.order("order-1") == a_preview().record
    assert await kinds(ledger) == ["previewed"]


async def test_staying_put_writes_the_news(ledger: Ledger) -> None:
    await ledger.open_preview(a_preview(), a_note("previewed"))
    told = Progress(state=OrderState.PREVIEWED, reason="STILL_HERE")

    moved = await ledger.advance("order-1", told, only_from=WAITING, note=a_note("looked"))

    assert moved == replace(a_preview().record, reason="STILL_HERE")
    assert await kinds(ledger) == ["previewed", "looked"]


async def test_an_order_nobody_knows_is_denied(ledger: Ledger) -> None:
    for act in (
        ledger.advance("order-9", SUBMITTING, only_from=WAITING, note=a_note()),
        ledger.append("order-9", a_note()),
    ):
        with pytest.raises(Denied) as denied:
            await act
        assert denied.value.reason is Reason.ORDER_UNKNOWN

    assert await ledger.verify() is None


async def test_the_broker_s_id_finds_the_newest_order_that_is_no_cancel(ledger: Ledger) -> None:
    """A cancel carries the id of what it takes back."""
    acts = (TicketKind.PLACE, TicketKind.REPLACE, TicketKind.CANCEL)
    for number, kind in enumerate(acts, start=1):
        at = NOON + timedelta(seconds=number)
        await ledger.open_preview(a_preview(number, kind=kind, created_at=at), a_note())
        got = Progress(state=OrderState.SUBMITTING, broker_order_id="b-1")
        await ledger.advance(f"order-{number}", got, only_from=WAITING, note=a_note())

    found = await ledger.order_by_broker_id("paper", "b-1")

    assert found is not None
    assert found.order_id == "order-2"
    assert await ledger.order_by_broker_id("tradier", "b-1") is None


async def orders_of_two_accounts(ledger: Ledger) -> list[OrderRecord]:
    """Write five previews, the last two of one instant; return them newest first."""
    told: list[OrderRecord] = []
    for number, seconds in enumerate((0, 1, 2, 3, 3), start=1):
        account_id = "PAPER0002" if number == 2 else "PAPER0001"
        at = NOON + timedelta(seconds=seconds)
        preview = a_preview(
            number, account_id=account_id, order=an_order(account_id=account_id), created_at=at
        )
        await ledger.open_preview(preview, a_note())
        told.insert(0, preview.record)
    return told


async def test_orders_come_newest_first_a_page_at_a_time(ledger: Ledger) -> None:
    rows = await orders_of_two_accounts(ledger)

    pages = [
        await ledger.orders(account_id=None, states=None, limit=2, offset=offset)
        for offset in (0, 2, 4, 6)
    ]

    assert pages == [(tuple(rows[i : i + 2]), 5) for i in (0, 2, 4, 6)]


async def test_orders_are_found_by_account_and_state(ledger: Ledger) -> None:
    rows = await orders_of_two_accounts(ledger)
    await ledger.void("preview-5", LAPSED, a_note())

    async def ids(account_id: str | None, states: set[OrderState] | None) -> list[str]:
        found, total = await ledger.orders(account_id=account_id, states=states, limit=9, offset=0)
        assert total == len(found)
        return [row.order_id for row in found]

    found, total = await ledger.orders(
        account_id=None, states=None, limit=9, offset=0, broker="another"
    )
    assert (found, total) == ((), 0)
    assert await ledger.orders(
        account_id=None, states=None, limit=9, offset=0, broker=rows[0].broker
    ) == await ledger.orders(account_id=None, states=None, limit=9, offset=0)
    assert await ids("PAPER0002", None) == ["order-2"]
    assert await ids(None, {OrderState.LAPSED}) == ["order-5"]
    assert await ids("PAPER0001", set(WAITING)) == ["order-4", "order-3", "order-1"]
    assert await ids(None, set()) == []
    assert await ids("PAPER0009", None) == []
    assert len(rows) == len(await ids(None, None))


async def test_the_trail_tells_who_did_what_when_and_how(ledger: Ledger) -> None:
    await ledger.open_preview(a_preview(), a_note("previewed"))
    note = Note(
        at=NOON + timedelta(microseconds=7),
        actor="token:alice",
        path="tool:confirm_order",
        kind="sent",
        body={"legs": [{"qty": 1, "px": "1.20"}], "note": "é\u0000\ud800", "none": None, "f": 0.1},
    )

    await ledger.append("order-1", note)
    await ledger.append(None, a_note("desk"))

    (_, sent) = await ledger.events("order-1")
    assert (sent.sequence, sent.order_id, sent.at) == (2, "order-1", note.at)
    assert (sent.actor, sent.path, sent.kind) == ("token:alice", "tool:confirm_order", "sent")
    assert sent.body == note.body


async def test_each_line_seals_the_one_before(ledger: Ledger) -> None:
    await ledger.open_preview(a_preview(), a_note("previewed"))
    await claim(ledger)
    await ledger.append("order-1", a_note("intent"))

    lines = await ledger.events("order-1")

    assert [line.sequence for line in lines] == [1, 2, 3]
    assert lines[0].previous_digest == GENESIS.digest
    assert [line.previous_digest for line in lines[1:]] == [line.digest for line in lines[:-1]]
    assert first_bad_line(lines, head=head_of(lines[-1])) is None
    assert await ledger.verify() is None


async def test_an_empty_trail_is_whole(ledger: Ledger) -> None:
    assert await ledger.verify() is None


async def test_what_cannot_be_written_as_json_is_refused_whole(ledger: Ledger) -> None:
    """A line that could not be sealed must not leave its change without one."""
    with pytest.raises(ValueError, match="JSON"):
        await ledger.open_preview(a_preview(), a_note("previewed", ratio=float("nan")))

    assert await ledger.preview("preview-1") is None
    assert await ledger.verify() is None


async def test_a_day_on_which_nothing_left_has_used_nothing(ledger: Ledger) -> None:
    await ledger.open_preview(a_preview(), a_note())
    await claim(ledger)

    assert await ledger.used(a_window(digest=an_order().digest)) == Used()


@pytest.mark.promise("limits")
async def test_what_left_is_counted_and_so_is_what_is_equal(ledger: Ledger) -> None:
    """Amounts are kept to the cent, rounded up: what is over a limit by less is over it too."""
    await use(ledger, 1)
    await use(ledger, 2, seconds=2, order=an_order(net="1.21"))

    told = await ledger.used(a_window(digest=an_order().digest))

    assert told == Used(
        orders_today=2,
        orders_this_minute=2,
        loss_usd_today=Decimal(200),
        notional_usd_today=Decimal("240.02"),
        twin="order-1",
    )


@pytest.mark.promise("limits")
async def test_a_claim_hears_what_others_used_and_may_be_refused_whole(ledger: Ledger) -> None:
    """The count and the claim are one transaction: nothing comes between them."""
    heard: list[Used] = []
    await use(ledger, 1)

    def refuse(used: Used) -> None:
        heard.append(used)
        raise Denied(Reason.DAY_LOSS_ABOVE_LIMIT)

    with pytest.raises(Denied) as denied:
        await use(ledger, 2, heard=refuse)

    assert denied.value.reason is Reason.DAY_LOSS_ABOVE_LIMIT
    assert [used.orders_today for used in heard] == [1]
    kept = await ledger.preview("preview-2")
    assert kept is not None
    assert (kept.nonce_state, kept.record.state) == (NonceState.LIVE, OrderState.PREVIEWED)
    assert (await ledger.used(a_window())).orders_today == 1
    assert await kinds(ledger, 2) == ["noted"]
    assert await ledger.verify() is None


@pytest.mark.promise("limits")
@pytest.mark.parametrize(
    ("end", "part"),
    [
        pytest.param(Progress(state=OrderState.UNKNOWN), 4, id="nobody knows"),
        pytest.param(Progress(state=OrderState.WORKING), 4, id="works"),
        pytest.param(Progress(state=OrderState.FILLED, filled_units=4), 4, id="filled"),
        pytest.param(Progress(state=OrderState.CANCELLED, filled_units=0), 0, id="taken back"),
        pytest.param(Progress(state=OrderState.CANCELLED, filled_units=3), 3, id="cut off"),
        pytest.param(Progress(state=OrderState.EXPIRED, filled_units=1), 1, id="expired"),
        pytest.param(Progress(state=OrderState.REPLACED, filled_units=2), 2, id="replaced"),
        pytest.param(Progress(state=OrderState.REJECTED), 0, id="refused"),
        pytest.param(Progress(state=OrderState.LAPSED), 0, id="never left"),
    ],
)
async def test_an_order_uses_what_it_filled_or_still_may(
    ledger: Ledger, end: Progress, part: int
) -> None:
    """An order that came to nothing is no loss of the day, and no twin; it stays an order."""
    order = an_order(a_leg(quantity=4))
    await use(ledger, 1, loss="400", order=order)
    await ledger.advance("order-1", end, only_from={OrderState.SUBMITTING}, note=a_note())

    told = await ledger.used(a_window(digest=order.digest))

    assert (told.orders_today, told.orders_this_minute) == (1, 1)
    assert told.loss_usd_today == 100 * part
    assert told.notional_usd_today // 30 == part  # of 120.01, by the cent or the unit rounded up
    assert told.twin == ("order-1" if part else None)


@pytest.mark.parametrize("state", [OrderState.PARTIALLY_FILLED, OrderState.WORKING])
async def test_a_replacement_takes_the_place_of_what_it_replaces(
    ledger: Ledger, state: OrderState
) -> None:
    order = an_order(a_leg(quantity=4))
    await use(ledger, 1, loss="400", order=order)
    some = Progress(state=state, filled_units=1)
    await ledger.advance("order-1", some, only_from={OrderState.SUBMITTING}, note=a_note())

    beside = await ledger.used(a_window())
    instead = await ledger.used(a_window(replaces="order-1"))

    assert (beside.loss_usd_today, instead.loss_usd_today) == (400, 100)


async def test_what_the_broker_says_has_filled_of_it_counts_where_it_is_more(
    ledger: Ledger,
) -> None:
    """A desk that has not heard of a fill yet must not spend the money twice."""
    await use(ledger, 1, loss="400", order=an_order(a_leg(quantity=4)))
    some = Progress(state=OrderState.PARTIALLY_FILLED, filled_units=1)
    await ledger.advance("order-1", some, only_from={OrderState.SUBMITTING}, note=a_note())

    told = [
        (await ledger.used(a_window(replaces="order-1", filled=filled))).loss_usd_today
        for filled in (Filled(), Filled(1, 5), Filled(2, 4), Filled(4, 4))
    ]
    other = await ledger.used(a_window(replaces="order-2", filled=Filled(4, 4)))

    assert told == [100, 100, 200, 400]
    assert other.loss_usd_today == 400


async def test_only_the_same_broker_s_orders_of_the_day_and_the_minute_count(
    ledger: Ledger,
) -> None:
    """What is practised on paper leaves the live day alone, and so does yesterday."""
    await use(ledger, 1, seconds=-11 * 3600 - 0.000001)
    await use(ledger, 2, seconds=-11 * 3600)
    await use(ledger, 3, seconds=-59)
    await use(ledger, 4, seconds=-58.999999, order=an_order(net="1.21"))
    await use(ledger, 5, broker="tradier")
    await use(ledger, 6, environment=Environment.LIVE)

    told = await ledger.used(a_window(digest=an_order().digest))

    assert told == Used(
        orders_today=3,
        orders_this_minute=1,
        loss_usd_today=Decimal(300),
        notional_usd_today=Decimal("360.03"),
        twin=None,
    )


@pytest.mark.promise("limits")
async def test_what_ends_today_takes_nothing_off_what_is_not_of_this_day(ledger: Ledger) -> None:
    """An order of yesterday, or at another broker, that comes to nothing now was not in the sum."""
    await use(ledger, 1, seconds=-11 * 3600 - 0.000001)
    await use(ledger, 2, broker="tradier")
    await use(ledger, 3, environment=Environment.LIVE)
    await use(ledger, 4)
    cancelled = Progress(state=OrderState.CANCELLED, filled_units=0)
    for number in (1, 2, 3):
        await ledger.advance(
            f"order-{number}", cancelled, only_from={OrderState.SUBMITTING}, note=a_note()
        )

    told = await ledger.used(a_window())
    of_yesterday = await ledger.used(a_window(replaces="order-1"))

    assert told.loss_usd_today == of_yesterday.loss_usd_today == 100
    assert told.notional_usd_today == of_yesterday.notional_usd_today == Decimal("120.01")


async def test_the_minute_reaches_back_over_midnight(ledger: Ledger) -> None:
    await use(ledger, 1, seconds=-30)

    told = await ledger.used(a_window(day_from=NOON))

    assert (told.orders_today, told.orders_this_minute, told.loss_usd_today) == (0, 1, 0)


@pytest.mark.promise("once")
@pytest.mark.parametrize(
    ("told", "seconds", "in_doubt"),
    [
        pytest.param({}, 60, "order-1", id="silent since before"),
        pytest.param({}, 11, None, id="not for long"),
        pytest.param({}, 0, None, id="sent while the other was looked at"),
        pytest.param({}, -10, "order-1", id="by a clock that is ahead"),
        pytest.param({"account_id": "PAPER0002"}, 60, None, id="another account"),
        pytest.param({"broker": "tradier"}, 60, None, id="another broker"),
        pytest.param({"environment": Environment.LIVE}, 60, None, id="another environment"),
        pytest.param({"order": an_order(a_leg(MSFT))}, 60, None, id="another underlying"),
        pytest.param({"order": an_order(a_leg(quantity=9))}, 60, "order-1", id="like it"),
    ],
)
async def test_who_submits_in_silence_is_in_doubt(
    ledger: Ledger, told: dict[str, Any], seconds: float, in_doubt: str | None
) -> None:
    """Whoever counts before a claim hears of it: a second of it may not be opened."""
    await use(ledger, 1, **told)

    assert (await ledger.used(a_window(like=likeness(seconds)))).in_doubt == in_doubt
    assert (await ledger.used(a_window())).in_doubt is None


@pytest.mark.promise("once")
@pytest.mark.parametrize("state", list(OrderState))
async def test_the_newest_of_those_that_nobody_knows_of_is_told(
    ledger: Ledger, state: OrderState
) -> None:
    for number in (1, 2, 3):
        await use(ledger, number, seconds=60 + number)
    for number, end in ((2, OrderState.UNKNOWN), (3, state)):
        if OrderState.SUBMITTING.may_become(end):
            note, now = a_note(seconds=64), Progress(state=end)
            await ledger.advance(
                f"order-{number}", now, only_from={OrderState.SUBMITTING}, note=note
            )

    told = await ledger.used(a_window(like=likeness(65)))

    assert told.in_doubt == ("order-3" if state is OrderState.UNKNOWN else "order-2")


def likeness(seconds: float) -> Likeness:
    """Return what an order like ours has in common with it, ten seconds being long."""
    now = NOON + timedelta(seconds=seconds)
    long = timedelta(seconds=10)
    return Likeness(
        account_id="PAPER0001",
        underlying="AAPL",
        silent_since=now - long,
        ahead_since=now + long,
    )


async def test_the_newest_twin_is_told(ledger: Ledger) -> None:
    for number in (1, 2, 3):
        await use(ledger, number, seconds=number)
    await ledger.advance(
        "order-3", LAPSED, only_from={OrderState.SUBMITTING}, note=a_note(seconds=4)
    )

    assert (await ledger.used(a_window(digest=an_order().digest))).twin == "order-2"


@pytest.mark.promise("limits")
async def test_claims_at_once_cannot_share_the_last_of_a_day(ledger: Ledger) -> None:
    def admit(used: Used) -> None:
        if used.loss_usd_today + 100 > 300:
            raise Denied(Reason.DAY_LOSS_ABOVE_LIMIT)

    claims = (use(ledger, number, heard=admit) for number in range(1, 9))
    done = await asyncio.gather(*claims, return_exceptions=True)

    assert sum(isinstance(each, OrderRecord) for each in done) == 3
    assert (await ledger.used(a_window())).loss_usd_today == 300
    assert await ledger.verify() is None
