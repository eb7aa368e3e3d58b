"""Consent in a browser: what is asked, and which answer counts."""

import asyncio
from collections.abc import AsyncGenerator
from urllib.parse import parse_qs, urlsplit

import pytest

from strikedesk.brokers.tastytrade.consenting import Callback, Consent
from strikedesk.brokers.tastytrade.sites import PRODUCTION
from strikedesk.cli import linking
from strikedesk.domain.errors import Misconfigured, Unavailable
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret, heard

STATE = "the-state-of-this-consent"


@pytest.fixture
async def callback() -> AsyncGenerator[Callback]:
    callback = Callback(0)
    await callback.open()
    yield callback
    await callback.close()


async def visit(callback: Callback, target: str, method: str = "GET") -> bytes:
    """Go there as a browser would, and return what it shows."""
    reader, writer = await asyncio.open_connection("127.0.0.1", callback.port)
    writer.write(f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    shown = await reader.read()
    writer.close()
    return shown


def test_the_page_is_asked_for_a_code_with_state_and_challenge() -> None:
    consent = Consent(
        site=PRODUCTION,
        client_id="the-client",
        redirect_uri="http://127.0.0.1:8798/callback",
        scopes=("read", "trade"),
        state=STATE,
        verifier=Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    )

    page = urlsplit(consent.address)

    assert f"{page.scheme}://{page.netloc}{page.path}" == "https://my.tastytrade.com/auth.html"
    assert {name: values[0] for name, values in parse_qs(page.query).items()} == {
        "client_id": "the-client",
        "redirect_uri": "http://127.0.0.1:8798/callback",
        "response_type": "code",
        "scope": "read trade",
        "state": STATE,
        # The example of RFC 7636, appendix B.
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }


def test_the_address_can_be_shown_to_the_owner() -> None:
    """What the process knows as secret is taken out of what a command prints."""
    made: list[str] = []
    with heard(lambda secret: made.append(secret.reveal())):
        consent = Consent(
            site=PRODUCTION,
            client_id="the-client",
            redirect_uri="http://127.0.0.1:8798/callback",
            scopes=("read",),
            state=STATE,
            verifier=Secret("the-verifier-of-this-consent"),
        )
        address = consent.address

    assert [secret for secret in made if secret in address] == []


async def test_the_first_answer_of_our_state_counts(callback: Callback) -> None:
    """Whoever else knocks, with another state or none, changes nothing."""
    waiting = asyncio.create_task(callback.code(STATE, within_s=10))
    await asyncio.sleep(0)
    own = f"/callback?state={STATE}"
    for target, method in (
        ("/callback?code=forged-code-1&state=another", "GET"),
        ("/callback?code=forged-code-2", "GET"),
        (f"/elsewhere?code=forged-code-3&state={STATE}", "GET"),
        (f"{own}&code=forged-code-4", "POST"),
    ):
        assert b" 400 " in await visit(callback, target, method)

    assert b" 200 " in await visit(callback, f"{own}&code=the-code-of-the-owner")
    await visit(callback, f"{own}&code=a-later-code")

    assert (await waiting).reveal() == "the-code-of-the-owner"


async def test_a_visitor_who_says_too_much_or_nothing_is_sent_away(callback: Callback) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", callback.port)
    writer.write(b"GET /callback?" + b"x" * 20_000)
    assert await reader.read() == b""
    writer.close()


async def test_a_no_is_told_by_its_code(callback: Callback) -> None:
    waiting = asyncio.create_task(callback.code(STATE, within_s=10))
    await asyncio.sleep(0)
    await visit(callback, f"/callback?error=access_denied&state={STATE}")

    with pytest.raises(Misconfigured) as refused:
        await waiting

    assert refused.value.reason is Reason.BROKER_LINK_ENDED
    assert refused.value.facts["code"] == "access_denied"


async def test_nobody_is_waited_for_for_ever(callback: Callback) -> None:
    with pytest.raises(Unavailable):
        await callback.code(STATE, within_s=0.01)


async def test_a_port_that_is_taken_is_said_to_be(callback: Callback) -> None:
    with pytest.raises(Misconfigured) as taken:
        await Callback(callback.port).open()

    assert taken.value.facts["setting"] == "--port"


def test_the_owner_is_told_which_address_the_application_needs() -> None:
    assert "http://127.0.0.1:8798/callback" in linking.guide(PRODUCTION, port=8798)
    assert "refresh token" in linking.guide(PRODUCTION, port=None)
