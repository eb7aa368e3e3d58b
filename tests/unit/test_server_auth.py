"""Tokens: looked up by hash, refused when they are over, remembered for a moment."""

from dataclasses import replace
from datetime import datetime

import pytest

from strikedesk.domain.errors import Denied, Misconfigured, Unavailable
from strikedesk.domain.ports import CallerToken
from strikedesk.domain.reasons import Reason
from strikedesk.logs.known import Known
from strikedesk.server.auth import REMEMBERED_MAX, TOKEN_MAX, Tokens, UnverifiableError
from strikedesk.server.call import Door
from tests.builders import NOON
from tests.fakes.desks import MemoryDesk
from tests.fakes.tokens import MemoryTokens
from tests.tools.core_door import settings
from tests.tools.web_door import READER, TRADER, a_token


class CountedTokens(MemoryTokens):
    """Counts how often it is asked."""

    asked = 0

    async def by_digest(self, digest: str) -> CallerToken | None:
        self.asked += 1
        return await super().by_digest(digest)


@pytest.fixture
def desk() -> MemoryDesk:
    desk = MemoryDesk(settings())
    known = (a_token(TRADER, "trade"), a_token(READER, "read"))
    desk.tokens = CountedTokens({token.token_id: token for token in known})
    return desk


def asked(desk: MemoryDesk) -> int:
    assert isinstance(desk.tokens, CountedTokens)
    return desk.tokens.asked


async def test_a_token_says_who_and_what_and_is_not_kept(desk: MemoryDesk) -> None:
    """What travels with a call must not be good for another one."""
    trader = await Tokens(desk, Known()).verify_token(TRADER)
    reader = await Tokens(desk, Known()).verify_token(READER)

    assert trader is not None
    assert reader is not None
    assert (trader.subject, trader.scopes) == ("trader", ["read", "trade"])
    assert (reader.subject, reader.scopes) == ("reader", ["read"])
    assert TRADER not in repr(trader)


@pytest.mark.parametrize("token", ["", "x" * (TOKEN_MAX + 1), "sdt_nobodys", "ünï", "\ud800"])
async def test_what_was_never_made_is_refused(desk: MemoryDesk, token: str) -> None:
    assert await Tokens(desk, Known()).verify_token(token) is None


async def test_a_token_is_looked_up_once_in_two_seconds(desk: MemoryDesk) -> None:
    """A store read for every call would cost more than the call."""
    tokens = Tokens(desk, Known())
    for seconds in (0, 1, 0.9, 0.2):
        desk.clock.move(seconds)
        assert await tokens.verify_token(TRADER) is not None

    assert asked(desk) == 2


async def test_a_clock_that_went_back_is_a_reason_to_look_again(desk: MemoryDesk) -> None:
    tokens = Tokens(desk, Known())
    await tokens.verify_token(TRADER)
    desk.clock.move(-60)
    await tokens.verify_token(TRADER)

    assert asked(desk) == 2


async def test_an_expiry_is_seen_at_once_also_of_a_token_just_seen(desk: MemoryDesk) -> None:
    tokens = Tokens(desk, Known())
    token = a_token(TRADER, "trade")
    desk.clock.move(-1)
    desk.tokens.tokens = {token.token_id: replace(token, expires_at=NOON)}
    first = await tokens.verify_token(TRADER)
    desk.clock.move(1)

    assert first is not None
    assert await tokens.verify_token(TRADER) is None


async def test_what_is_remembered_is_bounded(desk: MemoryDesk) -> None:
    tokens = Tokens(desk, Known())
    many = [f"sdt_{number}-token" for number in range(REMEMBERED_MAX + 5)]
    desk.tokens.tokens = {(made := a_token(token, "read")).token_id: made for token in many}
    for token in many:
        await tokens.verify_token(token)
    before = asked(desk)

    await tokens.verify_token(many[0])
    await tokens.verify_token(many[-1])

    assert asked(desk) == before + 1


@pytest.mark.parametrize(
    "error", [Misconfigured(Reason.DATABASE_UNREADABLE), Unavailable(Reason.BROKER_UNAVAILABLE)]
)
async def test_a_token_that_cannot_be_checked_lets_nobody_in(
    desk: MemoryDesk, error: Misconfigured | Unavailable
) -> None:
    desk.fails_with = error

    with pytest.raises(UnverifiableError):
        await Tokens(desk, Known()).verify_token(TRADER)


def test_over_the_network_nobody_is_the_owner(desk: MemoryDesk) -> None:
    """A call that lost its token on the way must not become one of stdio's."""
    with pytest.raises(Denied) as denied:
        Door(settings=desk.settings, lazy=desk, network=True).caller()

    assert denied.value.reason is Reason.AUTHENTICATION_FAILED
    assert Door(settings=desk.settings, lazy=desk, network=False).caller().name == "stdio"


async def test_the_day_of_a_token_s_last_use_is_kept_with_one_write(desk: MemoryDesk) -> None:
    """`token list` shows the day; a write for every call would cost more than the call."""
    tokens = Tokens(desk, Known())
    for _ in range(3):
        await tokens.verify_token(TRADER)
        desk.clock.move(10)
    await tokens.verify_token("sdt_nobodys")

    used = {token.name: token.used_at for token in await desk.tokens.all()}
    assert used == {"trader": NOON, "reader": None}

    desk.clock.move(24 * 3600)
    await tokens.verify_token(TRADER)

    (trader,) = [token for token in await desk.tokens.all() if token.name == "trader"]
    assert trader.used_at == desk.clock.now()


async def test_a_use_that_cannot_be_written_down_keeps_nobody_out(desk: MemoryDesk) -> None:
    """The token is good; a full disk is told by what needs the disk."""

    class Full(CountedTokens):
        async def used(self, token_id: str, at: datetime) -> None:
            raise Unavailable(Reason.DATABASE_UNAVAILABLE, cause="SQLITE_FULL")

    desk.tokens = Full(desk.tokens.tokens)

    assert await Tokens(desk, Known()).verify_token(TRADER) is not None
