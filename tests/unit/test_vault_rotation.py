"""Rotation: keys change under living rows, and no interruption leaves a row behind."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.ports import WrappedKey
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import RowIdentity, Secret
from strikedesk.vault import KeyEncryptionKey, KeyRing, Rotation, Vault
from tests.fakes.keys import MemoryKeyStore
from tests.fakes.vault import (
    FragileKeyStore,
    Fuse,
    Killed,
    MemoryHome,
    Seeded,
    TickingClock,
    a_home,
    a_key,
)

OLD, NEW, NEWER = a_key("old"), a_key("new"), a_key("newer")
SETS = ("broker_links", "settings", "nonce_keys")


@dataclass(slots=True)
class World:
    """A store, a home, and rows sealed under the old key; one set has two data keys."""

    store: MemoryKeyStore = field(default_factory=MemoryKeyStore)
    home: MemoryHome = field(default_factory=lambda: a_home(OLD))
    rows: list[tuple[bytes, RowIdentity]] = field(default_factory=list[tuple[bytes, RowIdentity]])

    async def fill(self) -> None:
        first, second = self.process("first"), self.process("second", MemoryKeyStore())
        for table in SETS:
            await self.add(first, table, "1")
        await self.add(second, SETS[0], "2")
        for key in await second.store.load():
            await self.store.save(key)

    async def add(self, process: "Process", table: str, row_id: str) -> None:
        where = RowIdentity(table=table, row_id=row_id, account_id=None, environment="live")
        secret = Secret(f"{table}/{row_id}")
        self.rows.append((await process.vault.seal(secret, where=where), where))

    def process(
        self, seed: str, store: MemoryKeyStore | None = None, home: MemoryHome | None = None
    ) -> "Process":
        return Process(
            seed=seed, store=FragileKeyStore(store or self.store), home=home or self.home
        )

    async def is_readable(self, *keys: KeyEncryptionKey) -> bool:
        """Whether a process that starts now reads every row, with these keys or the home's."""
        vault = self.process("reader", home=a_home(*keys) if keys else None).vault
        try:
            read = [await vault.open(blob, where=where) for blob, where in self.rows]
        except Misconfigured as refused:
            if refused.reason is not Reason.VAULT_KEY_MISSING:
                raise
            return False
        return read == [Secret(f"{where.table}/{where.row_id}") for _, where in self.rows]

    async def keys_in_use(self) -> set[str]:
        return {key.kek_id for key in await self.store.load()}


class Process:
    """One server or CLI over the shared store and home."""

    def __init__(self, *, seed: str, store: FragileKeyStore, home: MemoryHome) -> None:
        current = home.current()
        assert current is not None
        self.store = store
        self.vault = Vault(
            ring=KeyRing(home=home, current=current),
            wrapped_keys=store,
            clock=TickingClock(),
            random=Seeded(seed),
        )


async def a_world() -> World:
    world = World()
    await world.fill()
    return world


async def test_after_a_rotation_the_new_key_opens_every_row_and_the_old_none() -> None:
    world = await a_world()

    report = await world.process("r").vault.rotate(NEW)

    assert report == Rotation(key_id=NEW.key_id, data_keys=4, unreadable=())
    assert await world.is_readable(NEW)
    assert not await world.is_readable(OLD)
    assert world.home.current() == NEW
    assert await world.keys_in_use() == {NEW.key_id}


async def test_an_older_key_keeps_its_id_and_its_place() -> None:
    """A backup made before the rotation still needs it."""
    world = await a_world()
    backup = MemoryKeyStore(dict(world.store.keys))

    await world.process("r").vault.rotate(NEW)

    assert world.home.find(OLD.key_id) == OLD
    assert {kek_id for _, kek_id in world.store.keys} == {OLD.key_id, NEW.key_id}
    assert await World(store=backup, home=world.home, rows=world.rows).is_readable()


# The new key, four data keys, the switch, four retired wrappings.
STEPS = 10


@pytest.mark.promise("secrets")
@pytest.mark.parametrize("step", range(1, STEPS + 1))
async def test_a_kill_after_any_step_leaves_every_row_readable(step: int) -> None:
    """With the old key alone until the switch, with the new key alone from then on."""
    world = await a_world()
    fuse = Fuse(step)
    world.home.fuse = fuse
    rotating = world.process("r")
    rotating.store.fuse = fuse

    with pytest.raises(Killed):
        await rotating.vault.rotate(NEW)

    switched = world.home.current() == NEW
    assert switched == (step > 5)
    assert await world.is_readable()
    assert await world.is_readable(NEW if switched else OLD)


@pytest.mark.promise("secrets")
@pytest.mark.parametrize("target", [NEW, NEWER])
@pytest.mark.parametrize("step", range(1, STEPS + 1))
async def test_a_rotation_that_was_killed_can_be_finished(
    step: int, target: KeyEncryptionKey
) -> None:
    """To the same key or to yet another one."""
    world = await a_world()
    world.home.fuse = fuse = Fuse(step)
    killed = world.process("r")
    killed.store.fuse = fuse
    with pytest.raises(Killed):
        await killed.vault.rotate(NEW)
    world.home.fuse = Fuse()

    await world.process("again").vault.rotate(target)

    assert await world.is_readable(target)
    assert await world.keys_in_use() == {target.key_id}


async def test_the_steps_counted_above_are_all_there_are() -> None:
    """The control: a longer rotation would have kill points that nobody tried."""
    world = await a_world()
    world.home.fuse = fuse = Fuse()
    rotating = world.process("r")
    rotating.store.fuse = fuse

    await rotating.vault.rotate(NEW)

    assert fuse.burnt == STEPS


async def test_a_server_that_runs_through_a_rotation_reads_and_seals_on() -> None:
    """Each client starts its own server; none of them hears that keys have changed."""
    world = await a_world()
    cold, warm = world.process("cold"), world.process("warm")
    blob, where = world.rows[0]
    await warm.vault.open(blob, where=where)

    await world.process("r").vault.rotate(NEW)

    for server in (cold, warm):
        assert [await server.vault.open(blob, where=where) for blob, where in world.rows] == [
            Secret(f"{where.table}/{where.row_id}") for _, where in world.rows
        ]
        sealed = await server.vault.seal(Secret("late"), where=where)
        assert await world.process("x").vault.open(sealed, where=where) == Secret("late")


async def test_a_data_key_made_under_the_old_key_meanwhile_is_readable_and_moved_next_time() -> (
    None
):
    world = await a_world()
    running = world.process("running")
    await world.process("r").vault.rotate(NEW)
    where = RowIdentity(table="late", row_id="1", account_id=None, environment="live")
    blob = await running.vault.seal(Secret("late/1"), where=where)
    world.rows.append((blob, where))
    assert await world.is_readable()

    await world.process("again").vault.rotate(NEW)

    assert await world.is_readable(NEW)


@pytest.mark.promise("secrets")
@given(st.lists(st.integers(0, 4), max_size=60), st.lists(st.integers(0, 4), max_size=60))
async def test_two_rotations_at_once_lose_nothing(one: Sequence[int], two: Sequence[int]) -> None:
    """Each retires what it saw at its start; the store keeps the last wrapping of a key."""
    world = await a_world()
    first, second = world.process("a"), world.process("b")
    first.store.pauses, second.store.pauses = iter(one), iter(two)

    async with anyio.create_task_group() as both:
        both.start_soon(first.vault.rotate, NEW)
        both.start_soon(second.vault.rotate, NEWER)

    assert await world.is_readable()


@given(st.lists(st.integers(0, 4), max_size=60), st.lists(st.integers(0, 4), max_size=60))
async def test_two_rotations_back_and_forth_lose_nothing(
    one: Sequence[int], two: Sequence[int]
) -> None:
    """Both targets are wrapped already, so each sees the other's wrapping as one to retire."""
    world = await a_world()
    interrupted = world.process("i")
    interrupted.store.fuse = Fuse(5)
    with pytest.raises(Killed):
        await interrupted.vault.rotate(NEW)
    first, second = world.process("a"), world.process("b")
    first.store.pauses, second.store.pauses = iter(one), iter(two)

    async with anyio.create_task_group() as both:
        both.start_soon(first.vault.rotate, NEW)
        both.start_soon(second.vault.rotate, OLD)

    assert await world.is_readable()


async def test_what_no_key_opens_is_named_and_left_alone() -> None:
    """It may open again when its key comes back; a rotation must not wait for that."""
    world = await a_world()
    lost = a_key("lost")
    stray = World(store=world.store, home=a_home(lost))
    await stray.add(stray.process("stray"), "orphan", "1")

    report = await world.process("r").vault.rotate(NEW)

    assert report == Rotation(key_id=NEW.key_id, data_keys=4, unreadable=(lost.key_id,))
    assert await world.is_readable(NEW)
    assert await stray.is_readable(lost)


@pytest.mark.promise("secrets")
async def test_of_what_no_key_opens_every_wrapping_stays() -> None:
    """Nobody knows which of its keys will come back."""
    world = await a_world()
    lost, other = a_key("lost"), a_key("other")
    stray = World(store=world.store, home=a_home(lost))
    await stray.add(stray.process("stray"), "orphan", "1")
    interrupted = stray.process("i")
    interrupted.store.fuse = Fuse(1)
    with pytest.raises(Killed):
        await interrupted.vault.rotate(other)

    await world.process("r").vault.rotate(NEW)

    assert await stray.is_readable(lost)
    assert await stray.is_readable(other)


async def test_a_store_that_gives_back_something_else_stops_before_anything_is_retired() -> None:
    """What is not readable under the new key must keep the old."""
    world = await a_world()

    @dataclass(slots=True)
    class Forgetful(FragileKeyStore):
        async def save(self, key: WrappedKey) -> None:
            await self.inner.save(
                WrappedKey(
                    record_set=key.record_set,
                    dek_id=key.dek_id,
                    kek_id=key.kek_id,
                    wrapped=key.wrapped[:-1] + b"\x00\x01",
                    created_at=key.created_at,
                )
            )

    with pytest.raises(Misconfigured) as refused:
        await Process(seed="r", store=Forgetful(world.store), home=world.home).vault.rotate(NEW)

    assert refused.value.reason is Reason.VAULT_TAMPERED
    assert world.home.current() == OLD
    assert OLD.key_id in await world.keys_in_use()
    assert None not in world.store.keys.values()
