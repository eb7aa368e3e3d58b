"""The session of tastytrade: one token for all, one reason when the grant has ended."""

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest

from strikedesk.brokers.tastytrade.calls import Call
from strikedesk.brokers.tastytrade.grants import Grant, check_issuer
from strikedesk.brokers.tastytrade.session import REST, Session
from strikedesk.brokers.tastytrade.sites import PRODUCTION, SANDBOX, Site, on_this_machine
from strikedesk.brokers.tastytrade.token_desk import TOKEN_PATH
from strikedesk.domain.errors import DeskError, Misconfigured, Unavailable
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from tests.fakes.loopback import Reply, told
from tests.unit.tastytrade_link import (
    CLIENT_SECRET,
    REFRESH_TOKEN,
    Link,
    a_grant,
    a_jwt,
    a_link,
    a_token_reply,
)

PATH = "/market-metrics"
FINE = told({"data": {}})


@pytest.fixture
async def link() -> AsyncGenerator[Link]:
    async with a_link() as link:
        yield link


def refusal(code: str, status: int = 400) -> Reply:
    return told({"error": code, "error_description": f"{REFRESH_TOKEN} is no good"}, status=status)


async def failing(session: Session) -> DeskError:
    with pytest.raises(DeskError) as error:
        await session.token()
    assert REFRESH_TOKEN not in str(error.value)
    assert CLIENT_SECRET not in str(error.value)
    return error.value


async def test_a_grant_is_traded_for_a_token_once(link: Link) -> None:
    tokens = [await link.session.token() for _ in range(3)]

    assert {token.reveal() for token in tokens} == {"access-token-1"}
    (heard,) = link.there.asked(TOKEN_PATH)
    assert json.loads(heard.body) == {
        "grant_type": "refresh_token",
        "refresh_token": REFRESH_TOKEN,
        "client_secret": CLIENT_SECRET,
    }
    assert "authorization" not in heard.headers


async def test_a_hundred_callers_make_one_refresh(link: Link) -> None:
    async with asyncio.timeout(10):
        tokens = await asyncio.gather(*(link.session.token() for _ in range(100)))

    assert {token.reveal() for token in tokens} == {"access-token-1"}
    assert len(link.there.asked(TOKEN_PATH)) == 1


async def test_a_caller_that_goes_away_takes_the_refresh_from_nobody(link: Link) -> None:
    link.there.answer = asyncio.Event()
    first, second = (asyncio.create_task(link.session.token()) for _ in range(2))
    async with asyncio.timeout(10):
        await link.there.arrived.wait()
        first.cancel()
        link.there.answer.set()

        assert (await second).reveal() == "access-token-1"
    assert first.cancelled()
    assert len(link.there.asked(TOKEN_PATH)) == 1


async def test_a_token_is_refreshed_ahead_of_its_end(link: Link) -> None:
    link.there.answers(TOKEN_PATH, a_token_reply("first-token"), a_token_reply("second-token"))
    heard: list[str] = []

    for seconds in (0, 839, 2):
        link.clock.move(seconds)
        heard.append((await link.session.token()).reveal())

    assert heard == ["first-token", "first-token", "second-token"]


@pytest.mark.parametrize(
    ("told_life", "lasts_s"),
    [(900, 840), (86_400_000, 840), (0, 15), (-5, 15), ("900", 15), (None, 15), (True, 15)],
)
async def test_a_lifetime_is_believed_within_bounds(
    link: Link, told_life: object, lasts_s: float
) -> None:
    """One that is kept for a day is refused all day; one of no time at all makes a storm."""
    link.there.answers(TOKEN_PATH, a_token_reply(expires_in=told_life))
    await link.session.token()

    link.clock.move(lasts_s - 1)
    await link.session.token()
    assert len(link.there.asked(TOKEN_PATH)) == 1

    link.clock.move(2)
    await link.session.token()
    assert len(link.there.asked(TOKEN_PATH)) == 2


async def test_a_token_that_is_refused_is_dropped_once(link: Link) -> None:
    """The broker may end a token early; a second refusal means that the grant does not help."""
    link.there.answers(TOKEN_PATH, a_token_reply("first-token"), a_token_reply("second-token"))
    link.there.answers(PATH, told({"error": {"code": "token_invalid"}}, status=401), FINE)

    await link.client.read(Call(path=PATH))

    assert [heard.headers["authorization"] for heard in link.there.asked(PATH)] == [
        "Bearer first-token",
        "Bearer second-token",
    ]


async def test_refusing_every_token_ends_the_link(link: Link) -> None:
    link.there.answers(PATH, told({"error": {"code": "token_invalid"}}, status=401))

    with pytest.raises(Misconfigured) as ended:
        await link.client.read(Call(path=PATH))

    assert ended.value.reason is Reason.BROKER_LINK_ENDED
    assert len(link.there.asked(PATH)) == 2


async def test_a_newer_token_is_not_dropped_for_an_older(link: Link) -> None:
    token = await link.session.token()

    link.session.drop(Secret("an-older-token"))
    await link.session.token()
    assert len(link.there.asked(TOKEN_PATH)) == 1

    link.session.drop(token)
    await link.session.token()
    assert len(link.there.asked(TOKEN_PATH)) == 2


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("code", ["invalid_grant", "invalid_client"])
async def test_a_grant_that_has_ended_is_one_reason_for_everybody(
    link: Link, code: str, status: int
) -> None:
    """And the broker is left alone meanwhile: many refusals block the address for hours."""
    link.there.answers(TOKEN_PATH, refusal(code, status))

    errors = [await failing(link.session) for _ in range(3)]

    assert {str(error) for error in errors} == {str(errors[0])}
    assert type(errors[0]) is Misconfigured
    assert errors[0].reason is Reason.BROKER_LINK_ENDED
    assert errors[0].facts["code"] == code
    assert len(link.there.asked(TOKEN_PATH)) == 1


async def test_a_refused_grant_is_tried_again_after_a_while(link: Link) -> None:
    link.there.answers(TOKEN_PATH, refusal("invalid_grant"), a_token_reply())
    await failing(link.session)

    link.clock.move(REST.total_seconds() + 1)

    assert (await link.session.token()).reveal() == "access-token-1"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=503, body=b"<html>"),
        told({"error": {"code": "slow_down"}}, status=429),
        Reply(status=302, headers={"Location": "https://example.org"}),
        Reply(reset=True),
        Reply(body=b'{"access_token": "abc'),
        Reply(body=b"null"),
        Reply(body=b"x" * 100_000),
        told({"token_type": "Bearer"}),
        told({"access_token": "two\nlines-of-a-header"}),
        told({"access_token": 12345678}),
    ],
)
async def test_an_endpoint_on_a_bad_day_is_asked_again_later(link: Link, reply: Reply) -> None:
    link.there.answers(TOKEN_PATH, reply, a_token_reply())

    assert type(await failing(link.session)) is Unavailable
    assert (await link.session.token()).reveal() == "access-token-1"


@pytest.mark.parametrize("echoed", [REFRESH_TOKEN, CLIENT_SECRET])
async def test_an_endpoint_that_echoes_gets_no_secret_sent_about(link: Link, echoed: str) -> None:
    """What was sent to it would go to every endpoint, as a bearer token."""
    link.there.answers(TOKEN_PATH, a_token_reply(echoed))

    assert type(await failing(link.session)) is Unavailable


async def test_a_code_is_redeemed_for_a_grant(link: Link) -> None:
    new = {"refresh_token": "a-new-refresh-token"}
    link.there.answers(TOKEN_PATH, a_token_reply(**new))

    grant = await link.desk.redeem(
        Secret("the-code"),
        client_id=Secret("the-client"),
        client_secret=Secret(CLIENT_SECRET),
        redirect_uri="http://127.0.0.1:8000/callback",
    )

    assert grant.refresh_token.reveal() == "a-new-refresh-token"
    assert json.loads(link.there.heard[0].body) == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "client_id": "the-client",
        "client_secret": CLIENT_SECRET,
        "redirect_uri": "http://127.0.0.1:8000/callback",
    }


LIVE, CERT = "https://api.tastyworks.com", "https://api.cert.tastyworks.com"
HERE = on_this_machine("http://127.0.0.1:9000")


@pytest.mark.parametrize(
    ("issuer", "site"),
    [(LIVE, SANDBOX), (CERT, PRODUCTION), (LIVE, HERE), (CERT, HERE), ("api.tastyworks.com", HERE)],
)
def test_a_token_of_one_environment_is_not_sent_to_another(issuer: str, site: Site) -> None:
    with pytest.raises(Misconfigured) as elsewhere:
        check_issuer(Secret(a_jwt(iss=issuer)), site)

    assert elsewhere.value.reason is Reason.BROKER_LINK_ELSEWHERE


@pytest.mark.parametrize(
    ("token", "site"),
    [
        (a_jwt(iss=LIVE), PRODUCTION),
        (a_jwt(iss=CERT), SANDBOX),
        (a_jwt(iss="https://auth.example.org"), PRODUCTION),
        (a_jwt(iss=7), PRODUCTION),
        (a_jwt(iss="http://[broken"), PRODUCTION),
        (a_jwt(), PRODUCTION),
        ("opaque", PRODUCTION),
        ("a.%%%.b", PRODUCTION),
        ("a.MQ.b", PRODUCTION),
    ],
)
def test_a_token_that_names_no_other_environment_passes(token: str, site: Site) -> None:
    """The broker refuses what is not its own; here nothing is known."""
    check_issuer(Secret(token), site)


async def test_a_grant_of_production_never_reaches_this_machine() -> None:
    async with a_link(grant=a_grant(a_jwt(iss=LIVE))) as link:
        error = await failing(link.session)

        assert error.reason is Reason.BROKER_LINK_ELSEWHERE
        assert link.there.heard == []


async def test_an_access_token_of_elsewhere_is_not_used(link: Link) -> None:
    link.there.answers(TOKEN_PATH, a_token_reply(a_jwt(iss=LIVE)))

    assert (await failing(link.session)).reason is Reason.BROKER_LINK_ELSEWHERE


def test_a_grant_shows_nothing_of_itself() -> None:
    grant: Grant = a_grant()

    assert REFRESH_TOKEN not in repr(grant)
    assert CLIENT_SECRET not in repr(grant)
