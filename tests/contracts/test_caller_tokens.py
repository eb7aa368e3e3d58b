"""What every keeper of callers' tokens promises."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from strikedesk.domain.errors import Denied
from strikedesk.domain.ports import CallerToken, CallerTokens
from strikedesk.domain.reasons import Reason
from strikedesk.store.tokens import SqlCallerTokens
from tests.builders import NOON
from tests.fakes.tokens import MemoryTokens
from tests.stores import STORES, a_database

HOUR = timedelta(hours=1)


@pytest.fixture(params=STORES)
async def tokens(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[CallerTokens]:
    if request.param == "memory":
        yield MemoryTokens()
        return
    async with a_database(request.param, tmp_path) as database:
        yield SqlCallerTokens(database)


def a_token(number: int = 1) -> CallerToken:
    return CallerToken(
        token_id=f"token-{number}",
        name=f"laptop {number}",
        scope="trade",
        digest=f"digest-{number}",
        created_at=NOON + number * HOUR,
        expires_at=NOON + 9 * HOUR,
    )


async def test_a_token_is_found_by_what_it_hashes_to(tokens: CallerTokens) -> None:
    await tokens.add(a_token(1))
    await tokens.add(replace(a_token(2), expires_at=None, scope="read"))

    assert await tokens.by_digest("digest-1") == a_token(1)
    assert await tokens.by_digest("digest-2") == replace(a_token(2), expires_at=None, scope="read")
    assert await tokens.by_digest("digest-3") is None
    assert await tokens.by_digest("") is None


async def test_tokens_come_oldest_first(tokens: CallerTokens) -> None:
    for number in (3, 1, 2):
        await tokens.add(a_token(number))

    assert await tokens.all() == (a_token(1), a_token(2), a_token(3))


async def test_a_revoked_token_stays_revoked_since_the_first_time(tokens: CallerTokens) -> None:
    """Who asks again must not be told that it was good until now."""
    await tokens.add(a_token(1))
    await tokens.add(a_token(2))

    assert await tokens.revoke("token-1", NOON + HOUR)
    assert await tokens.revoke("token-1", NOON + 2 * HOUR)

    assert await tokens.by_digest("digest-1") == replace(a_token(1), revoked_at=NOON + HOUR)
    assert await tokens.by_digest("digest-2") == a_token(2)


async def test_the_last_use_of_a_token_is_kept(tokens: CallerTokens) -> None:
    """The owner revokes what nobody has used for months."""
    await tokens.add(a_token(1))
    await tokens.add(a_token(2))

    await tokens.used("token-1", NOON + HOUR)
    await tokens.used("token-1", NOON + 3 * HOUR)
    await tokens.used("token-9", NOON + HOUR)

    assert await tokens.all() == (replace(a_token(1), used_at=NOON + 3 * HOUR), a_token(2))


async def test_a_token_nobody_made_cannot_be_revoked(tokens: CallerTokens) -> None:
    assert not await tokens.revoke("token-1", NOON)


@pytest.mark.parametrize("field", ["token_id", "digest"])
async def test_a_token_is_added_once(tokens: CallerTokens, field: str) -> None:
    await tokens.add(a_token(1))

    with pytest.raises(Denied) as denied:
        await tokens.add(replace(a_token(2), **{field: getattr(a_token(1), field)}))

    assert denied.value.reason is Reason.INVALID_ARGUMENT
    assert await tokens.all() == (a_token(1),)
