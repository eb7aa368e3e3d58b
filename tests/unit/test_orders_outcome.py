"""The outcome table: what a submission's answer, or its lack, means for the row. Row by row."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from strikedesk.domain.broking import BrokerOrder, Receipt, Ticket
from strikedesk.domain.errors import (
    Denied,
    DeskError,
    Misconfigured,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from strikedesk.domain.ledger import Progress, TicketKind
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.draft import Change
from strikedesk.orders.outcome import (
    is_news,
    never_left,
    no_longer_in_doubt,
    progress_of,
    progress_of_failure,
    progress_of_group,
    progress_of_receipt,
    told,
)
from tests.builders import a_leg, an_order, an_order_record
from tests.fakes.broker import Day, ScriptedBroker
from tests.unit.order_desk import OrderDesk

UNKNOWN, REJECTED, LAPSED = OrderState.UNKNOWN, OrderState.REJECTED, OrderState.LAPSED


@dataclass
class Breaks(ScriptedBroker):
    """Answers every ticket with this."""

    error: Exception = field(default_factory=OSError)

    async def submit(self, ticket: Ticket) -> Receipt:
        self.tickets.append(ticket)
        raise self.error


TABLE = [
    pytest.param(
        Rejected(Reason.BROKER_REJECTED, code="margin_check_failed"),
        REJECTED,
        "margin_check_failed",
        Rejected,
        id="a refusal with a code",
    ),
    pytest.param(
        Rejected(Reason.BROKER_REJECTED),
        REJECTED,
        "BROKER_REJECTED",
        Rejected,
        id="a refusal without one",
    ),
    pytest.param(
        Rejected(Reason.BROKER_REJECTED, code="<b>call 555</b>"),
        REJECTED,
        "unlisted_code",
        Rejected,
        id="a refusal in prose",
    ),
    pytest.param(
        Unavailable(Reason.BROKER_UNAVAILABLE),
        LAPSED,
        "BROKER_UNAVAILABLE",
        Unavailable,
        id="it never left",
    ),
    pytest.param(
        Denied(Reason.NOT_SUPPORTED), LAPSED, "NOT_SUPPORTED", Denied, id="the adapter will not"
    ),
    pytest.param(
        Misconfigured(Reason.VAULT_LOCKED),
        LAPSED,
        "VAULT_LOCKED",
        Denied,
        id="the link cannot be opened",
    ),
    pytest.param(
        Unavailable(Reason.DATABASE_UNAVAILABLE),
        UNKNOWN,
        "OUTCOME_UNKNOWN",
        OutcomeUnknown,
        id="a database that went away over it",
    ),
    pytest.param(
        OutcomeUnknown("id"), UNKNOWN, "OUTCOME_UNKNOWN", OutcomeUnknown, id="it may have arrived"
    ),
    pytest.param(
        DeskError(Reason.DESK_FAULT),
        UNKNOWN,
        "OUTCOME_UNKNOWN",
        OutcomeUnknown,
        id="an error of no kind",
    ),
    *(
        pytest.param(error, UNKNOWN, "OUTCOME_UNKNOWN", OutcomeUnknown, id=type(error).__name__)
        for error in (
            TimeoutError(),
            ConnectionResetError(),
            ConnectionRefusedError(),
            ValueError("Expecting value: line 1"),
            KeyError("order-id"),
        )
    ),
]


@pytest.mark.promise("nothing-lost")
@pytest.mark.parametrize(("error", "state", "reason", "heard"), TABLE)
async def test_only_a_definite_word_ends_a_submission(
    orders: OrderDesk, error: Exception, state: OrderState, reason: str, heard: type[DeskError]
) -> None:
    """Anything that is neither a refusal nor a certain not-sent leaves an order that may exist."""
    orders.broker = Breaks(clock=orders.clock, quoted=orders.broker.quoted, error=error)
    orders.restart()
    preview = await orders.preview()

    for _ in range(2):
        with pytest.raises(heard):
            await orders.confirm(preview)

    row = await orders.row(preview)
    assert (row.state, row.reason) == (state, reason)
    assert len(orders.broker.tickets) == 1


@pytest.mark.promise("nothing-lost")
@pytest.mark.parametrize("reason", list(Reason))
def test_no_other_reason_makes_an_outage_a_certain_not_sent(reason: Reason) -> None:
    """An adapter that names its outage differently says no more than that it broke."""
    certain = reason is Reason.BROKER_UNAVAILABLE

    state = progress_of_failure(Unavailable(reason)).state

    assert state is (LAPSED if certain else UNKNOWN)


async def test_a_refusal_names_the_order_that_it_is_about(orders: OrderDesk) -> None:
    orders.broker.day = Day.REJECTED
    preview = await orders.preview()

    with pytest.raises(Rejected) as rejected:
        await orders.confirm(preview)

    assert rejected.value.reason is Reason.BROKER_REJECTED
    assert rejected.value.facts == {
        "code": "margin_check_failed",
        "order_id": preview.record.order_id,
        "client_order_id": preview.record.client_order_id,
    }


@pytest.mark.parametrize("cancels", [True, False])
async def test_a_change_that_was_refused_names_also_the_order_that_works_on(
    orders: OrderDesk, *, cancels: bool
) -> None:
    orders.broker.day = Day.WORKING
    old = await orders.confirm(await orders.preview())
    change = Change(price=Decimal("1.19"), price_effect=PriceEffect.DEBIT)
    previewer = orders.previewer
    preview = (
        await previewer.cancel(old.order_id, caller="stdio")
        if cancels
        else await previewer.replace(old.order_id, change, caller="stdio")
    )
    orders.broker.day = Day.REJECTED

    with pytest.raises(Rejected) as rejected:
        await orders.confirm(preview)

    assert rejected.value.reason is Reason.CHANGE_REJECTED
    assert rejected.value.facts == {
        "code": "margin_check_failed",
        "order_id": preview.record.order_id,
        "client_order_id": preview.record.client_order_id,
        "acts_on": old.order_id,
    }


@pytest.mark.parametrize(
    ("seen", "state", "reason"),
    [
        (OrderState.CANCELLED, OrderState.CANCELLED, None),
        (OrderState.CANCEL_PENDING, OrderState.CANCEL_PENDING, None),
        (OrderState.WORKING, OrderState.CANCEL_PENDING, None),
        (OrderState.PARTIALLY_FILLED, OrderState.CANCEL_PENDING, None),
        (OrderState.FILLED, REJECTED, "order_not_working"),
        (OrderState.EXPIRED, REJECTED, "order_not_working"),
    ],
)
def test_a_cancel_stands_as_the_order_that_it_takes_back_lets_it(
    seen: OrderState, state: OrderState, reason: str | None
) -> None:
    """Its number is that of its target, and the fills are not its own."""
    record = an_order_record(kind=TicketKind.CANCEL, target_broker_order_id="b-1")
    order = BrokerOrder(
        broker_order_id="b-1",
        client_order_id="another",
        order=record.order,
        state=seen,
        filled_units=1 if seen is OrderState.FILLED else 0,
    )

    assert progress_of(record, order) == Progress(state=state, broker_order_id="b-1", reason=reason)


@pytest.mark.parametrize("reason", ["BROKER_UNAVAILABLE", "DATABASE_UNAVAILABLE"])
def test_what_an_outage_kept_here_may_be_previewed_again(reason: str) -> None:
    error = never_left(an_order_record(state=LAPSED, reason=reason), {"limit": 1})

    assert isinstance(error, Unavailable)
    assert error.reason.name == reason
    assert error.facts == {"order_id": "order-1", "then": "preview it again"}


@pytest.mark.parametrize(
    ("kept", "told"),
    [("QUOTE_STALE", Reason.QUOTE_STALE), ("settled", Reason.PREVIEW_VOID), (None, None)],
)
def test_what_lapsed_is_told_by_its_reason_with_its_figures(
    kept: str | None, told: Reason | None
) -> None:
    """A row may have been written by another version, whose reason this one does not know."""
    record = an_order_record(state=LAPSED, reason=kept)

    error = never_left(record, {"limit": 1, "state": "previewed"})

    assert isinstance(error, Denied)
    assert error.reason is (told or Reason.PREVIEW_VOID)
    assert error.facts == {"limit": 1, "order_id": "order-1", "state": "lapsed"}


WORKING = an_order_record(
    state=OrderState.WORKING,
    broker_order_id="b-1",
    filled_units=1,
    average_net=Decimal("1.20"),
    fees=Decimal("0.50"),
    replaced_by="b-2",
)


@pytest.mark.parametrize(
    ("says", "news"),
    [
        ({"state": OrderState.FILLED}, True),
        ({"filled_units": 2}, True),
        ({"average_net": Decimal("1.19")}, True),
        ({"fees": Decimal("0.51")}, True),
        ({"broker_order_id": "b-3"}, True),
        ({"replaced_by": "b-3"}, True),
        ({}, False),
        ({"filled_units": 1, "average_net": Decimal("1.20"), "fees": Decimal("0.50")}, False),
        ({"broker_order_id": "b-1", "replaced_by": "b-2"}, False),
    ],
)
def test_each_thing_that_a_broker_tells_is_news_by_itself(
    says: dict[str, Any], *, news: bool
) -> None:
    """What it does not tell is no news: a row forgets nothing by it."""
    progress: dict[str, Any] = {"state": OrderState.WORKING, **says}

    assert is_news(WORKING, Progress(**progress)) is news


def an_order_seen(**says: Any) -> BrokerOrder:
    plain: dict[str, Any] = {
        "broker_order_id": "b-1",
        "client_order_id": "client-1",
        "order": an_order(a_leg(quantity=4)),
        "state": OrderState.WORKING,
        "filled_units": 0,
    }
    return BrokerOrder(**{**plain, **says})


def test_everything_that_a_broker_tells_of_an_order_is_taken_over() -> None:
    seen = an_order_seen(
        state=OrderState.PARTIALLY_FILLED,
        filled_units=2,
        average_net=Decimal("1.20"),
        fees=Decimal("0.50"),
        reject_code="margin_check_failed",
        replaced_by="b-2",
    )

    assert progress_of(an_order_record(state=OrderState.WORKING), seen) == Progress(
        state=OrderState.PARTIALLY_FILLED,
        broker_order_id="b-1",
        filled_units=2,
        average_net=Decimal("1.20"),
        fees=Decimal("0.50"),
        reason="margin_check_failed",
        replaced_by="b-2",
    )


def test_a_number_that_is_none_leaves_the_order_in_doubt_by_name() -> None:
    with pytest.raises(OutcomeUnknown) as unknown:
        progress_of(an_order_record(), an_order_seen(broker_order_id="call 555 0100 now"))

    assert unknown.value.client_order_id == "client-1"


@pytest.mark.parametrize(
    ("kind", "units", "filled"),
    [("replace", 3, 3), ("replace", 4, 2), ("replace", 5, 2), ("place", 3, 2)],
)
def test_a_replacement_counts_what_its_predecessors_filled(
    kind: str, units: int, filled: int
) -> None:
    """A broker that tells more than was asked for has filled nothing less by that."""
    order = an_order(a_leg(quantity=4))
    record = an_order_record(kind=TicketKind(kind), state=OrderState.WORKING, order=order)
    seen = an_order_seen(order=an_order(a_leg(quantity=units)), filled_units=2)

    assert progress_of(record, seen).filled_units == filled


@pytest.mark.parametrize(("filled", "news"), [(1, False), (2, True), (3, True)])
def test_a_broker_that_tells_fewer_fills_looked_before_we_did(filled: int, *, news: bool) -> None:
    record = an_order_record(state=OrderState.PARTIALLY_FILLED, filled_units=2)
    seen = an_order_seen(state=OrderState.PARTIALLY_FILLED, filled_units=filled)

    progress = progress_of(record, seen)

    assert (progress.broker_order_id == "b-1") is news
    assert progress.state is OrderState.PARTIALLY_FILLED


def test_a_group_is_taken_row_by_row_or_left_in_doubt_whole() -> None:
    rows = [an_order_record(number, state=OrderState.SUBMITTING) for number in (1, 2)]
    seen = [an_order_seen(broker_order_id=f"b-{n}", client_order_id=f"client-{n}") for n in (1, 2)]
    doubt = Progress(state=UNKNOWN, reason="OUTCOME_UNKNOWN")

    whole = progress_of_group(rows[0], rows[1:], seen)

    assert (whole.state, whole.broker_order_id) == (OrderState.WORKING, "b-1")
    assert [(o.state, o.broker_order_id) for o in whole.others] == [(OrderState.WORKING, "b-2")]
    for some in (seen[:1], seen[::-1], [*seen, seen[0]]):
        assert progress_of_group(rows[0], rows[1:], some) == doubt


def test_an_order_by_itself_is_taken_whatever_its_broker_calls_it() -> None:
    """Not every broker gives our own id back."""
    record = an_order_record(state=OrderState.SUBMITTING)
    seen = an_order_seen(client_order_id=None)
    receipt = Receipt(client_order_id="client-1", broker_order=seen)

    assert progress_of_receipt(record, (), receipt).broker_order_id == "b-1"


def test_what_ends_a_doubt_takes_its_reason_along_in_every_row() -> None:
    rejected = Progress(state=REJECTED, reason="margin_check_failed")
    working = Progress(state=OrderState.WORKING, broker_order_id="b-1")

    found = no_longer_in_doubt(replace(working, others=(working, rejected)))

    other = replace(working, reason="found_at_broker")
    assert found == replace(other, others=(other, rejected))


@pytest.mark.parametrize("state", list(OrderState))
def test_a_row_is_told_as_it_is_or_as_the_error_that_its_end_means(state: OrderState) -> None:
    record = an_order_record(state=state, reason="QUOTE_STALE")
    errors: dict[OrderState, type[DeskError]] = {
        REJECTED: Rejected,
        UNKNOWN: OutcomeUnknown,
        OrderState.SUBMITTING: OutcomeUnknown,
        LAPSED: Denied,
        OrderState.DECLINED: Denied,
    }

    if state in errors:
        with pytest.raises(errors[state]) as error:
            told(record)
        named = {"order_id": "order-1", "client_order_id": "client-1"}
        assert error.value.facts.items() & named.items()
    else:
        assert told(record) is record
