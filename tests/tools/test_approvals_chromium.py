"""The owner's page in a real browser: the link lets it in, a press sends, no other page can."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from strikedesk.domain.states import OrderState
from strikedesk.server.http import WebServer, listen
from tests.tools.chromium import chromium, needs_chromium
from tests.tools.test_approvals_page import Door

pytestmark = needs_chromium
SHOT = os.environ.get("STRIKEDESK_TEST_SCREENSHOT")  # noqa: TID251 -- where somebody wants to look


@asynccontextmanager
async def served(app: Starlette) -> AsyncGenerator[str]:
    """Serve on a free port; yield the address."""
    listener = listen("127.0.0.1", 0)
    web = WebServer.of(app)
    async with anyio.create_task_group() as group:
        group.start_soon(web.serve, [listener])
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            web.should_exit = True


@pytest.mark.promise("owner-asked")
async def test_a_person_opens_the_link_reads_and_presses() -> None:
    door = Door()
    pending = await door.waiting()
    other = await door.waiting()
    async with served(door.app) as here, chromium() as browser:
        await browser.go(door.keys.address(here))
        address, read = await browser.address(), await browser.text("article pre")
        if SHOT:
            Path(SHOT).write_bytes(await browser.picture())  # noqa: ASYNC240 -- a look, by hand
        await browser.press("article button[value=approve]")
        told = await browser.text("p.told")
        await browser.press("article button[value=decline]")
        declined = await browser.text("p.told")
        left = await browser.text()

    assert address == f"{here}/approvals"
    assert read == pending.text
    assert told.endswith("is filled: 1 of 1 units filled.")
    assert declined.endswith("is declined.")
    assert "Nothing waits for you." in left
    assert door.state_of(pending) is OrderState.FILLED
    assert door.state_of(other) is OrderState.DECLINED
    assert len(door.desk.broker.tickets) == 1


@pytest.mark.promise("owner-asked")
async def test_a_page_of_another_site_cannot_press_for_the_owner() -> None:
    """It knows every field of the form, the secret one too, and the browser is let in."""
    door = Door()
    pending = await door.waiting()
    fields = "".join(
        f'<input name="{name}" value="{value}">' for name, value in door.form(pending).items()
    )

    async with served(door.app) as here:

        async def lure(_: object) -> HTMLResponse:
            return HTMLResponse(
                f'<form method="post" action="{here}/approvals">{fields}<button>Win</button></form>'
                f'<iframe src="{here}/approvals"></iframe>'
            )

        async with served(Starlette(routes=[Route("/", lure)])) as evil, chromium() as browser:
            await browser.go(door.keys.address(here))
            await browser.go(f"{evil.replace('127.0.0.1', 'localhost')}/")
            await browser.press("button")
            told = await browser.text()

    assert "Open this page with the link" in told
    assert door.state_of(pending) is OrderState.AWAITING_CONSENT
    assert door.desk.broker.tickets == []


async def test_the_page_runs_no_script_even_where_one_is_written_into_it() -> None:
    """Its policy forbids what nothing of ours needs."""
    door = Door()
    await door.waiting()
    async with served(door.app) as here, chromium() as browser:
        await browser.go(door.keys.address(here))
        await browser.run(
            "const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
            "document.body.append(s);"
        )
        ran = await browser.run("return window.ran === undefined")

    assert ran is True


@pytest.mark.promise("halt")
async def test_a_person_halts_and_resumes_on_the_page() -> None:
    """What is approved in the halt lapses: it is not sent, nor when trading is allowed again."""
    door = Door()
    pending = await door.waiting()
    async with served(door.app) as here, chromium() as browser:
        await browser.go(door.keys.address(here))
        await browser.press("button[value=halt]")
        halted = await browser.text()
        engaged = door.desk.halt.halt
        await browser.press("article button[value=approve]")
        refused = await browser.text("p.told")
        await browser.press("button[value=resume]")
        resumed = await browser.text("p.told")

    assert "Trading is halted" in halted
    assert engaged is not None
    assert engaged.why == "by the owner, on the page"
    assert "halted" in refused.lower()
    assert "Trading is allowed again." in resumed
    assert door.desk.halt.halt is None
    assert door.desk.broker.tickets == []
    assert door.state_of(pending) is OrderState.LAPSED
