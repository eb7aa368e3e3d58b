"""What every keeper of the vault's wrapped keys promises."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from strikedesk.domain.ports import WrappedKey, WrappedKeyStore
from strikedesk.store.keys import SqlKeyStore
from tests.builders import NOON
from tests.fakes.keys import MemoryKeyStore
from tests.stores import STORES, a_database


@pytest.fixture(params=STORES)
async def keys(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[WrappedKeyStore]:
    if request.param == "memory":
        yield MemoryKeyStore()
        return
    async with a_database(request.param, tmp_path) as database:
        yield SqlKeyStore(database)


def a_key(dek_id: str = "d-1", kek_id: str = "k-1") -> WrappedKey:
    return WrappedKey(
        record_set="broker_links",
        dek_id=dek_id,
        kek_id=kek_id,
        wrapped=bytes(range(256)),
        created_at=NOON,
    )


async def kept(keys: WrappedKeyStore) -> list[WrappedKey]:
    return sorted(await keys.load(), key=lambda key: (key.dek_id, key.kek_id))


async def test_there_are_none_at_first(keys: WrappedKeyStore) -> None:
    assert list(await keys.load()) == []


async def test_keys_are_read_back_byte_for_byte(keys: WrappedKeyStore) -> None:
    for key in (a_key("d-2"), a_key(), a_key(kek_id="k-2")):
        await keys.save(key)

    assert await kept(keys) == [a_key(), a_key(kek_id="k-2"), a_key("d-2")]


async def test_saving_a_pair_again_replaces_it(keys: WrappedKeyStore) -> None:
    await keys.save(a_key())
    again = replace(a_key(), wrapped=b"\x00again", created_at=NOON + timedelta(days=1))

    await keys.save(again)

    assert await kept(keys) == [again]


async def test_a_retired_key_is_gone_until_it_is_saved_again(keys: WrappedKeyStore) -> None:
    await keys.save(a_key(kek_id="k-1"))
    await keys.save(a_key(kek_id="k-2"))

    await keys.retire(dek_id="d-1", kek_id="k-1")
    await keys.retire(dek_id="d-1", kek_id="k-1")
    assert await kept(keys) == [a_key(kek_id="k-2")]

    await keys.save(a_key(kek_id="k-1"))
    assert await kept(keys) == [a_key(kek_id="k-1"), a_key(kek_id="k-2")]


async def test_the_last_key_of_a_data_key_stays(keys: WrappedKeyStore) -> None:
    """Without it, nothing that was ever sealed under that data key would open again."""
    await keys.save(a_key())
    await keys.save(a_key("d-2"))

    await keys.retire(dek_id="d-1", kek_id="k-1")

    assert await kept(keys) == [a_key(), a_key("d-2")]


async def test_two_rotations_at_once_leave_one_key(keys: WrappedKeyStore) -> None:
    await keys.save(a_key(kek_id="k-1"))
    await keys.save(a_key(kek_id="k-2"))

    await asyncio.gather(
        keys.retire(dek_id="d-1", kek_id="k-1"), keys.retire(dek_id="d-1", kek_id="k-2")
    )

    assert len(await kept(keys)) == 1


async def test_retiring_what_is_not_there_does_nothing(keys: WrappedKeyStore) -> None:
    await keys.save(a_key())

    await keys.retire(dek_id="d-9", kek_id="k-1")
    await keys.retire(dek_id="d-1", kek_id="k-9")

    assert await kept(keys) == [a_key()]
