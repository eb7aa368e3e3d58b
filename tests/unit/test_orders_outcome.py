"""The outcome table: what a submission's answer, or its lack, means for the row. Row by row."""

from dataclasses import dataclass, field
from decimal import Decimal

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
from strikedesk.orders.outcome import progress_of, progress_of_failure
from tests.builders import an_order_record
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
