"""`strikedesk orders`: what is in doubt is listed, and settled by the owner's word alone."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from strikedesk.cli.office import Office, open_office
from strikedesk.domain.ledger import Note, OrderRecord, Progress
from strikedesk.domain.states import OrderState
from tests.builders import a_preview
from tests.unit.cli_door import call


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "desk"))
    monkeypatch.setenv("STRIKEDESK_PAPER__CLOCK", "frozen:2026-11-20T16:00:00+00:00")
    return tmp_path / "desk"


def at_office(work: Callable[[Office], Coroutine[Any, Any, OrderRecord | None]]) -> OrderRecord:
    async def run() -> OrderRecord | None:
        async with open_office() as office:
            return await work(office)

    row = asyncio.run(run())
    assert row is not None
    return row


def left_in_doubt(
    broker: str = "elsewhere", *, number: int = 1, order_id: str | None = None
) -> None:
    """Leave a row whose answer was lost, at a broker that this desk cannot ask."""
    name = order_id or f"order-{number}"

    async def write(office: Office) -> OrderRecord | None:
        note = Note(at=office.clock.now(), actor="stdio", path="test", kind="noted")
        await office.ledger.open_preview(a_preview(number, broker=broker, order_id=name), note)
        for state in (OrderState.SUBMITTING, OrderState.UNKNOWN):
            await office.ledger.advance(
                name, Progress(state=state), only_from=set(OrderState), note=note
            )
        return await office.ledger.order(name)

    at_office(write)


def row() -> OrderRecord:
    return at_office(lambda office: office.ledger.order("order-1"))


def test_what_is_in_doubt_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody has to ask an assistant what the desk does not know."""
    empty = call(capsys, "orders", "list", "--unsettled")
    left_in_doubt()

    listed = call(capsys, "orders", "list", "--unsettled").out

    assert empty.out.strip() == "Nothing is in doubt."
    assert "order-1" in listed
    assert "unknown" in listed
    assert "order-1" in call(capsys, "orders", "list").out


def test_an_order_s_id_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """`orders settle` wants it: a table must not cut what has to be typed."""
    name = "044d9c8a-e982-46dd-8617-6e895610cd4c"
    left_in_doubt(order_id=name)

    listed = call(capsys, "orders", "list", "--unsettled").out

    assert name in listed
    assert "…" not in listed


def test_what_was_left_out_of_a_long_list_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that ends without a word is taken for all there is."""
    monkeypatch.setattr("strikedesk.cli.settling.SHOWN_MAX", 1)
    for number in (1, 2, 3):
        left_in_doubt(number=number)

    shown = call(capsys, "orders", "list", "--unsettled").out

    assert "order-3" in shown
    assert "2 older ones were not looked at." in shown


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (["--not-placed"], OrderState.LAPSED),
        (["--placed", "b-1"], OrderState.SUBMITTED),
    ],
)
def test_the_owner_settles_it_and_is_shown_what(
    capsys: pytest.CaptureFixture[str], words: list[str], state: OrderState
) -> None:
    left_in_doubt()

    done = call(capsys, "orders", "settle", "order-1", *words, "--yes")

    assert (done.code, row().state) == (0, state)
    assert "BUY TO OPEN 1 contract" in done.out


def refuse(_question: str) -> bool:
    return False


def test_without_a_yes_nothing_changes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    left_in_doubt()
    monkeypatch.setattr("typer.confirm", refuse)

    done = call(capsys, "orders", "settle", "order-1", "--not-placed")

    assert (done.code, row().state) == (0, OrderState.UNKNOWN)
    assert "Nothing was changed." in done.out


@pytest.mark.parametrize("words", [[], ["--not-placed", "--placed", "b-1"]])
def test_it_is_one_or_the_other(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    left_in_doubt()

    done = call(capsys, "orders", "settle", "order-1", *words)

    assert (done.code, row().state) == (2, OrderState.UNKNOWN)


def test_a_broker_that_cannot_be_opened_does_not_keep_the_owner_from_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A damaged world is when there is most to settle."""
    left_in_doubt("paper:default")
    call(capsys, "doctor")
    (home / "config.toml").write_text('[paper]\ntape = "/nowhere/tape.csv"\nworld = "taped"\n')

    done = call(capsys, "orders", "settle", "order-1", "--not-placed", "--yes")

    assert (done.code, row().state) == (0, OrderState.LAPSED), done.err


def test_an_order_that_nobody_made_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    refused = call(capsys, "orders", "settle", "order-9", "--not-placed", "--yes")

    assert refused.code == 1
    assert "2110 ORDER_UNKNOWN" in refused.err


def test_what_is_settled_already_is_told_and_left_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The desk asks its broker when it opens: most doubts end there."""
    left_in_doubt()
    call(capsys, "orders", "settle", "order-1", "--placed", "b-1", "--yes")

    again = call(capsys, "orders", "settle", "order-1", "--not-placed", "--yes")

    assert (again.code, row().state) == (0, OrderState.SUBMITTED)
    assert again.out.startswith("There is nothing to settle. Sent. Order order-1 is submitted")
