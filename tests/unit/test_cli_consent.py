"""The owner's word at the command line, on a real database: it sends by itself, or never."""

import asyncio
import re
from collections.abc import Callable, Coroutine, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from strikedesk.cli.consenting import outcome
from strikedesk.domain.approvals import Voice
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import Action, OrderType
from strikedesk.domain.states import OrderState
from strikedesk.domain.symbols import parse_equity
from strikedesk.orders.approve import Said
from strikedesk.orders.draft import Draft
from strikedesk.orders.preview import Preview
from strikedesk.settings import Folders, load
from strikedesk.wiring import Desk, open_desk
from tests.builders import a_leg
from tests.unit.cli_door import call

T = TypeVar("T")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    monkeypatch.setenv("STRIKEDESK_CONSENT", "click")
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", "frozen:2026-11-20T16:00:00+00:00")
    return tmp_path / "desk"


def at_desk(work: Callable[[Desk], Coroutine[Any, Any, T]]) -> T:
    """Do something at a desk that is closed again before the owner's command comes."""

    async def run() -> T:
        async with open_desk(load()) as desk:
            return await work(desk)

    return asyncio.run(run())


async def preview(desk: Desk) -> Preview:
    """Preview a share bought at the offer."""
    spy = parse_equity("SPY")
    quote = (await desk.market.fresh({spy}))[spy]
    draft = Draft(
        account="paper-margin",
        legs=(a_leg("SPY", Action.BUY),),
        order_type=OrderType.LIMIT,
        price=quote.ask or Decimal(1),
        price_effect=PriceEffect.DEBIT,
    )
    return await desk.previewer.place(draft, caller="stdio")


async def confirmed(desk: Desk) -> Preview:
    shown = await preview(desk)
    await desk.confirm(shown.record.preview_id, shown.nonce or "", caller="stdio")
    return shown


def state_of(shown: Preview) -> OrderState:
    async def read(desk: Desk) -> OrderState:
        row = await desk.ledger.order(shown.record.order_id)
        assert row is not None
        return row.state

    return at_desk(read)


def held() -> list[int]:
    async def read(desk: Desk) -> list[int]:
        account = await desk.books.named("paper-margin")
        return [p.quantity for p in await desk.books.broker.positions(account.account_id)]

    return at_desk(read)


@pytest.mark.promise("owner-asked")
def test_an_order_that_waits_is_listed_approved_and_sent_while_no_server_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An assistant that refuses to press the last button is no dead end."""
    shown = at_desk(preview)
    assert shown.pending is not None

    listed = call(capsys, "approvals").out
    done = call(capsys, "approve", shown.pending.name)
    again = call(capsys, "approve", shown.record.order_id)

    assert shown.pending.text in listed
    assert f"strikedesk approve {shown.pending.name}" in listed
    assert done.code == 0
    assert done.out.startswith(shown.pending.text)
    assert f"Sent. Order {shown.record.order_id} is filled: 1 of 1 units filled" in done.out
    assert again.out.splitlines()[-1] == done.out.splitlines()[-1]
    assert held() == [1]
    assert "Nothing waits" in call(capsys, "approvals").out


async def test_an_approval_works_beside_a_server_that_runs() -> None:
    """The desk stays open; the owner's command is another process's at the same database."""
    async with open_desk(load()) as server, open_desk(load()) as owner:
        shown = await preview(server)
        record = await owner.approvals.named(shown.record.order_id)
        said = Said(voice=Voice.OWNER, actor="owner", path="cli")
        row = await owner.approver.approve(record, said)

        seen, _ = await server.orders.get(shown.record.order_id)
        assert seen.state is row.state is OrderState.FILLED
        assert "is filled" in outcome(row)


@pytest.mark.promise("owner-asked")
def test_a_declined_order_is_never_sent(capsys: pytest.CaptureFixture[str]) -> None:
    shown = at_desk(preview)

    declined = call(capsys, "decline", shown.record.order_id)
    approved = call(capsys, "approve", shown.record.order_id)
    again = call(capsys, "decline", shown.record.order_id)

    assert (declined.code, approved.code, again.code) == (0, 1, 0)
    assert "CONSENT_DECLINED" in approved.err
    assert held() == []


def test_what_was_sent_cannot_be_declined(capsys: pytest.CaptureFixture[str]) -> None:
    """The owner must not believe that it was stopped."""
    shown = at_desk(preview)
    call(capsys, "approve", shown.record.order_id)

    late = call(capsys, "decline", shown.record.order_id)

    assert late.code == 1
    assert "state=filled" in late.err


@pytest.mark.parametrize("command", ["approve", "decline"])
def test_what_does_not_wait_is_named_so(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, command, "ABCD-0000-0000")

    assert done.code == 1
    assert "APPROVAL_UNKNOWN" in done.err


@pytest.mark.promise("halt")
@pytest.mark.parametrize("held_by", ["switch", "file"])
def test_a_halted_desk_sends_nothing_that_the_owner_approves(
    held_by: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = at_desk(preview)
    if held_by == "switch":
        call(capsys, "halt")
    else:
        Folders.find().halt_file.touch()

    done = call(capsys, "approve", shown.record.order_id)

    assert done.code == 1
    assert "TRADING_HALTED" in done.err
    assert f"held_by={held_by}" in done.err
    assert held() == []


async def resting(desk: Desk) -> Sequence[str]:
    """Put a call bought and a share sold to work, both far from the market, of what is held."""
    spy = parse_equity("SPY")
    quote = (await desk.market.fresh({spy}))[spy]
    days = [each.day for each in await desk.market.expirations(spy) if each.day.month == 12]
    call_of = f"SPY{days[-1]:%y%m%d}C00600000"
    rows: list[str] = []
    for leg, price, effect in (
        (a_leg("SPY", Action.BUY), quote.ask, PriceEffect.DEBIT),
        (a_leg("SPY", Action.SELL), Decimal(900), PriceEffect.CREDIT),
        (a_leg(call_of), Decimal("0.01"), PriceEffect.DEBIT),
    ):
        draft = Draft(
            account="paper-margin",
            legs=(leg,),
            order_type=OrderType.LIMIT,
            price=price,
            price_effect=effect,
        )
        shown = await desk.previewer.place(draft, caller="stdio")
        row = await desk.confirm(shown.record.preview_id, shown.nonce or "", caller="stdio")
        rows.append(row.order_id)
    return rows[1:]


@pytest.mark.promise("halt")
@pytest.mark.parametrize("said", ["by the option", "in the settings"])
def test_the_owner_s_halt_may_take_back_what_opens(
    said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the real paper broker, with everything between the command and its book."""
    monkeypatch.setenv("STRIKEDESK_CONSENT", "model")
    selling, opening = at_desk(resting)
    if said == "in the settings":
        monkeypatch.setenv("STRIKEDESK_SAFETY__CANCEL_OPENING_AT_HALT", "true")

    done = call(capsys, "halt", *(["--cancel-opening"] if said == "by the option" else []))
    again = call(capsys, "halt", "--cancel-opening")

    assert done.code == 0, done.err
    assert f"Order {opening} (SPY) is cancelled." in done.out
    assert f"Left at work, for it may protect something: {selling}" in done.out
    assert "No order at work opens anything." in again.out


def test_a_halt_alone_takes_nothing_back(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIKEDESK_CONSENT", "model")
    at_desk(resting)

    done = call(capsys, "halt")

    assert (done.code, len(done.out.splitlines())) == (0, 1)


def test_a_code_is_shown_to_the_owner_and_opens_the_order(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is the only place where it can be read; the next look makes another."""
    monkeypatch.setenv("STRIKEDESK_CONSENT", "code")
    shown = at_desk(confirmed)

    first, second = (
        re.findall(r"this code, once: (\d{4} \d{4})", call(capsys, "approvals").out)[0]
        for _ in range(2)
    )

    assert first != second
    assert state_of(shown) is OrderState.AWAITING_CONSENT
