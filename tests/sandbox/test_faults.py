"""The fault panel: every bad day of a client, over real sockets, the same every time."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import anyio
import httpx2
import pytest
import pytest_asyncio
from tastytrade import Account, Session

from strikedesk.sandbox.faults.line import HUGE_BYTES
from tests.patience import PATIENCE_S
from tests.sandbox.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORDERS = "/accounts/5WS00001/orders"
LEG = {"instrument-type": "Equity", "symbol": "AAPL", "action": "Buy to Open", "quantity": 1}
ORDER = {
    "order-type": "Limit",
    "time-in-force": "GTC",
    "price": "226.50",
    "price-effect": "Debit",
    "legs": [LEG],
}


@pytest_asyncio.fixture(loop_scope="module")
async def control(sandbox: Served) -> AsyncGenerator[httpx2.AsyncClient]:
    """The control port; the panel is left as it was found."""
    transport = httpx2.ASGITransport(sandbox.control)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client
        await client.delete("/faults")


async def arm(control: httpx2.AsyncClient, kind: str, **more: Any) -> int:
    answer = await control.post("/faults", json={"kind": kind, "path": ORDERS, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["number"]


async def tags(http: httpx2.AsyncClient) -> list[str]:
    live = (await http.get(f"{ORDERS}/live")).json()["data"]["items"]
    return [order.get("external-identifier") for order in live]


async def place(http: httpx2.AsyncClient, tag: str, **more: Any) -> httpx2.Response:
    return await http.post(ORDERS, json={**ORDER, "external-identifier": tag}, **more)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_status_answers_and_nothing_is_carried_out(
    control: httpx2.AsyncClient, http: httpx2.AsyncClient, status: int
) -> None:
    tag = f"status-{status}"
    await arm(control, "status", status=status, retry_after_s=7)
    refused, taken = await place(http, tag), await place(http, f"{tag}-again")

    assert (refused.status_code, taken.status_code) == (status, 201)
    assert refused.headers["retry-after"] == "7"
    assert refused.headers["x-simulated"].startswith("true")
    assert ("json" in refused.headers["content-type"]) is (status <= 500)
    known = await tags(http)
    assert tag not in known
    assert f"{tag}-again" in known


async def test_a_reset_before_the_order_leaves_none(
    control: httpx2.AsyncClient, http: httpx2.AsyncClient
) -> None:
    await arm(control, "reset")
    with pytest.raises(httpx2.TransportError):
        await place(http, "reset")

    assert "reset" not in await tags(http)


async def test_an_order_whose_answer_is_lost_is_there_all_the_same(
    control: httpx2.AsyncClient, http: httpx2.AsyncClient
) -> None:
    """The one case for which a client needs a tag of its own."""
    await arm(control, "lost")
    with pytest.raises(httpx2.TransportError):
        await place(http, "lost")

    assert (await tags(http)).count("lost") == 1


async def test_an_order_that_hangs_is_there_too(
    control: httpx2.AsyncClient, http: httpx2.AsyncClient
) -> None:
    """The client gives up first; or the panel lets go, and the connection ends."""
    await arm(control, "hang")
    with pytest.raises(httpx2.ReadTimeout):
        await place(http, "hang", timeout=0.2)
    number = await arm(control, "hang")
    async with anyio.create_task_group() as group:

        async def hang() -> None:
            with pytest.raises(httpx2.TransportError):
                await place(http, "hang-on", timeout=PATIENCE_S)

        group.start_soon(hang)
        with anyio.fail_after(PATIENCE_S):
            while "hang-on" not in await tags(http):
                pass
        assert (await control.delete(f"/faults/{number}")).status_code == 200

    known = await tags(http)
    assert (known.count("hang"), known.count("hang-on")) == (1, 1)


async def test_a_client_that_has_gone_before_its_connection_is_cut_breaks_nothing(
    sandbox: Served,
    control: httpx2.AsyncClient,
    http: httpx2.AsyncClient,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its socket has gone with it: there is nothing left to cut."""
    await arm(control, "hang")
    with pytest.raises(httpx2.ReadTimeout):
        await place(http, "gone", timeout=0.2)
    with anyio.fail_after(PATIENCE_S):
        while sandbox.panel.under_way:
            await anyio.lowlevel.checkpoint()

    assert [line.getMessage() for line in caplog.records if line.levelname == "ERROR"] == []


async def test_an_order_that_came_whole_is_taken_although_its_sender_has_gone(
    sandbox: Served, control: httpx2.AsyncClient, http: httpx2.AsyncClient
) -> None:
    """A broker does not look whether anybody waits still; a desk that was killed has to know."""
    number = await arm(control, "delay", delay_ms=None)
    with pytest.raises(httpx2.ReadTimeout):
        await place(http, "the last word", timeout=0.2)
    await control.delete(f"/faults/{number}")
    with anyio.fail_after(PATIENCE_S):
        while sandbox.panel.under_way:
            await anyio.lowlevel.checkpoint()

    assert (await tags(http)).count("the last word") == 1


async def test_the_panel_tells_what_is_still_under_way(
    sandbox: Served, control: httpx2.AsyncClient, http: httpx2.AsyncClient
) -> None:
    """Who waits for it to be none knows that nothing more comes of what was sent."""
    number = await arm(control, "late", delay_ms=None)
    with pytest.raises(httpx2.TransportError):
        await place(http, "under way")
    held = (await control.get("/faults")).json()["under_way"]
    await control.delete(f"/faults/{number}")
    with anyio.fail_after(PATIENCE_S):
        await sandbox.panel.settled()

    assert (held, (await control.get("/faults")).json()["under_way"]) == (1, 0)


async def test_an_order_may_be_taken_after_it_was_given_up(
    sandbox: Served, control: httpx2.AsyncClient, http: httpx2.AsyncClient
) -> None:
    """Who looks for it once, at once, and sends it again has two."""
    number = await arm(control, "late", delay_ms=None)
    with pytest.raises(httpx2.TransportError):
        await place(http, "late")
    before = await tags(http)
    await control.delete(f"/faults/{number}")
    with anyio.fail_after(PATIENCE_S):
        await sandbox.panel.settled()

    assert "late" not in before
    assert (await tags(http)).count("late") == 1


async def test_a_delay_only_delays(control: httpx2.AsyncClient, http: httpx2.AsyncClient) -> None:
    number = await arm(control, "delay", delay_ms=None)
    answers: list[int] = []
    async with anyio.create_task_group() as group:

        async def placed() -> None:
            answers.append((await place(http, "delay", timeout=PATIENCE_S)).status_code)

        group.start_soon(placed)
        with anyio.fail_after(PATIENCE_S):
            while not (await control.get("/faults")).json()["faults"][0]["struck"]:
                await tags(http)  # Over a socket, so that the other side has its turn.
        assert "delay" not in await tags(http)
        await control.delete(f"/faults/{number}")

    assert answers == [201]


@pytest.mark.parametrize("how", ["empty", "html", "half", "huge", "echo", "redirect"])
async def test_a_spoilt_answer_still_means_that_the_order_is_there(
    control: httpx2.AsyncClient, http: httpx2.AsyncClient, how: str
) -> None:
    tag = f"garbled-{how}"
    await arm(control, "garbled", how=how)
    answer = await place(http, tag, follow_redirects=False)

    assert answer.status_code == (302 if how == "redirect" else 201)
    match how:
        case "huge":
            assert len(answer.content) > HUGE_BYTES
        case "echo":
            assert answer.json()["external-identifier"] == tag
        case "redirect":
            assert answer.headers["location"] == "/elsewhere"
        case _:
            with pytest.raises(json.JSONDecodeError):
                answer.json()
    assert (await tags(http)).count(tag) == 1


async def test_a_mishap_strikes_those_that_it_is_for_and_as_often_as_it_was_told(
    control: httpx2.AsyncClient, http: httpx2.AsyncClient
) -> None:
    await arm(control, "status", status=500, path="/accounts/*/balances", skip=1, times=2)
    await arm(control, "status", status=429, path="*", method="DELETE", times=None)
    path = "/accounts/5WS00001/balances"

    told = [(await http.get(path)).status_code for _ in range(4)]
    elsewhere = (await http.get("/accounts/5WS00001/positions")).status_code
    deleted = [(await http.delete("/watchlists/None")).status_code for _ in range(2)]

    assert told == [200, 500, 500, 200]
    assert elsewhere == 200
    assert deleted == [429, 429]
    state = (await control.get("/faults")).json()["faults"]
    assert [mishap["struck"] for mishap in state] == [2, 2]
    assert (await control.delete("/faults")).json() == {"cleared": 2}


async def test_who_asks_faster_than_is_published_is_told_to_wait(
    sandbox: Served, control: httpx2.AsyncClient, http: httpx2.AsyncClient
) -> None:
    """By token and endpoint, each second anew; off unless it is wanted."""
    quotes, other = "/market-data/by-type?equity=SPY", "/"

    async def asked(path: str, times: int) -> list[int]:
        return [(await http.get(path)).status_code for _ in range(times)]

    before = await asked(quotes, 5)
    assert (await control.post("/limits", json={"held_to": True})).json()["limits_held_to"]
    held = await asked(quotes, 4)
    sandbox.wall.move(1)
    later = await asked(quotes, 1)
    all_together = await asked(other, 51)
    sandbox.wall.move(1)
    assert not (await control.post("/limits", json={"held_to": False})).json()["limits_held_to"]

    assert before == [200] * 5
    assert held == [200, 200, 429, 429]
    assert later == [200]
    assert all_together == [200] * 49 + [429] * 2
    assert await asked(quotes, 5) == [200] * 5
    assert (await control.post("/limits", json={"held_to": 1})).status_code == 400


async def test_tokens_end_and_the_sdk_does_not_notice_until_it_is_told(
    control: httpx2.AsyncClient, http: httpx2.AsyncClient, session: Session
) -> None:
    """A client that believes its own clock holds a token that is no good any more."""
    await Account.get(session)
    assert (await control.post("/tokens/expire", json={})).json()["expired"] > 0
    with pytest.raises(Exception, match="token_invalid"):
        await Account.get(session)
    await session.refresh(force=True)

    assert len(await Account.get(session)) == 3
    assert (await http.get("/customers/me")).status_code == 401


async def test_a_revoked_grant_buys_nothing_until_it_is_restored(
    control: httpx2.AsyncClient, session: Session
) -> None:
    await control.post("/grants/revoke", json={})
    with pytest.raises(Exception, match="invalid_grant"):
        await session.refresh(force=True)
    await control.post("/grants/restore", json={})
    await control.post("/tokens/lifetime", json={"seconds": 60})
    await session.refresh(force=True)

    assert len(await Account.get(session)) == 3
    assert (await control.get("/")).json()["token_lifetime_s"] == 60
    await control.post("/tokens/lifetime", json={"seconds": 900})


async def test_the_streams_are_disturbed_from_here_too(
    sandbox: Served, control: httpx2.AsyncClient
) -> None:
    on = (await control.post("/streams", json={"silent": True, "duplicated": True})).json()
    assert on["streams"] == {
        "away": False,
        "silent": True,
        "duplicated": True,
        "reordered": False,
    }
    assert sandbox.faults.silent
    off = dict.fromkeys(on["streams"], False)
    assert (await control.post("/streams", json=off)).json()["streams"] == off
    assert (await control.post("/streams/reset", json={})).json() == {"reset": 0}


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({}, "kind"),
        ({"kind": "earthquake"}, "kind"),
        ({"kind": "status", "status": 200}, "status"),
        ({"kind": "status", "times": 0}, "times"),
        ({"kind": "status", "times": True}, "times"),
        ({"kind": "delay", "delay_ms": 600_001}, "delay_ms"),
        ({"kind": "garbled", "how": "badly"}, "how"),
        ({"kind": "reset", "method": "get"}, "method"),
        ({"kind": "reset", "path": ""}, "path"),
        ({"kind": "reset", "paths": "*"}, "paths"),
    ],
)
async def test_what_cannot_be_armed_is_named(
    control: httpx2.AsyncClient, document: dict[str, Any], named: str
) -> None:
    """A test that arms nothing proves nothing."""
    answer = await control.post("/faults", json=document)

    assert answer.status_code == 400
    assert named in answer.json()["error"]["message"]
    assert (await control.get("/faults")).json()["faults"] == []


async def test_a_page_in_a_browser_cannot_arm_anything(control: httpx2.AsyncClient) -> None:
    """It could send a form, or call by a name of its own; neither is answered."""
    form = await control.post("/faults", data={"kind": "reset"})
    renamed = await control.post(
        "/faults", json={"kind": "reset"}, headers={"Host": "elsewhere.example"}
    )
    ended = await control.post("/tokens/expire", content=b"")

    assert (form.status_code, renamed.status_code, ended.status_code) == (400, 400, 400)
    assert (await control.get("/faults")).json()["faults"] == []
