"""The stop on the owner's page: as hard to press for a stranger as an approval."""

import html
from datetime import timedelta

import pytest

from strikedesk.domain.ledger import Halt, HeldBy
from strikedesk.domain.states import OrderState
from tests.builders import NOON
from tests.fakes.broker import Day
from tests.tools.test_approvals_page import COOKIE, PAGE, STRANGE, Door, post

BURNS = Halt(since=NOON, actor="token:<i>laptop</i>", why="it <b>burns</b>")


def form(door: Door, act: str, **other: str) -> dict[str, str]:
    """Return what the page's form of the stop would send."""
    since = door.desk.halt.halt.since.isoformat() if door.desk.halt.halt else ""
    return {"token": door.keys.form, "act": act, "since": since} | other


def kinds(door: Door) -> list[tuple[str, str, str]]:
    return [(line.kind, line.actor, line.path) for line in door.desk.ledger.trail]


@pytest.mark.promise("halt")
async def test_the_owner_halts_and_resumes_with_a_press() -> None:
    door = Door()
    async with door.browser() as browser:
        allowed = await browser.get(PAGE)
        halted = await post(browser, form(door, "halt"))
        held = door.desk.halt.halt
        resumed = await post(browser, form(door, "resume"))

    assert "Trading is allowed." in allowed.text
    assert 'value="halt"' in allowed.text
    assert 'value="resume"' not in allowed.text
    assert "Trading is halted" in halted.text
    assert 'value="resume"' in halted.text
    assert held == Halt(since=NOON, actor="owner", why="by the owner, on the page")
    assert "Trading is allowed again." in resumed.text
    assert door.desk.halt.halt is None
    assert kinds(door) == [("halted", "owner", "page")]


@pytest.mark.promise("halt")
async def test_what_a_model_gave_as_its_reason_is_shown_as_text() -> None:
    door = Door()
    door.desk.halt.halt = BURNS
    async with door.browser() as browser:
        shown = await browser.get(PAGE)

    assert html.escape(BURNS.why) in shown.text
    assert "<b>burns" not in shown.text
    assert "<i>laptop" not in shown.text
    assert 'class="halted"' in shown.text


@pytest.mark.promise("halt")
@pytest.mark.parametrize("act", ["halt", "resume"])
@pytest.mark.parametrize(("odd", "headers"), STRANGE)
async def test_no_stranger_halts_or_resumes(
    act: str, odd: dict[str, str], headers: dict[str, str]
) -> None:
    """A page elsewhere that could resume would undo the owner's last means."""
    door = Door()
    door.desk.halt.halt = BURNS if act == "resume" else None
    async with door.browser() as browser:
        if "Cookie" in headers:
            browser.cookies.clear()
        refused = await post(browser, form(door, act, **odd), **headers)

    assert refused.status_code == 403
    assert door.desk.halt.halt == (BURNS if act == "resume" else None)


@pytest.mark.promise("halt")
@pytest.mark.parametrize("act", ["halt", "resume"])
async def test_looking_moves_no_switch(act: str) -> None:
    door = Door()
    door.desk.halt.halt = BURNS if act == "resume" else None
    async with door.browser() as browser:
        await browser.get(PAGE, params=form(door, act))
    async with door.browser(known=False) as stranger:
        stranger.cookies.set(COOKIE, "guess")
        refused = await post(stranger, form(door, act))

    assert refused.status_code == 403
    assert door.desk.halt.halt == (BURNS if act == "resume" else None)


@pytest.mark.promise("halt")
@pytest.mark.parametrize("seen", ["", "2026-01-01T00:00:00+00:00"])
async def test_a_resume_lifts_the_halt_that_was_seen_and_no_later_one(seen: str) -> None:
    """Somebody halted again while the page lay open, and the owner has not read why."""
    door = Door()
    door.desk.halt.halt = Halt(since=NOON + timedelta(hours=1), actor="breaker", why="failures")
    async with door.browser() as browser:
        refused = await post(browser, form(door, "resume", since=seen))

    assert "another halt than you saw" in refused.text
    assert door.desk.halt.halt is not None


@pytest.mark.promise("halt")
async def test_a_file_leaves_no_button_and_a_resume_past_it_is_no_success() -> None:
    door = Door()
    door.desk.halt.halt = Halt(since=NOON, actor="file", why="it lies", held_by=HeldBy.FILE)
    door.desk.halt.stays = True
    async with door.browser() as browser:
        shown = await browser.get(PAGE)
        pressed = await post(browser, form(door, "resume"))

    assert 'value="resume"' not in shown.text
    assert "remove the file HALT" in shown.text
    assert "allowed again" not in pressed.text
    assert "held_by=file" in pressed.text


async def test_a_resume_without_a_halt_changes_nothing() -> None:
    door = Door()
    async with door.browser() as browser:
        told = await post(browser, form(door, "resume"))

    assert "was not halted" in told.text


@pytest.mark.promise("halt")
@pytest.mark.parametrize(
    ("day", "words"), [(Day.WORKING, "is halted."), (Day.REJECTED, "Not every")]
)
async def test_the_page_s_halt_takes_back_what_opens_where_the_owner_set_it(
    day: Day, words: str
) -> None:
    door = Door(policy="model", safety={"cancel_opening_at_halt": True})
    door.desk.broker.day = Day.WORKING
    row = await door.sent()
    door.desk.broker.day = day
    async with door.browser() as browser:
        told = await post(browser, form(door, "halt"))

    state = OrderState.CANCELLED if day is Day.WORKING else OrderState.WORKING
    assert words in told.text
    assert door.desk.ledger.records[row.order_id].state is state
