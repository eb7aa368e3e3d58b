"""Who gets a token, for how long, and for what."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from strikedesk.sandbox.access import CLIENT_ID, CLIENT_SECRET, SCOPES
from tests.sandbox.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")

REDIRECT = "http://127.0.0.1:8123/callback?from=sandbox"
ASKED = {
    "client_id": CLIENT_ID,
    "redirect_uri": REDIRECT,
    "response_type": "code",
    "scope": "read",
    "state": "a&b=c",
}


async def exchange(http: httpx2.AsyncClient, **form: str) -> httpx2.Response:
    return await http.post("/oauth/token", data={"client_secret": CLIENT_SECRET, **form})


async def status_with(http: httpx2.AsyncClient, token: str, method: str = "GET") -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return (await http.request(method, "/accounts/5WS00001/orders", headers=headers)).status_code


def code_of(answer: httpx2.Response) -> str:
    (code,) = parse_qs(urlsplit(answer.headers["location"]).query)["code"]
    return code


async def test_a_refresh_token_buys_an_access_token_by_form_and_by_json(
    sandbox: Served, http: httpx2.AsyncClient
) -> None:
    """Both are in use among clients."""
    asked = {
        "grant_type": "refresh_token",
        "refresh_token": sandbox.world.access.full.refresh_token,
        "client_secret": CLIENT_SECRET,
    }
    by_form = await http.post("/oauth/token", data=asked)
    by_json = await http.post("/oauth/token", json=asked)

    for answer in (by_form.json(), by_json.json()):
        assert answer.keys() == {"access_token", "token_type", "expires_in"}
        assert answer["expires_in"] == 900
        customer = await http.get(
            "/customers/me", headers={"Authorization": f"Bearer {answer['access_token']}"}
        )
        assert customer.status_code == 200


async def test_a_refresh_token_names_who_issued_it(sandbox: Served) -> None:
    """A client can tell this link from one to the broker, and refuse to mix them up."""
    body = sandbox.world.access.full.refresh_token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))

    assert claims["iss"] == sandbox.address


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "of another host"}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "made up"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "refresh_token", "client_id": "another"}, 401, "invalid_client"),
    ],
)
async def test_what_is_no_grant_is_refused_in_the_envelope(
    http: httpx2.AsyncClient, form: dict[str, str], status: int, code: str
) -> None:
    answer = await exchange(http, **form)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_an_access_token_ends_after_its_time_and_with_its_grant(
    sandbox: Served, http: httpx2.AsyncClient
) -> None:
    access = sandbox.world.access
    grant = access.grant(SCOPES, subject="of this test")
    token = access.issue(grant).token

    before = await status_with(http, token)
    sandbox.wall.move(900)
    assert (before, await status_with(http, token)) == (200, 401)

    token = access.issue(grant).token
    grant.revoked = True
    assert await status_with(http, token) == 401
    answer = await exchange(http, grant_type="refresh_token", refresh_token=grant.refresh_token)
    assert answer.json()["error"]["code"] == "invalid_grant"


async def test_a_grant_to_read_changes_nothing(sandbox: Served, http: httpx2.AsyncClient) -> None:
    access = sandbox.world.access
    token = access.issue(access.read_only).token

    assert await status_with(http, token, "POST") == 403
    headers = {"Authorization": f"Bearer {token}"}
    assert (await http.get("/customers/me/accounts", headers=headers)).status_code == 200


async def test_a_person_allows_an_application_once(http: httpx2.AsyncClient) -> None:
    """The code works once, for the address that it was given to, and with what was asked."""
    page = await http.get("/auth.html", params=ASKED)
    allowed = await http.post("/auth.html", data={**ASKED, "answer": "allow"})
    code = code_of(allowed)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    bought = await exchange(http, **form)
    again = await exchange(http, **form)

    assert CLIENT_ID in page.text
    assert "play money" in page.text
    assert allowed.status_code == 302
    assert parse_qs(urlsplit(allowed.headers["location"]).query) == {
        "from": ["sandbox"],
        "state": ["a&b=c"],
        "code": [code],
    }
    assert bought.json().keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert await status_with(http, bought.json()["access_token"], "POST") == 403
    assert again.json()["error"]["code"] == "invalid_grant"


async def test_a_code_of_another_address_or_an_hour_ago_buys_nothing(
    sandbox: Served, http: httpx2.AsyncClient
) -> None:
    async def code() -> str:
        return code_of(await http.post("/auth.html", data={**ASKED, "answer": "allow"}))

    elsewhere = await exchange(
        http,
        grant_type="authorization_code",
        code=await code(),
        redirect_uri="http://127.0.0.1:8123/",
    )
    late = await code()
    sandbox.wall.move(3600)
    old = await exchange(http, grant_type="authorization_code", code=late, redirect_uri=REDIRECT)

    assert (elsewhere.status_code, old.status_code) == (400, 400)


async def test_a_person_who_denies_sends_back_no_code(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/auth.html", data={**ASKED, "answer": "deny"})

    assert "error=access_denied" in answer.headers["location"]
    assert "code=" not in answer.headers["location"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "https://elsewhere.example/"},
        {"redirect_uri": "http://127.0.0.1.elsewhere.example/"},
        {"redirect_uri": "javascript:alert(1)"},
        {"client_id": "another"},
        {"response_type": "token"},
        {"scope": "read everything"},
    ],
)
async def test_nobody_is_sent_to_another_machine(
    http: httpx2.AsyncClient, wrong: dict[str, str]
) -> None:
    """A page that sends people anywhere is a page for thieves."""
    shown = await http.get("/auth.html", params=ASKED | wrong)
    answered = await http.post("/auth.html", data={**ASKED, **wrong, "answer": "allow"})

    assert {shown.status_code, answered.status_code} <= {400, 401}
    assert "location" not in answered.headers


async def test_another_page_cannot_answer_for_the_person(http: httpx2.AsyncClient) -> None:
    answer = await http.post(
        "/auth.html",
        data={**ASKED, "answer": "allow"},
        headers={"Origin": "https://elsewhere.example"},
    )

    assert answer.status_code == 403
