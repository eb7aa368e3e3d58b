"""The owner's page: on this machine, for one browser, and only a form of ours answers."""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from strikedesk.domain.accounts import Environment
from strikedesk.domain.approvals import Approval
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.money import PriceEffect
from strikedesk.domain.orders import OrderType
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.approvals import Pending
from strikedesk.orders.draft import Draft
from strikedesk.web.approvals import COOKIE, Keys, approval_routes
from tests.builders import a_leg
from tests.fakes.broker import ACCOUNT
from tests.fakes.desks import CALL, MemoryDesk
from tests.tools.core_door import settings

HERE = "http://127.0.0.1:9"
PAGE = f"{HERE}/approvals"


@dataclass
class Door:
    """A page over a desk of memory, and the browser at it."""

    policy: str = "click"
    safety: Mapping[str, object] = field(default_factory=dict[str, object])
    client: tuple[str, int] = ("127.0.0.1", 50_000)
    keys: Keys = field(default_factory=Keys)

    def __post_init__(self) -> None:
        self.desk = MemoryDesk(settings(consent={"paper": self.policy}, safety=self.safety))
        self.app = Starlette(routes=[*approval_routes(self.desk, self.keys)])

    @asynccontextmanager
    async def browser(self, *, known: bool = True) -> AsyncGenerator[httpx2.AsyncClient]:
        """Yield a client, let in by the link unless it is to be a stranger."""
        transport = httpx2.ASGITransport(app=self.app, client=self.client)
        async with httpx2.AsyncClient(transport=transport) as browser:
            if known:
                assert (await browser.get(self.keys.address(HERE))).status_code == 303
            yield browser

    async def waiting(self) -> Pending:
        """Return an order that waits."""
        pending = await (await self.desk.desk()).approvals.of(await self.sent())
        assert pending is not None
        return pending

    async def sent(self) -> OrderRecord:
        """Preview an order, and confirm it where a nonce is given."""
        desk = await self.desk.desk()
        draft = Draft(
            account=ACCOUNT.handle,
            legs=(a_leg(CALL),),
            order_type=OrderType.LIMIT,
            price=Decimal("1.20"),
            price_effect=PriceEffect.DEBIT,
        )
        shown = await desk.previewer.place(draft, caller="token:<b>laptop</b>")
        row = shown.record
        if shown.nonce is not None:
            row = await desk.confirm(row.preview_id, shown.nonce, caller=row.caller)
        return row

    def form(self, pending: Pending, **other: str) -> dict[str, str]:
        """Return what the page's form would send."""
        said = {
            "token": self.keys.form,
            "order": pending.record.order_id,
            "digest": pending.approval.digest,
            "act": "approve",
        }
        return said | other

    def state_of(self, pending: Pending) -> OrderState:
        return self.desk.ledger.records[pending.record.order_id].state


async def post(
    browser: httpx2.AsyncClient, form: Mapping[str, str], **headers: str
) -> httpx2.Response:
    return await browser.post(PAGE, data=dict(form), headers={"Origin": HERE, **headers})


@pytest.mark.promise("owner-asked")
async def test_a_button_of_the_page_sends_once_and_tells_what_came_of_it() -> None:
    door = Door()
    pending = await door.waiting()
    async with door.browser() as browser:
        shown = await browser.get(PAGE)
        done = await post(browser, door.form(pending))
        again = await post(browser, door.form(pending))

    assert pending.text in shown.text
    assert shown.text.count("<article><pre>") == 1
    assert "is filled: 1 of 1 units filled" in done.text
    assert "is filled: 1 of 1 units filled" in again.text
    assert "Nothing waits for you." in done.text
    assert len(door.desk.broker.tickets) == 1


@pytest.mark.promise("owner-asked")
async def test_declining_sends_nothing_for_good() -> None:
    door = Door()
    pending = await door.waiting()
    async with door.browser() as browser:
        done = await post(browser, door.form(pending, act="decline"))
        again = await post(browser, door.form(pending))

    assert "is declined." in done.text
    assert "CONSENT_DECLINED" in again.text
    assert door.desk.broker.tickets == []


@pytest.mark.promise("owner-asked")
async def test_nothing_is_answered_by_looking() -> None:
    """Previews of links and eager browsers fetch whatever they see."""
    door = Door()
    pending = await door.waiting()
    async with door.browser() as browser:
        await browser.get(PAGE, params=door.form(pending))
        await browser.get(PAGE, params=door.form(pending, act="decline"))
        put = await browser.put(PAGE, data=door.form(pending))

    assert put.status_code == 405
    assert door.state_of(pending) is OrderState.AWAITING_CONSENT


STRANGE: list[tuple[dict[str, str], dict[str, str]]] = [
    ({}, {"Origin": "http://evil.example"}),
    ({}, {"Origin": "null"}),
    ({}, {"Origin": "http://127.0.0.1:10"}),
    ({}, {"Origin": "https://127.0.0.1:9"}),
    ({}, {"Origin": ""}),
    ({}, {"Host": "evil.example"}),
    ({}, {"Host": "127.0.0.1.nip.io", "Origin": "http://127.0.0.1.nip.io"}),
    ({}, {"Host": "evil.example:9", "Origin": "http://evil.example:9"}),
    ({}, {"X-Forwarded-For": "127.0.0.1"}),
    ({}, {"Forwarded": "for=127.0.0.1"}),
    ({}, {"Cookie": f"{COOKIE}=guess"}),
    ({"token": ""}, {}),
    ({"token": "guess"}, {}),
]


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize(("form", "headers"), STRANGE)
async def test_a_form_that_is_not_ours_is_refused(
    form: dict[str, str], headers: dict[str, str]
) -> None:
    """Any page in the owner's browser may post to this address; none but ours is heard."""
    door = Door()
    pending = await door.waiting()
    async with door.browser() as browser:
        if "Cookie" in headers:
            browser.cookies.clear()
        refused = await post(browser, door.form(pending, **form), **headers)

    assert refused.status_code == 403
    assert pending.record.order_id not in refused.text
    assert door.state_of(pending) is OrderState.AWAITING_CONSENT
    assert door.desk.broker.tickets == []


@pytest.mark.promise("owner-asked")
async def test_a_form_without_an_origin_is_refused() -> None:
    """A browser tells it with every form."""
    door = Door()
    pending = await door.waiting()
    async with door.browser() as browser:
        refused = await browser.post(PAGE, data=door.form(pending))

    assert refused.status_code == 403
    assert door.state_of(pending) is OrderState.AWAITING_CONSENT


@pytest.mark.promise("owner-asked")
@pytest.mark.parametrize("client", ["192.168.1.9", "::ffff:10.0.0.1", "testclient"])
async def test_a_browser_on_another_machine_sees_and_sends_nothing(client: str) -> None:
    """Also where the server listens to the whole net."""
    door = Door()
    pending = await door.waiting()
    door.client = (client, 50_000)
    async with door.browser(known=False) as browser:
        link = await browser.get(door.keys.address(HERE))
        browser.cookies.set(COOKIE, door.keys.cookie)
        seen = await browser.get(PAGE)
        refused = await post(browser, door.form(pending))

    assert [each.status_code for each in (link, seen, refused)] == [403, 403, 403]
    assert "AAPL" not in seen.text
    assert door.state_of(pending) is OrderState.AWAITING_CONSENT


async def test_a_browser_without_the_link_sees_no_order() -> None:
    door = Door()
    await door.waiting()
    async with door.browser(known=False) as browser:
        seen = await browser.get(PAGE)
        guessed = await browser.get(f"{PAGE}?key=guess")

    assert (seen.status_code, guessed.status_code) == (403, 403)
    assert "AAPL" not in seen.text + guessed.text
    assert not browser.cookies


async def test_the_link_is_swapped_for_a_cookie_that_other_sites_cannot_use() -> None:
    door = Door()
    async with door.browser(known=False) as browser:
        let_in = await browser.get(door.keys.address(HERE))

    cookie = let_in.headers["set-cookie"].lower()
    assert let_in.headers["location"] == "/approvals"
    assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/approvals"))
    assert door.keys.link not in cookie


async def test_the_page_runs_no_script_and_lets_nobody_frame_it() -> None:
    door = Door()
    pending = await door.waiting()
    async with door.browser() as browser:
        shown = await browser.get(PAGE)

    policy = shown.headers["content-security-policy"]
    assert "<script" not in shown.text
    assert "<b>laptop" not in shown.text
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert shown.headers["cache-control"] == "no-store"
    assert pending.approval.digest in shown.text


async def test_a_page_that_grew_old_approves_nothing() -> None:
    """The owner pressed under another text than the one that waits now."""
    door = Door()
    pending = await door.waiting()
    async with door.browser() as browser:
        stale = await post(browser, door.form(pending, digest="0" * 64))
        bare = await post(browser, {k: v for k, v in door.form(pending).items() if k != "digest"})
        odd = await post(browser, door.form(pending, act="everything"))
        long = await post(browser, door.form(pending, more="x" * 5_000))

    assert "APPROVAL_CHANGED" in stale.text
    assert "APPROVAL_CHANGED" in bare.text
    assert "INVALID_ARGUMENT" in odd.text
    assert long.status_code == 403
    assert door.state_of(pending) is OrderState.AWAITING_CONSENT


async def test_real_money_wants_a_second_act() -> None:
    """One press too many is a loss there."""
    door = Door()
    door.desk.broker.environment = Environment.LIVE
    pending = await door.waiting()
    async with door.browser() as browser:
        shown = await browser.get(PAGE)
        pressed = await post(browser, door.form(pending, typed=""))
        before = len(door.desk.broker.tickets)
        typed = await post(browser, door.form(pending, typed=pending.name[:4].lower()))

    assert "type the first four characters" in shown.text
    assert "CODE_WRONG" in pressed.text
    assert before == 0
    assert "is filled" in typed.text


async def test_a_code_is_shown_when_the_owner_asks_for_one() -> None:
    door = Door(policy="code")
    pending = await door.waiting()
    async with door.browser() as browser:
        first = await browser.get(PAGE)
        shown = await post(browser, door.form(pending, act="code"))

    code = re.findall(r"this code, once: (\d{8})", shown.text)
    kept: Approval = door.desk.ledger.approvals[pending.record.order_id]
    assert "Show a code" in first.text
    assert kept.code_hash is not None
    assert len(code) == 1
    assert door.state_of(pending) is OrderState.AWAITING_CONSENT


async def test_a_desk_that_cannot_be_opened_says_so_to_its_owner() -> None:
    door = Door()
    door.desk.fails_with = Misconfigured(Reason.VAULT_LOCKED)
    async with door.browser() as browser:
        shown: Any = await browser.get(PAGE)

    assert (shown.status_code, "VAULT_LOCKED" in shown.text) == (503, True)
