"""Groups: one preview, one nonce, one send; a row for each order, and none leaves by itself."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.accounts import Environment
from strikedesk.domain.approvals import ConsentPolicy, Voice
from strikedesk.domain.broking import (
    BrokerOrder,
    Capabilities,
    GroupTicket,
    LookupStatus,
    Receipt,
    Ticket,
)
from strikedesk.domain.errors import Denied, OutcomeUnknown
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.ledger import Halt, Note, OrderRecord
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, OrderType, TimeInForce, read_canonical
from strikedesk.domain.reasons import Reason
from strikedesk.domain.replay import differing, rebuilt, row_of
from strikedesk.domain.states import OrderState
from strikedesk.domain.usage import Window
from strikedesk.orders.approve import Said
from strikedesk.orders.draft import Change, Terms
from strikedesk.orders.settle import InDoubt
from strikedesk.orders.showing import shown_beside
from strikedesk.orders.tickets import payload_of, ticket_of
from strikedesk.orders.wording import words_of
from strikedesk.risk.limits import Limits
from strikedesk.risk.verdict import Outcome
from tests.builders import NOON, a_leg
from tests.fakes.broker import Day, ScriptedBroker
from tests.fakes.ledger import MemoryLedger
from tests.unit.group_desk import (
    BRACKET,
    ENTRY,
    EXITS,
    a_stop_at,
    an_exit_at,
    hold,
    preview_of,
    rows_of,
)
from tests.unit.order_desk import CALL, ME, OrderDesk

OWNER = Said(voice=Voice.OWNER, actor="owner", path="cli")
ABLE = OrderDesk().broker.capabilities
SATURDAY = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HALT = Halt(since=NOON, actor="owner", why="lunch")
SILENT = (Day.ACCEPTED_IN_SILENCE, Day.CRASHED_AFTER_ACCEPTING)


def at(orders: OrderDesk, kind: type[ScriptedBroker]) -> None:
    """Let the desk trade at another kind of broker."""
    orders.broker = kind(clock=orders.clock, quoted=orders.broker.quoted)
    orders.restart()


async def states(orders: OrderDesk, preview: Any) -> list[OrderState]:
    return [row.state for row in await rows_of(orders, preview)]


async def refused(orders: OrderDesk, *terms: Terms, kind: GroupKind = GroupKind.OTOCO) -> Denied:
    with pytest.raises(Denied) as denied:
        await preview_of(orders, *terms, kind=kind)
    assert orders.ledger.previews == {}
    return denied.value


async def reconciled(orders: OrderDesk, *, after_s: float = 0) -> None:
    orders.clock.move(after_s)
    await orders.reconciler(path="start-up")


# One preview, one nonce, one send


@pytest.mark.promise("one-door")
async def test_one_confirm_sends_one_ticket_with_every_order(orders: OrderDesk) -> None:
    preview = await preview_of(orders)

    row = await orders.confirm(preview)

    (ticket,) = orders.broker.tickets
    assert isinstance(ticket, GroupTicket)
    assert ticket.group.kind is GroupKind.OTOCO
    rows = await rows_of(orders, preview)
    assert ticket.member_ids == tuple(each.client_order_id for each in rows)
    assert [o.digest for o in ticket.group.orders] == [each.order.digest for each in rows]
    assert (row.order_id, row.state) == (rows[0].order_id, OrderState.FILLED)
    assert [each.state for each in rows[1:]] == [OrderState.WORKING] * 2
    assert [each.broker_order_id for each in rows] == ["b-1", "b-2", "b-3"]


@pytest.mark.promise("once")
async def test_confirming_again_tells_the_outcome_and_sends_nothing(orders: OrderDesk) -> None:
    preview = await preview_of(orders)

    first = await orders.confirm(preview)
    orders.restart()

    assert await orders.confirm(preview) == first
    assert len(orders.broker.tickets) == 1


@pytest.mark.promise("once")
async def test_no_order_of_a_group_has_a_nonce_or_a_ticket_of_its_own(orders: OrderDesk) -> None:
    preview = await preview_of(orders)
    (record, *others) = await rows_of(orders, preview)

    for other in others:
        assert await orders.ledger.preview(other.preview_id) is None
        with pytest.raises(Denied):
            ticket_of(other)
    for some in ((), others[:1], others[::-1], [*others, others[0]]):
        with pytest.raises(Denied):
            ticket_of(record, some)
    assert isinstance(ticket_of(record, others), GroupTicket)


@pytest.mark.promise("nothing-lost")
async def test_every_row_is_submitting_before_the_broker_hears_of_it(orders: OrderDesk) -> None:
    seen: list[OrderState] = []

    class Watching(ScriptedBroker):
        async def submit(self, ticket: Ticket) -> Receipt:
            seen.extend(row.state for row in orders.ledger.records.values())
            return await ScriptedBroker.submit(self, ticket)

    at(orders, Watching)
    await orders.confirm(await preview_of(orders))

    assert seen == [OrderState.SUBMITTING] * 3


async def test_an_order_of_a_group_that_was_altered_after_the_preview_is_not_sent(
    orders: OrderDesk,
) -> None:
    """Each of the three is what was agreed to, or nothing leaves."""
    for place, change in (
        (2, {"order": "price"}),
        (3, {"group_place": 2}),
        (2, {"group_id": None}),
    ):
        preview = await preview_of(orders)
        other = (await rows_of(orders, preview))[place - 1]
        told: dict[str, Any] = dict(change)
        if "order" in told:
            told["order"] = replace(other.order, limit_net=Decimal("-0.01"))
        orders.ledger.records[other.order_id] = replace(other, **told)

        with pytest.raises(Denied) as denied:
            await orders.confirm(preview)

        assert denied.value.reason is Reason.NONCE_MISMATCH
    assert orders.broker.tickets == []


class Altered(MemoryLedger):
    """A ledger of which somebody alters the last row behind each claim."""

    async def claim(self, preview_id: str, **told: Any) -> OrderRecord | None:
        claimed = await MemoryLedger.claim(self, preview_id, **told)
        row = [*self.records.values()][-1]
        order = replace(row.order, limit_net=Decimal("-0.01"))
        self.records[row.order_id] = replace(row, order=order)
        return claimed


async def test_a_row_that_changes_behind_the_claim_is_not_sent() -> None:
    """What is sent is read from the disk once more, all of it."""
    orders = OrderDesk(ledger=Altered())
    preview = await preview_of(orders)

    with pytest.raises(Denied) as denied:
        await orders.confirm(preview)

    assert denied.value.reason is Reason.NONCE_MISMATCH
    assert orders.broker.tickets == []
    assert await states(orders, preview) == [OrderState.LAPSED] * 3


# What comes of it


@pytest.mark.parametrize(
    ("day", "state"),
    [(Day.REJECTED, OrderState.REJECTED), (Day.NEVER_LEFT, OrderState.LAPSED)],
)
async def test_a_group_that_was_not_taken_is_over_in_every_row(
    orders: OrderDesk, day: Day, state: OrderState
) -> None:
    orders.broker.day = day
    preview = await preview_of(orders)

    with pytest.raises(Exception) as told:  # noqa: PT011 -- two kinds of end
        await orders.confirm(preview)

    assert not isinstance(told.value, OutcomeUnknown)
    assert await states(orders, preview) == [state] * 3
    failures = await orders.ledger.failures_in_row("scripted", Environment.PAPER)
    assert failures.failures == (1 if state is OrderState.REJECTED else 0)


@pytest.mark.promise("nothing-lost")
@pytest.mark.parametrize("day", SILENT)
async def test_a_group_whose_answer_was_lost_is_found_again_with_every_order(
    orders: OrderDesk, day: Day
) -> None:
    orders.broker.day = day
    preview = await preview_of(orders)
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    assert await states(orders, preview) == [OrderState.UNKNOWN] * 3
    assert len((await orders.safety.state()).unsettled) == 3

    orders.restart()
    await reconciled(orders)

    rows = await rows_of(orders, preview)
    assert [(row.state, row.broker_order_id) for row in rows] == [
        (OrderState.WORKING, f"b-{number}") for number in (1, 2, 3)
    ]
    assert {row.reason for row in rows} == {"found_at_broker"}
    assert len(orders.broker.tickets) == 1


@pytest.mark.promise("nothing-lost")
async def test_asking_for_one_order_of_a_group_in_doubt_finds_them_all(orders: OrderDesk) -> None:
    orders.broker.day = Day.ACCEPTED_IN_SILENCE
    preview = await preview_of(orders)
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    last = (await rows_of(orders, preview))[2]

    row, _ = await orders.book.get(last.client_order_id)

    assert (row.order_id, row.state) == (last.order_id, OrderState.WORKING)
    assert await states(orders, preview) == [OrderState.WORKING] * 3


@pytest.mark.promise("nothing-lost")
async def test_a_group_of_which_the_books_show_a_part_stays_in_doubt(orders: OrderDesk) -> None:
    """It is taken whole or not at all: what is missing was not read yet."""
    orders.broker.day = Day.ACCEPTED_IN_SILENCE
    preview = await preview_of(orders)
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    hidden = orders.broker.placed.pop()

    await reconciled(orders)
    await reconciled(orders, after_s=500)
    in_doubt = await states(orders, preview)
    orders.broker.placed.append(hidden)
    await reconciled(orders)

    assert in_doubt == [OrderState.UNKNOWN] * 3
    assert await states(orders, preview) == [OrderState.WORKING] * 3


async def test_a_part_of_a_group_breaks_the_row_of_scans_that_found_nothing(
    orders: OrderDesk,
) -> None:
    orders.broker.day = Day.ACCEPTED_IN_SILENCE
    preview = await preview_of(orders)
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    first, *_ = orders.broker.placed

    scans: tuple[tuple[list[BrokerOrder], int], ...] = (([], 1), ([first], 60), ([], 61))
    for found, after_s in scans:
        orders.broker.placed[:] = found
        await reconciled(orders, after_s=after_s)

    assert await states(orders, preview) == [OrderState.UNKNOWN] * 3


async def test_a_group_that_two_scans_do_not_find_was_not_placed(orders: OrderDesk) -> None:
    orders.broker.day = Day.LOST
    preview = await preview_of(orders)
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)

    await reconciled(orders)
    once = await states(orders, preview)
    await reconciled(orders, after_s=121)

    assert once == [OrderState.UNKNOWN] * 3
    assert await states(orders, preview) == [OrderState.LAPSED] * 3
    assert orders.broker.placed == []


async def test_an_incomplete_scan_settles_nothing_of_a_group(orders: OrderDesk) -> None:
    orders.broker.day = Day.LOST
    preview = await preview_of(orders)
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    orders.broker.lookups = LookupStatus.INCOMPLETE

    await reconciled(orders)
    await reconciled(orders, after_s=500)

    assert await states(orders, preview) == [OrderState.UNKNOWN] * 3


@pytest.mark.promise("nothing-lost")
@pytest.mark.parametrize("members", [(), (0,), (0, 1), (0, 2, 1), (0, 1, 2, 2)])
async def test_an_answer_that_is_not_about_our_orders_leaves_doubt(
    orders: OrderDesk, members: tuple[int, ...]
) -> None:
    class Mixing(ScriptedBroker):
        async def submit(self, ticket: Ticket) -> Receipt:
            receipt = await ScriptedBroker.submit(self, ticket)
            return replace(receipt, members=tuple(receipt.members[i] for i in members))

    at(orders, Mixing)
    preview = await preview_of(orders)
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    assert await states(orders, preview) == [OrderState.UNKNOWN] * 3

    await reconciled(orders)

    assert [row.broker_order_id for row in await rows_of(orders, preview)] == ["b-1", "b-2", "b-3"]


async def test_a_group_in_doubt_lets_nothing_like_it_be_opened(orders: OrderDesk) -> None:
    orders.broker.day = Day.LOST
    preview = await preview_of(orders)
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)

    with pytest.raises(Denied) as alone:
        await orders.preview()
    with pytest.raises(Denied) as together:
        await preview_of(orders)

    assert {alone.value.reason, together.value.reason} == {Reason.UNSETTLED_ORDER}


async def test_each_order_of_a_group_is_followed_to_its_own_end(orders: OrderDesk) -> None:
    orders.broker.day = Day.WORKING
    preview = await preview_of(orders)
    await orders.confirm(preview)
    placed = orders.broker.placed
    placed[0] = replace(placed[0], state=OrderState.FILLED, filled_units=1)
    placed[1] = replace(placed[1], state=OrderState.FILLED, filled_units=1)
    placed[2] = replace(placed[2], state=OrderState.CANCELLED)

    await reconciled(orders)

    assert await states(orders, preview) == [
        OrderState.FILLED,
        OrderState.FILLED,
        OrderState.CANCELLED,
    ]


async def test_the_trail_gives_back_every_row_of_a_group(orders: OrderDesk) -> None:
    orders.broker.day = Day.ACCEPTED_IN_SILENCE
    preview = await preview_of(orders)
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    await reconciled(orders)

    rows = await rows_of(orders, preview)
    for row in rows:
        told = rebuilt(await orders.ledger.events(row.order_id))
        assert told is not None
        assert differing(row_of(row), told) == ()
    previewed, submitting, *_ = await orders.ledger.events(rows[0].order_id)
    for line in (previewed, submitting):
        group: Any = line.body["group"]
        assert group["kind"] == "otoco"
        assert [each["order"] for each in group["others"]] == [r.order.canonical for r in rows[1:]]


# Who must agree


async def test_the_owner_reads_every_order_and_approves_them_all_at_once() -> None:
    orders = OrderDesk(policy=ConsentPolicy.CLICK)
    preview = await preview_of(orders)

    (pending,) = await orders.approvals.pending()
    named, text = await orders.approvals.named(pending.name), pending.text
    row = await orders.approver.approve(pending.record, OWNER)

    assert preview.nonce is None
    assert named == pending.record
    assert "PLACE 3 orders as one group (otoco): orders 2 and 3 begin once" in text
    for line in (
        "Order 1 of 3:",
        "  Leg 1: BUY TO OPEN 1 contract AAPL 2026-12-18 200 call [AAPL261218C00200000]",
        "  Price: limit, 1.20 debit net per share of one unit",
        "Order 2 of 3:",
        "  Price: limit, 2.40 credit net per share of one unit",
        "Order 3 of 3:",
        "  Price: stop limit, stop at 0.80, 0.75 credit net per share of one unit",
        "  Good: gtc",
        "  Cash effect: 240.00 USD",
        "Risk added to what is held: 120.00 USD",
    ):
        assert line in text.splitlines()
    assert row.state is OrderState.FILLED
    assert len(orders.broker.tickets) == 1


@pytest.mark.promise("owner-asked")
async def test_the_text_of_a_group_changes_with_each_of_its_orders(orders: OrderDesk) -> None:
    """Also its name, which is the head of the hash over all of it."""
    texts: set[str] = set()
    preview = await preview_of(orders)
    kept = await orders.ledger.preview(preview.record.preview_id)
    assert kept is not None
    for place in range(len(kept.others)):
        others = list(kept.others)
        order = replace(others[place].order, limit_net=Decimal("-9.99"))
        others[place] = replace(others[place], order=order)
        texts.add(words_of(replace(kept, others=tuple(others)), NOON))

    texts.add(words_of(kept, NOON))

    assert len({text.splitlines()[1] for text in texts}) == 3
    assert len(texts) == 3


@pytest.mark.promise("owner-asked")
async def test_what_is_kept_as_shown_has_the_figures_of_each_order(orders: OrderDesk) -> None:
    """Of the exits too: nobody was asked about a group whose second price they did not see."""
    preview = await preview_of(orders)

    kept = await orders.ledger.preview(preview.record.preview_id)

    assert kept is not None
    quotes = {"mid_net": "-1.15", "natural_net": "-1.10", "quote_age_s": "0.0"}
    assert shown_beside(kept.shown) == (
        {**quotes, "limit_net": "-2.40", "cash_effect": "240.00", "risk_added": "-240.00"},
        {**quotes, "limit_net": "-0.75", "cash_effect": "75.00", "risk_added": "-75.00"},
    )


@pytest.mark.promise("owner-asked")
async def test_a_waiting_group_that_was_altered_is_not_sent() -> None:
    orders = OrderDesk(policy=ConsentPolicy.CLICK)
    preview = await preview_of(orders)
    other = (await rows_of(orders, preview))[2]
    order = replace(other.order, limit_net=Decimal("-0.01"))
    orders.ledger.records[other.order_id] = replace(other, order=order)

    with pytest.raises(Denied) as denied:
        await orders.approver.approve(preview.record, OWNER)

    assert denied.value.reason is Reason.APPROVAL_CHANGED
    assert orders.broker.tickets == []
    assert await states(orders, preview) == [OrderState.LAPSED] * 3


async def test_a_group_may_be_named_by_any_of_its_orders() -> None:
    orders = OrderDesk(policy=ConsentPolicy.CLICK)
    preview = await preview_of(orders)

    for row in await rows_of(orders, preview):
        assert (await orders.approvals.named(row.order_id)).order_id == preview.record.order_id


async def test_a_declined_group_is_over_and_an_unheard_one_lapses() -> None:
    for ends in (OrderState.DECLINED, OrderState.LAPSED):
        orders = OrderDesk(policy=ConsentPolicy.CLICK)
        preview = await preview_of(orders)
        if ends is OrderState.DECLINED:
            await orders.approver.decline(preview.record, OWNER)
        else:
            await reconciled(orders, after_s=301)

        assert await states(orders, preview) == [ends] * 3
        assert orders.broker.tickets == []


async def test_a_group_that_waits_is_left_waiting_by_a_reconciler(orders: OrderDesk) -> None:
    """Its other orders have no approval of their own, and need none."""
    asking = OrderDesk(policy=ConsentPolicy.CLICK)
    preview = await preview_of(asking)

    await reconciled(asking, after_s=120)

    assert len(await asking.approvals.pending()) == 1
    assert await states(asking, preview) == [OrderState.AWAITING_CONSENT] * 3


async def test_the_dearest_order_of_a_group_decides_whether_the_owner_must_click() -> None:
    """The entry costs 120; the sale at 9.00 moves 900."""
    orders = OrderDesk(policy=ConsentPolicy.ASK, click_above_usd=Decimal(500))

    below = await preview_of(orders)
    above = await preview_of(orders, ENTRY, an_exit_at("9.00"), a_stop_at())

    assert (below.pending, above.nonce) == (None, None)
    assert above.pending is not None


async def test_a_halt_stops_a_group_at_the_last_moment(orders: OrderDesk) -> None:
    preview = await preview_of(orders)
    await orders.halt.engage(HALT)

    with pytest.raises(Denied) as denied:
        await orders.confirm(preview)

    assert denied.value.reason is Reason.TRADING_HALTED
    assert orders.broker.tickets == []
    assert await states(orders, preview) == [OrderState.LAPSED] * 3


# Limits


async def test_exits_that_close_what_the_entry_opens_add_no_risk(orders: OrderDesk) -> None:
    preview = await preview_of(orders)

    assert preview.figures is not None
    assert preview.figures.risk_added == Decimal("120.00")
    assert [figures.risk_added for _, figures in preview.beside] == [
        Decimal("-240.00"),
        Decimal("-75.00"),
    ]
    assert all(check.outcome is not Outcome.FAILED for check in preview.checks)
    names = [check.name for check in preview.checks]
    assert len(names) == len(set(names))


async def test_an_exit_may_not_sell_more_than_the_entry_brings(orders: OrderDesk) -> None:
    denied = await refused(orders, ENTRY, an_exit_at(quantity=2), a_stop_at(quantity=2))

    assert denied.reason is Reason.CLOSE_EXCEEDS_POSITION


async def test_exits_alone_need_what_they_close(orders: OrderDesk) -> None:
    denied = await refused(orders, *EXITS, kind=GroupKind.OCO)
    hold(orders)

    preview = await preview_of(orders, *EXITS, kind=GroupKind.OCO)

    assert denied.reason is Reason.CLOSE_EXCEEDS_POSITION
    assert (await orders.confirm(preview)).state is OrderState.FILLED


async def test_exits_alone_pass_the_limits_that_hold_openings(orders: OrderDesk) -> None:
    """A limit that keeps its owner in a position is no protection."""
    hold(orders)
    orders.limits = replace(
        orders.limits, orders_day_max=0, closing_only=True, loss_usd_max=Decimal(0)
    )

    preview = await preview_of(orders, *EXITS, kind=GroupKind.OCO)

    assert (await orders.confirm(preview)).state is OrderState.FILLED


async def test_the_worse_of_two_sides_counts_and_never_both(orders: OrderDesk) -> None:
    """Bids at 1.00 and 1.20, of which one fills: 120 is at risk, not 220."""
    bids = (replace(ENTRY, price=Decimal("1.00")), ENTRY)
    orders.limits = replace(orders.limits, loss_usd_max=Decimal(120), notional_usd_max=Decimal(120))

    preview = await preview_of(orders, *bids, kind=GroupKind.OCO)
    orders.limits = replace(orders.limits, loss_usd_max=Decimal(119))
    denied = await _denied(preview_of(orders, *bids, kind=GroupKind.OCO))

    assert preview.figures is not None
    assert preview.figures.risk_added == Decimal("120.00")
    assert denied.reason is Reason.LOSS_ABOVE_LIMIT


async def test_what_an_entry_triggers_counts_with_it_where_it_opens(orders: OrderDesk) -> None:
    """A call bought, and a second one behind it: both may be lost."""
    second = replace(ENTRY, price=Decimal("1.10"))
    orders.limits = replace(orders.limits, loss_usd_max=Decimal(230))

    preview = await preview_of(orders, ENTRY, second, kind=GroupKind.OTO)
    orders.limits = replace(orders.limits, loss_usd_max=Decimal(229))
    denied = await _denied(preview_of(orders, ENTRY, second, kind=GroupKind.OTO))

    assert preview.figures is not None
    assert preview.figures.risk_added == Decimal("230.00")
    assert (denied.reason, denied.facts["check"]) == (Reason.LOSS_ABOVE_LIMIT, "loss")


async def test_a_short_behind_its_cover_is_no_naked_one(orders: OrderDesk) -> None:
    """Sold once the long is there, the higher call makes a spread; first, it would be naked."""
    higher = "AAPL261218C00210000"
    orders.quote(higher, "0.50", "0.60")
    short = Terms(
        legs=(a_leg(higher, Action.SELL_TO_OPEN),),
        order_type=OrderType.LIMIT,
        price=Decimal("0.50"),
        price_effect=PriceEffect.CREDIT,
    )

    covered = await preview_of(orders, ENTRY, short, kind=GroupKind.OTO)
    naked = await _denied(preview_of(orders, short, ENTRY, kind=GroupKind.OTO))

    assert covered.figures is not None
    assert covered.figures.risk_added == Decimal("120.00")
    assert naked.reason is Reason.LOSS_UNDEFINED


async def test_what_is_held_covers_what_a_trigger_lets_go(orders: OrderDesk) -> None:
    """Two calls sold behind one bought and one held are two spreads; without it, naked."""
    higher = "AAPL261218C00210000"
    orders.quote(higher, "0.50", "0.60")
    shorts = Terms(
        legs=(a_leg(higher, Action.SELL_TO_OPEN, 2),),
        order_type=OrderType.LIMIT,
        price=Decimal("0.50"),
        price_effect=PriceEffect.CREDIT,
    )
    hold(orders, 1)

    covered = await preview_of(orders, ENTRY, shorts, kind=GroupKind.OTO)

    assert covered.figures is not None
    assert covered.figures.risk_added == Decimal("120.00")


@pytest.mark.parametrize("without", [0, 1])
async def test_a_group_of_which_one_has_no_price_has_no_known_risk(
    orders: OrderDesk, without: int
) -> None:
    """Shares at the market, for which nobody asks anything: what they cost is unknown."""
    shares = Terms(legs=(a_leg("AAPL", Action.BUY, 100),), order_type=OrderType.MARKET)
    orders.quote("AAPL", "200.00", None)
    terms = (shares, ENTRY) if without == 0 else (ENTRY, shares)

    told = await _denied(preview_of(orders, *terms, kind=GroupKind.OTO))

    assert told.reason in {Reason.QUOTE_MISSING, Reason.CHECK_IMPOSSIBLE}


async def test_each_order_is_held_to_the_limits_of_one(orders: OrderDesk) -> None:
    """A slip in any of them denies, and says of which order."""
    slip = an_exit_at("0.10")

    denied = await refused(orders, ENTRY, slip, a_stop_at())

    assert denied.reason is Reason.PRICE_OUTSIDE_COLLAR
    assert denied.facts["of_order"] == 2


async def test_a_stop_that_becomes_a_market_order_is_refused_in_a_group_too(
    orders: OrderDesk,
) -> None:
    stop = replace(a_stop_at(), order_type=OrderType.STOP, price=None, price_effect=None)

    denied = await refused(orders, ENTRY, an_exit_at(), stop)

    assert denied.reason is Reason.MARKET_ORDER_REFUSED


async def test_without_a_quote_of_one_of_them_nothing_is_previewed(orders: OrderDesk) -> None:
    orders.broker.quoted.clear()

    assert (await refused(orders)).reason is Reason.QUOTE_MISSING


@pytest.mark.promise("limits")
async def test_a_group_counts_as_many_orders_as_are_sent(orders: OrderDesk) -> None:
    """At the preview, and again in the claim: two groups of three do not pass a limit of five."""
    orders.broker.day = Day.WORKING
    orders.limits = replace(orders.limits, orders_day_max=5)
    first, second = await preview_of(orders), await preview_of(orders)

    await orders.confirm(first)
    with pytest.raises(Denied) as claimed:
        await orders.confirm(second)
    at_preview = await _denied(preview_of(orders))

    assert {claimed.value.reason, at_preview.reason} == {Reason.DAY_ORDERS_ABOVE_LIMIT}
    assert len(orders.broker.tickets) == 1


async def test_an_equal_group_within_the_window_is_a_second_one(orders: OrderDesk) -> None:
    orders.broker.day, orders.limits = Day.WORKING, Limits()
    await orders.confirm(await preview_of(orders))

    denied = await _denied(preview_of(orders))

    assert denied.reason is Reason.DUPLICATE_ORDER


async def test_an_exit_that_was_sent_in_a_group_is_not_sent_again_alone(
    orders: OrderDesk,
) -> None:
    orders.broker.day, orders.limits = Day.WORKING, Limits()
    hold(orders)
    preview = await preview_of(orders, *EXITS, kind=GroupKind.OCO)
    await orders.confirm(preview)
    other = (await rows_of(orders, preview))[1]

    denied = await _denied(preview_of(orders, ENTRY, an_exit_at("3.00"), a_stop_at()))

    assert denied.reason is Reason.DUPLICATE_ORDER
    assert denied.facts["earlier_order_id"] == other.order_id


async def test_the_amounts_of_a_group_count_in_its_day_by_what_becomes_of_them(
    orders: OrderDesk,
) -> None:
    orders.broker.day = Day.WORKING
    await orders.confirm(await preview_of(orders))
    window = Window.at(orders.clock.now(), "scripted", Environment.PAPER)

    used = await orders.ledger.used(window)

    assert (used.orders_today, used.loss_usd_today) == (3, Decimal("120.00"))


async def test_an_exit_is_no_second_amount_of_its_group(orders: OrderDesk) -> None:
    """What closes what the entry opens binds nothing beside it."""
    entry, bracket = await orders.preview(), await preview_of(orders)

    assert notional_told(bracket) == notional_told(entry)


def notional_told(preview: Any) -> Any:
    (told,) = [each.facts for each in preview.checks if each.name == "notional"]
    return told


async def test_a_broker_that_holds_no_groups_is_sent_none(orders: OrderDesk) -> None:
    """The desk does not hold them together itself: it may not be there when it matters."""

    class Plain(ScriptedBroker):
        @property
        def capabilities(self) -> Capabilities:
            return replace(ABLE, groups=frozenset({GroupKind.OCO}))

    at(orders, Plain)

    denied = await refused(orders)

    assert denied.reason is Reason.NOT_SUPPORTED
    assert denied.facts == {"broker": "scripted", "cannot": "groups of kind otoco"}


SHARES_LATE = replace(
    ENTRY,
    legs=(a_leg("AAPL", Action.BUY_TO_OPEN, 10),),
    price=Decimal(200),
    time_in_force=TimeInForce.EXT,
)


async def test_the_rules_of_groups_are_told_by_name(orders: OrderDesk) -> None:
    for kind, terms, rule in (
        (GroupKind.OTO, BRACKET, "orders_of_a_group"),
        (GroupKind.OTOCO, (ENTRY, an_exit_at(), a_stop_at(quantity=2)), "sides_have_one_size"),
        (
            GroupKind.OTOCO,
            (ENTRY, an_exit_at(), a_stop_at(time_in_force=TimeInForce.DAY)),
            "sides_stand_equally_long",
        ),
        (
            GroupKind.OTO,
            (replace(ENTRY, time_in_force=TimeInForce.IOC), an_exit_at()),
            "orders_of_a_group_wait",
        ),
        (
            GroupKind.OTO,
            (SHARES_LATE, an_exit_at(legs=(a_leg("AAPL", Action.SELL_TO_CLOSE, 10),))),
            "orders_of_a_group_keep_to_regular_hours",
        ),
    ):
        assert (await refused(orders, *terms, kind=kind)).facts["rule"] == rule


async def test_a_marketable_limit_leads_a_group_and_waits_in_none(orders: OrderDesk) -> None:
    """What trades at once protects nothing, and nobody knows what the market is once it begins."""
    at_once = replace(ENTRY, order_type=OrderType.MARKETABLE_LIMIT)
    waiting = an_exit_at(order_type=OrderType.MARKETABLE_LIMIT)

    second = await refused(orders, ENTRY, waiting, kind=GroupKind.OTO)
    hold(orders)
    side = await refused(orders, waiting, a_stop_at(), kind=GroupKind.OCO)
    preview = await preview_of(orders, at_once, an_exit_at(), a_stop_at())

    assert preview.record.order.order_type is OrderType.MARKETABLE_LIMIT
    for denied in (second, side):
        assert denied.facts["rule"] == "a_marketable_limit_waits_for_no_other_order"


async def test_of_a_pair_the_one_that_waits_may_stop_there_and_the_trigger_may_not(
    orders: OrderDesk,
) -> None:
    """The call stands at 1.15 now: who waits is measured when it begins to work."""
    reached = replace(
        ENTRY,
        order_type=OrderType.STOP_LIMIT,
        stop_trigger=Decimal("1.10"),
    )

    preview = await preview_of(orders, ENTRY, a_stop_at("1.18", "1.16"), kind=GroupKind.OTO)
    alone = await _denied(preview_of(orders, reached, an_exit_at(), kind=GroupKind.OTO))

    assert preview.record.group_kind is GroupKind.OTO
    assert alone.facts["rule"] == "stop_is_reached_already"


async def test_what_waits_for_its_trigger_may_stop_beyond_the_market_of_now(
    orders: OrderDesk,
) -> None:
    """An entry that waits for 1.50 may be stopped out at 1.30, which the market is below now."""
    entry = replace(
        ENTRY,
        order_type=OrderType.STOP_LIMIT,
        stop_trigger=Decimal("1.50"),
        price=Decimal("1.55"),
    )

    preview = await preview_of(orders, entry, an_exit_at(), a_stop_at("1.30", "1.25"))
    hold(orders)
    alone = await _denied(
        preview_of(orders, an_exit_at(), a_stop_at("1.30", "1.25"), kind=GroupKind.OCO)
    )

    assert preview.nonce
    assert alone.facts["rule"] == "stop_is_reached_already"


async def test_an_exit_for_the_day_is_warned_of(orders: OrderDesk) -> None:
    day = TimeInForce.DAY
    sides = (an_exit_at(time_in_force=day), a_stop_at(time_in_force=day))

    preview = await preview_of(orders, ENTRY, *sides)

    assert preview.warnings == (
        "Order 2: It is good for the day on which order 1 fills, and ends at that day's close.",
        "Order 3: It is good for the day on which order 1 fills, and ends at that day's close.",
    )


async def test_sides_for_the_day_that_wait_for_nothing_end_with_today(orders: OrderDesk) -> None:
    """There is no order 1 that had to fill first."""
    hold(orders)
    day = TimeInForce.DAY

    preview = await preview_of(
        orders,
        an_exit_at(time_in_force=day),
        a_stop_at(time_in_force=day),
        kind=GroupKind.OCO,
    )

    assert [words for words in preview.warnings if "order 1 fills" in words] == []


async def test_a_group_in_a_closed_market_says_when_it_opens(orders: OrderDesk) -> None:
    orders.clock.at = SATURDAY
    orders.broker.quote_age = SATURDAY - datetime(2026, 11, 20, 21, 0, tzinfo=UTC)

    preview = await preview_of(orders, ENTRY, an_exit_at(), a_stop_at())

    assert "2026-11-23T14:30Z" in preview.warnings[0]


async def test_a_last_day_of_an_exit_on_which_nothing_trades_is_warned_of(
    orders: OrderDesk,
) -> None:
    """It ends earlier than its owner may think, and the position is bare from then on."""
    gtd, day = TimeInForce.GTD, date(2026, 12, 25)

    preview = await preview_of(
        orders,
        ENTRY,
        an_exit_at(time_in_force=gtd, gtd_date=day),
        a_stop_at(time_in_force=gtd, gtd_date=day),
    )

    ends = "Nothing trades on 2026-12-25: the order ends at the close of the session before."
    assert preview.warnings == (f"Order 2: {ends}", f"Order 3: {ends}")


# What works


async def working(orders: OrderDesk, *terms: Terms, kind: GroupKind = GroupKind.OTOCO) -> Any:
    orders.broker.day = Day.WORKING
    preview = await preview_of(orders, *terms, kind=kind)
    await orders.confirm(preview)
    return preview


async def cancelled(orders: OrderDesk, row: OrderRecord) -> tuple[str, ...]:
    preview = await orders.previewer.cancel(row.order_id, caller=ME)
    await orders.confirm(preview)
    return preview.warnings


async def test_cancelling_the_first_ends_all_and_the_preview_says_so(orders: OrderDesk) -> None:
    preview = await working(orders)

    warnings = await cancelled(orders, preview.record)

    assert warnings == ("This order leads a group (otoco): all that waits for it ends with it.",)
    assert await states(orders, preview) == [OrderState.CANCELLED] * 3


async def test_cancelling_a_side_ends_the_other_and_leaves_the_entry(orders: OrderDesk) -> None:
    preview = await working(orders)
    side = (await rows_of(orders, preview))[2]

    warnings = await cancelled(orders, side)

    assert warnings[1] == (
        "This order is one of a group (otoco). The other side of it ends with it."
        " Order 1 of the group works on, if it still does."
    )
    assert await states(orders, preview) == [
        OrderState.WORKING,
        OrderState.CANCELLED,
        OrderState.CANCELLED,
    ]


@pytest.mark.parametrize(
    ("kind", "terms", "place", "told"),
    [
        (GroupKind.OCO, EXITS, 1, "of a group (oco). The other side of it ends with it."),
        (GroupKind.OCO, EXITS, 2, "of a group (oco). The other side of it ends with it."),
        (
            GroupKind.OTO,
            (ENTRY, EXITS[0]),
            2,
            "of a group (oto). Order 1 of the group works on, if it still does.",
        ),
        (
            GroupKind.OTOCO,
            (ENTRY, *EXITS),
            2,
            (
                "of a group (otoco). The other side of it ends with it."
                " Order 1 of the group works on, if it still does."
            ),
        ),
    ],
)
async def test_a_cancel_says_what_else_ends_with_it(
    orders: OrderDesk, kind: GroupKind, terms: tuple[Terms, ...], place: int, told: str
) -> None:
    hold(orders, 2)
    preview = await working(orders, *terms, kind=kind)
    row = (await rows_of(orders, preview))[place - 1]

    warnings = await cancelled(orders, row)

    assert [words for words in warnings if "group" in words] == [f"This order is one {told}"]


async def test_two_exits_of_which_one_fills_promise_what_is_held_once(orders: OrderDesk) -> None:
    """With one of two held in an OCO, the other may be sold; a third may not."""
    hold(orders, 2)
    await working(orders, *EXITS, kind=GroupKind.OCO)

    one = await orders.preview(
        a_leg(CALL, Action.SELL_TO_CLOSE), price="1.10", effect=PriceEffect.CREDIT
    )
    with pytest.raises(Denied) as two:
        await orders.preview(
            a_leg(CALL, Action.SELL_TO_CLOSE, 2), price="1.10", effect=PriceEffect.CREDIT
        )

    assert one.nonce
    assert two.value.facts["in_working_orders"] == 1


async def test_exits_that_wait_promise_what_their_entry_brings(orders: OrderDesk) -> None:
    """What is held already may be sold meanwhile: nobody is kept in a position."""
    hold(orders)
    await working(orders)

    sold = await orders.preview(
        a_leg(CALL, Action.SELL_TO_CLOSE), price="1.10", effect=PriceEffect.CREDIT
    )

    assert sold.figures is not None
    assert sold.figures.risk_added == Decimal("-110.00")


async def test_an_exit_may_be_replaced_beside_its_other_side(orders: OrderDesk) -> None:
    """Neither fills beside the other, nor before the entry has."""
    change = Change(price=Decimal("2.60"), price_effect=PriceEffect.CREDIT)
    for kind, terms, place in ((GroupKind.OCO, EXITS, 0), (GroupKind.OTOCO, BRACKET, 1)):
        fresh = OrderDesk()
        hold(fresh, 1 if kind is GroupKind.OCO else 0)
        group = await working(fresh, *terms, kind=kind)
        row = (await rows_of(fresh, group))[place]

        preview = await fresh.previewer.replace(row.order_id, change, caller=ME)

        assert (await fresh.confirm(preview)).state is OrderState.WORKING
    assert orders.broker.tickets == []


# The owner


async def doubtful(orders: OrderDesk) -> Any:
    orders.broker.day = Day.LOST
    preview = await preview_of(orders)
    with pytest.raises(OutcomeUnknown):
        await orders.confirm(preview)
    return preview


async def test_the_owner_settles_a_group_by_any_of_its_orders(orders: OrderDesk) -> None:
    preview = await doubtful(orders)
    last = (await rows_of(orders, preview))[2]

    doubt = await orders.settler.look(last.order_id)
    assert isinstance(doubt, InDoubt)
    await orders.settler.not_placed(doubt)

    assert doubt.record.order_id == preview.record.order_id
    assert "Order 3 of 3:" in doubt.text
    assert await states(orders, preview) == [OrderState.LAPSED] * 3


@pytest.mark.promise("nothing-lost")
async def test_the_owners_word_on_the_first_leaves_the_others_in_doubt(orders: OrderDesk) -> None:
    """Each of them has a number of its own at the broker."""
    preview = await doubtful(orders)
    orders.broker.lookups = LookupStatus.INCOMPLETE
    first, second, third = await rows_of(orders, preview)
    for number, row in enumerate((first, second, third), start=1):
        seen = BrokerOrder(
            broker_order_id=f"b-{number}",
            client_order_id=None,
            order=row.order,
            state=OrderState.WORKING,
        )
        orders.broker.placed.append(seen)

    doubt = await orders.settler.look(first.order_id)
    assert isinstance(doubt, InDoubt)
    await orders.settler.placed(doubt, "b-1")
    left = await states(orders, preview)
    other = await orders.settler.look(second.order_id)
    assert isinstance(other, InDoubt)
    await orders.settler.placed(other, "b-2")

    assert left == [OrderState.WORKING, OrderState.UNKNOWN, OrderState.UNKNOWN]
    assert other.record.order_id == second.order_id
    assert other.text.splitlines()[-1] == "Asked about: order 2"
    assert await states(orders, preview) == [
        OrderState.WORKING,
        OrderState.WORKING,
        OrderState.UNKNOWN,
    ]


async def test_an_order_left_in_doubt_alone_is_found_by_its_own_id(orders: OrderDesk) -> None:
    preview = await doubtful(orders)
    orders.broker.lookups = LookupStatus.INCOMPLETE
    rows = await rows_of(orders, preview)
    for number, row in enumerate(rows, start=1):
        seen = BrokerOrder(
            broker_order_id=f"b-{number}",
            client_order_id=row.client_order_id,
            order=row.order,
            state=OrderState.WORKING,
        )
        orders.broker.placed.append(seen)
    doubt = await orders.settler.look(rows[0].order_id)
    assert isinstance(doubt, InDoubt)
    await orders.settler.placed(doubt, "b-1")

    orders.broker.lookups = None
    await reconciled(orders)

    assert [row.broker_order_id for row in await rows_of(orders, preview)] == ["b-1", "b-2", "b-3"]
    assert await states(orders, preview) == [OrderState.WORKING] * 3


async def test_in_a_halt_what_only_opens_is_taken_back_of_a_group_too(orders: OrderDesk) -> None:
    preview = await working(orders)
    await orders.halt.engage(HALT)

    withdrawal = await orders.withdrawer(actor="owner", path="cli")

    assert [row.target_order_id for row in withdrawal.cancels] == [preview.record.order_id]
    assert await states(orders, preview) == [OrderState.CANCELLED] * 3


async def test_a_cancel_of_a_replacement_names_the_group_that_it_stands_in(
    orders: OrderDesk,
) -> None:
    """A group's order that was repriced takes as much along as before."""
    hold(orders)
    preview = await working(orders, *EXITS, kind=GroupKind.OCO)
    first = (await rows_of(orders, preview))[0]
    change = Change(price=Decimal("2.30"), price_effect=PriceEffect.CREDIT)
    replacing = await orders.previewer.replace(first.order_id, change, caller=ME)
    await orders.confirm(replacing)

    told = await orders.previewer.cancel(replacing.record.order_id, caller=ME)

    assert "This order is one of a group (oco). The other side of it ends with it." in told.warnings


async def test_a_replacement_whose_first_order_is_gone_stands_by_itself(orders: OrderDesk) -> None:
    """A database that was restored may lack the older row."""
    hold(orders)
    preview = await working(orders, *EXITS, kind=GroupKind.OCO)
    first = (await rows_of(orders, preview))[0]
    change = Change(price=Decimal("2.30"), price_effect=PriceEffect.CREDIT)
    replacing = await orders.previewer.replace(first.order_id, change, caller=ME)
    await orders.confirm(replacing)
    del orders.ledger.records[first.order_id]

    told = await orders.previewer.cancel(replacing.record.order_id, caller=ME)

    assert told.warnings == ("This order closes AAPL positions: without it nothing protects them.",)


async def test_in_a_halt_openings_that_end_together_are_taken_back_once(orders: OrderDesk) -> None:
    """A second cancel would be refused, and told and counted as one that failed."""
    second = replace(ENTRY, price=Decimal("1.10"))
    for kind in (GroupKind.OTO, GroupKind.OCO):
        preview = await working(orders, ENTRY, second, kind=kind)
        await orders.halt.engage(HALT)

        withdrawal = await orders.withdrawer(actor="owner", path="cli")

        assert [row.target_order_id for row in withdrawal.cancels] == [preview.record.order_id]
        assert set(await states(orders, preview)) == {OrderState.CANCELLED}
        await orders.halt.release(_note())
    failures = await orders.ledger.failures_in_row("scripted", Environment.PAPER)
    assert failures.failures == 0


@pytest.mark.promise("halt")
async def test_in_a_halt_an_opening_is_left_whose_end_would_take_protection_along(
    orders: OrderDesk,
) -> None:
    """One cancels the other: without the bid the exit would be gone too."""
    hold(orders)
    bid = replace(ENTRY, price=Decimal("1.00"), time_in_force=TimeInForce.GTC)
    preview = await working(orders, bid, an_exit_at(), kind=GroupKind.OCO)
    first = (await rows_of(orders, preview))[0]
    change = Change(price=Decimal("1.05"), price_effect=PriceEffect.DEBIT)
    orders.limits = replace(orders.limits, duplicate_window_s=0)
    await orders.halt.engage(HALT)

    alone = await orders.withdrawer(actor="owner", path="cli")
    await orders.halt.release(_note())
    replacing = await orders.previewer.replace(first.order_id, change, caller=ME)
    await orders.confirm(replacing)
    await orders.halt.engage(HALT)
    replaced = await orders.withdrawer(actor="owner", path="cli")

    assert (alone.cancels, replaced.cancels) == ((), ())
    assert {row.order.only_opens for row in alone.kept} == {True, False}


async def test_every_order_of_a_group_is_listed_with_its_group(orders: OrderDesk) -> None:
    preview = await working(orders)

    page = await orders.book.page("paper-margin", page=1, page_size=9)
    together = await orders.book.group((await rows_of(orders, preview))[1])

    assert {row.group_id for row in page.rows} == {preview.record.order_id}
    assert sorted(row.group_place or 0 for row in page.rows) == [1, 2, 3]
    assert [row.group_place for row in together] == [1, 2, 3]


async def test_an_order_by_itself_is_in_no_group(orders: OrderDesk) -> None:
    row = await orders.confirm(await orders.preview())

    assert (row.group_id, row.group_kind, row.group_place) == (None, None, None)
    assert await orders.book.group(row) == ()


async def test_a_group_that_was_refused_leaves_a_line_with_all_of_it(orders: OrderDesk) -> None:
    await refused(orders, ENTRY, an_exit_at("0.10"), a_stop_at())

    (line,) = orders.ledger.trail
    group: Any = line.body["group"]
    assert (line.kind, group["kind"]) == ("refused", "otoco")
    assert [read_canonical(each["order"]).limit_net for each in group["others"]] == [
        Decimal("-0.10"),
        Decimal("-0.75"),
    ]


async def _denied(previewing: Any) -> Denied:
    with pytest.raises(Denied) as denied:
        await previewing
    return denied.value


def _note() -> Note:
    return Note(at=NOON + timedelta(seconds=1), actor="owner", path="cli", kind="resumed")


async def test_the_trail_tells_of_a_group_with_every_order_of_it(orders: OrderDesk) -> None:
    preview = await preview_of(orders)
    first, *others = await rows_of(orders, preview)

    assert payload_of(first, others)["group"] == {
        "kind": "otoco",
        "group_id": first.order_id,
        "place": 1,
        "others": [
            {
                "order_id": other.order_id,
                "client_order_id": other.client_order_id,
                "place": place,
                "order": other.order.canonical,
            }
            for place, other in enumerate(others, start=2)
        ],
    }


async def test_rows_that_are_not_one_group_are_refused_by_the_rule(orders: OrderDesk) -> None:
    preview = await preview_of(orders)
    first, *others = await rows_of(orders, preview)

    for rows in (others[::-1], [replace(others[0], account_id="another"), others[1]]):
        with pytest.raises(Denied) as denied:
            ticket_of(first, rows)
        assert denied.value.reason is Reason.NONCE_MISMATCH
        assert denied.value.facts == {"rule": "rows_of_one_group"}


async def test_a_cancel_of_one_order_of_a_group_has_every_order_of_it_followed(
    orders: OrderDesk,
) -> None:
    """What filled, or ended with it, is known at once and not by the next round."""
    orders.broker.day = Day.WORKING
    preview = await preview_of(orders)
    await orders.confirm(preview)
    first, side, _ = await rows_of(orders, preview)
    cancel = await orders.previewer.cancel(side.order_id, caller=ME)
    orders.broker.placed[0] = replace(
        orders.broker.placed[0], state=OrderState.FILLED, filled_units=1
    )

    await orders.confirm(cancel)

    filled, cancelled = OrderState.FILLED, OrderState.CANCELLED
    assert await states(orders, preview) == [filled, cancelled, cancelled]
    line = (await orders.ledger.events(first.order_id))[-1]
    assert (line.kind, line.actor, line.path) == ("broker:filled", ME, "tool:confirm_order")
