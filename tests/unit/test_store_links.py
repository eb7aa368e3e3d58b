"""Links to brokers: sealed bytes, one for each user, broker and environment."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from strikedesk.domain.accounts import Environment
from strikedesk.store.links import SqlLinks
from tests.builders import NOON
from tests.stores import DATABASES, a_database

SEALED = bytes(range(256))
LINK: dict[str, Any] = {
    "user_id": "owner",
    "broker": "tastytrade",
    "environment": Environment.LIVE,
}


@pytest.fixture(params=DATABASES)
async def links(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[SqlLinks]:
    async with a_database(request.param, tmp_path) as database:
        yield SqlLinks(database)


async def test_a_link_comes_back_byte_for_byte(links: SqlLinks) -> None:
    await links.save(**LINK, sealed=SEALED, at=NOON)

    assert await links.load(**LINK) == SEALED


@pytest.mark.parametrize(
    "other", [{"user_id": "guest"}, {"broker": "tradier"}, {"environment": Environment.SANDBOX}]
)
async def test_a_link_is_found_in_its_own_place_only(
    links: SqlLinks, other: dict[str, Any]
) -> None:
    await links.save(**LINK, sealed=SEALED, at=NOON)

    assert await links.load(**{**LINK, **other}) is None
    assert not await links.delete(**{**LINK, **other})
    assert await links.load(**LINK) == SEALED


async def test_linking_again_replaces(links: SqlLinks) -> None:
    """Tokens rotate."""
    await links.save(**LINK, sealed=SEALED, at=NOON)

    await links.save(**LINK, sealed=b"new", at=NOON + timedelta(days=1))

    assert await links.load(**LINK) == b"new"


async def test_a_link_is_dropped_once(links: SqlLinks) -> None:
    await links.save(**LINK, sealed=SEALED, at=NOON)

    assert [await links.delete(**LINK), await links.delete(**LINK)] == [True, False]

    assert await links.load(**LINK) is None


async def test_erased_bytes_are_overwritten(tmp_path: Path) -> None:
    """A sealed token that was dropped is not left in a free page of the file."""
    async with a_database("sqlite", tmp_path) as database:
        links = SqlLinks(database)
        await links.save(**LINK, sealed=b"canary-3b1f" * 9, at=NOON)
        await links.delete(**LINK)

    assert b"canary-3b1f" not in (tmp_path / "desk.db").read_bytes()
