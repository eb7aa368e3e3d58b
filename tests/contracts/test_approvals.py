"""What every ledger promises about orders that wait for a person."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from strikedesk.domain.accounts import Environment
from strikedesk.domain.approvals import PENDING_MAX, TRIES_MAX, Approval, ConsentPolicy
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import NonceState, OrderRecord, Progress
from strikedesk.domain.ports import Ledger
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.usage import Allowance, Use, Used, Window
from tests.builders import NOON, a_note, a_preview

AWAITING = Progress(state=OrderState.AWAITING_CONSENT)
SUBMITTING = Progress(state=OrderState.SUBMITTING)
DECLINED = Progress(state=OrderState.DECLINED, reason="CONSENT_DECLINED")


def an_approval(number: int = 1) -> Approval:
    """Return what a person is asked from one second after noon, for five minutes."""
    return Approval(
        order_id=f"order-{number}",
        policy=ConsentPolicy.CODE,
        digest=f"digest-{number}",
        requested_at=NOON + timedelta(seconds=1),
        expires_at=NOON + timedelta(seconds=301),
    )


async def ask(ledger: Ledger, number: int = 1, *, seconds: float = 1) -> OrderRecord | None:
    await ledger.open_preview(a_preview(number), a_note("previewed"))
    note = a_note("consent_asked", seconds=seconds)
    return await ledger.claim(
        f"preview-{number}",
        nonce_hash=f"hash-{number}",
        binding=f"binding-{number}",
        progress=AWAITING,
        now=note.at,
        note=note,
        approval=an_approval(number),
    )


async def agree(
    ledger: Ledger, number: int = 1, *, seconds: float = 2, digest: str | None = None
) -> OrderRecord | None:
    note = a_note("submitting", seconds=seconds)
    return await ledger.consent(
        f"order-{number}",
        digest=digest or f"digest-{number}",
        progress=SUBMITTING,
        now=note.at,
        note=note,
    )


async def kinds(ledger: Ledger, number: int = 1) -> list[str]:
    return [event.kind for event in await ledger.events(f"order-{number}")]


async def test_asking_spends_the_nonce_and_keeps_the_question_in_one_step(ledger: Ledger) -> None:
    row = await ask(ledger)

    preview = await ledger.preview("preview-1")
    assert row is not None
    assert preview is not None
    assert (row.state, preview.nonce_state) == (OrderState.AWAITING_CONSENT, NonceState.SPENT)
    assert await ledger.approval("order-1") == an_approval()
    assert await kinds(ledger) == ["previewed", "consent_asked"]
    assert await ledger.approval("order-2") is None


async def test_an_agreed_order_moves_on_for_exactly_one_caller(ledger: Ledger) -> None:
    """Whoever comes second, or at the same moment, gets nothing to send."""
    await ask(ledger)

    moved = await asyncio.gather(*(agree(ledger) for _ in range(8)))

    rows = [row for row in moved if row is not None]
    assert [row.state for row in rows] == [OrderState.SUBMITTING]
    assert await kinds(ledger) == ["previewed", "consent_asked", "submitting"]


@pytest.mark.parametrize("seconds", [0.999, 301, 9_999])
async def test_out_of_its_time_no_order_moves_on(ledger: Ledger, seconds: float) -> None:
    await ask(ledger)

    assert await agree(ledger, seconds=seconds) is None
    assert await kinds(ledger) == ["previewed", "consent_asked"]
    assert await agree(ledger, seconds=300.999) is not None


async def test_a_word_on_another_text_moves_nothing(ledger: Ledger) -> None:
    await ask(ledger)

    assert await agree(ledger, digest="digest-2") is None
    assert await agree(ledger, 7) is None


async def test_what_never_asked_or_was_declined_moves_nothing(ledger: Ledger) -> None:
    await ledger.open_preview(a_preview(1), a_note("previewed"))
    await ask(ledger, 2)
    await ledger.advance(
        "order-2", DECLINED, only_from={OrderState.AWAITING_CONSENT}, note=a_note("not_sent")
    )

    assert await agree(ledger, 1) is None
    assert await agree(ledger, 2) is None


async def test_a_sixth_question_writes_nothing_at_all(ledger: Ledger) -> None:
    """Its preview stays as good as it was, and the trail whole."""
    for number in range(1, PENDING_MAX + 1):
        assert await ask(ledger, number) is not None

    with pytest.raises(Denied) as denied:
        await ask(ledger, 6)

    preview = await ledger.preview("preview-6")
    assert denied.value.reason is Reason.APPROVALS_FULL
    assert preview is not None
    assert preview.nonce_state is NonceState.LIVE
    assert preview.record.state is OrderState.PREVIEWED
    assert await ledger.approval("order-6") is None
    assert await kinds(ledger, 6) == ["previewed"]
    assert await ledger.verify() is None


async def test_questions_asked_at_once_are_not_more_than_five(ledger: Ledger) -> None:
    """Several processes may ask in one moment."""
    asked = await asyncio.gather(*(ask(ledger, n) for n in range(1, 10)), return_exceptions=True)

    assert sum(isinstance(each, OrderRecord) for each in asked) == PENDING_MAX
    assert await ledger.verify() is None


async def test_what_was_answered_or_has_expired_makes_room(ledger: Ledger) -> None:
    for number in range(1, PENDING_MAX + 1):
        await ask(ledger, number)
    await agree(ledger, 1)

    assert await ask(ledger, 6) is not None
    with pytest.raises(Denied):
        await ask(ledger, 7)
    late = replace(a_preview(8), expires_at=NOON + timedelta(hours=1))
    await ledger.open_preview(late, a_note("previewed"))
    later = a_note("consent_asked", seconds=301)
    row = await ledger.claim(
        "preview-8",
        nonce_hash="hash-8",
        binding="binding-8",
        progress=AWAITING,
        now=later.at,
        note=later,
        approval=replace(an_approval(8), requested_at=later.at, expires_at=late.expires_at),
    )
    assert row is not None


async def test_a_code_is_right_or_costs_a_try(ledger: Ledger) -> None:
    await ask(ledger)

    assert not await ledger.try_code("order-1", "early", a_note("code_wrong"))
    assert await ledger.set_code("order-1", "right", a_note("code_read_out"))
    assert await ledger.try_code("order-1", "right", a_note("code_wrong"))
    for _ in range(TRIES_MAX):
        assert not await ledger.try_code("order-1", "wrong", a_note("code_wrong"))

    assert not await ledger.try_code("order-1", "right", a_note("code_wrong"))
    assert await ledger.approval("order-1") == replace(
        an_approval(), code_hash="right", tries_left=0
    )
    assert (await kinds(ledger)).count("code_wrong") == 1 + TRIES_MAX + 1


async def test_guesses_at_once_cost_a_try_each(ledger: Ledger) -> None:
    await ask(ledger)
    await ledger.set_code("order-1", "right", a_note())

    await asyncio.gather(
        *(ledger.try_code("order-1", f"guess-{n}", a_note("code_wrong")) for n in range(4))
    )

    approval = await ledger.approval("order-1")
    assert approval is not None
    assert approval.tries_left == TRIES_MAX - 4


async def test_an_order_that_waits_for_nobody_has_no_code(ledger: Ledger) -> None:
    await ledger.open_preview(a_preview(1), a_note())
    await ask(ledger, 2)
    await agree(ledger, 2)

    for order in ("order-1", "order-2", "order-9"):
        assert not await ledger.set_code(order, "right", a_note())
        assert not await ledger.try_code(order, "right", a_note())
        await ledger.mark_unheard(order, "decline", a_note())
    assert await ledger.approval("order-2") == an_approval(2)
    assert await kinds(ledger, 1) == ["noted"]


async def test_the_first_reason_for_not_being_heard_stays(ledger: Ledger) -> None:
    await ask(ledger)

    await ledger.mark_unheard("order-1", "decline", a_note("client_unheard"))
    await ledger.mark_unheard("order-1", "cancel", a_note("client_unheard"))

    assert await ledger.approval("order-1") == replace(an_approval(), unheard="decline")
    assert (await kinds(ledger)).count("client_unheard") == 1


@pytest.mark.parametrize("refused", [False, True])
async def test_what_an_agreed_order_uses_is_counted_in_the_same_step(
    ledger: Ledger, *, refused: bool
) -> None:
    """It counts when it leaves, not while it waits; what no longer fits moves nothing."""
    window = Window.at(NOON, "paper", Environment.PAPER)
    await ask(ledger)
    waiting = await ledger.used(window)

    def admit(used: Used) -> None:
        if refused:
            raise Denied(Reason.DAY_ORDERS_ABOVE_LIMIT, orders=used.orders_today)

    use = Use(loss_usd=Decimal(120), notional_usd=Decimal(120))
    note = a_note("submitting", seconds=2)
    agreed = ledger.consent(
        "order-1",
        digest="digest-1",
        progress=SUBMITTING,
        now=note.at,
        note=note,
        allowance=Allowance(window=window, use=use, admit=admit),
    )
    if refused:
        with pytest.raises(Denied):
            await agreed
    else:
        assert await agreed is not None

    row = await ledger.order("order-1")
    counted = await ledger.used(window)
    assert waiting.orders_today == 0
    assert row is not None
    assert (row.state is OrderState.AWAITING_CONSENT) == refused
    assert counted.orders_today == (0 if refused else 1)
    assert await ledger.verify() is None
