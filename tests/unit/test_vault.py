"""The vault: what is sealed opens in its own row, with its own key, whole, or not at all."""

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.ports import WrappedKey
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import RowIdentity, Secret
from strikedesk.vault import KeyEncryptionKey, KeyHome, KeyRing, Vault, open_vault
from tests.fakes.keys import MemoryKeyStore
from tests.fakes.vault import (
    MemoryHome,
    Seeded,
    TickingClock,
    a_home,
    a_key,
    crash_report,
    flips,
    spellings,
)

PLACE = RowIdentity(table="broker_links", row_id="1", account_id="5WT00001", environment="live")
TOKEN = Secret("refresh-token-a81f")

RowIdentities = st.builds(
    RowIdentity,
    table=st.text(max_size=4),
    row_id=st.text(max_size=4),
    account_id=st.none() | st.text(max_size=4),
    environment=st.sampled_from(["paper", "sandbox", "live", ""]),
)


def a_vault(
    store: MemoryKeyStore | None = None, home: MemoryHome | None = None, seed: str = "vault"
) -> Vault:
    """Return a vault as a process that has just started would build it."""
    home = home or a_home()
    current = home.current()
    assert current is not None
    return Vault(
        ring=KeyRing(home=home, current=current),
        wrapped_keys=store if store is not None else MemoryKeyStore(),
        clock=TickingClock(),
        random=Seeded(seed),
    )


async def altered(store: MemoryKeyStore, key: WrappedKey, **changes: object) -> None:
    """Change a stored row behind the vault's back."""
    del store.keys[key.dek_id, key.kek_id]
    await store.save(replace(key, **changes))


async def refusal(vault: Vault, blob: bytes, where: RowIdentity = PLACE) -> Reason | None:
    """Return why the vault does not open a blob, None when it does."""
    try:
        await vault.open(blob, where=where)
    except Misconfigured as refused:
        return refused.reason
    return None


@given(st.text() | st.binary(), RowIdentities)
async def test_what_is_sealed_comes_back_as_it_was(value: str | bytes, where: RowIdentity) -> None:
    """Text stays text and bytes stay bytes, empty ones and lone surrogates too."""
    store = MemoryKeyStore()
    blob = await a_vault(store).seal(Secret(value), where=where)

    assert await a_vault(store).open(blob, where=where) == Secret(value)


@pytest.mark.promise("secrets")
async def test_nothing_at_rest_shows_a_secret_or_a_key() -> None:
    """The database may be stolen: rows and wrapped keys tell neither values nor keys."""
    store, home, random = MemoryKeyStore(), a_home(), Seeded("vault")
    vault = Vault(
        ring=KeyRing(home=home, current=a_key()),
        wrapped_keys=store,
        clock=TickingClock(),
        random=random,
    )
    blob = await vault.seal(TOKEN, where=PLACE)

    at_rest = blob + b"".join(one.wrapped for one in await store.load())
    keys = [block for block in random.given if len(block) == 32] + [a_key().material.reveal_bytes()]
    assert len(keys) == 2
    assert [key for key in [*keys, TOKEN.reveal_bytes()] if key in at_rest] == []


@pytest.mark.promise("secrets")
async def test_every_single_bit_turned_in_a_hundred_blobs_is_noticed() -> None:
    """A blob names its data key, so a turned bit there asks for a key that does not exist."""
    vault = a_vault()
    noticed: Counter[tuple[bool, Reason | None]] = Counter()
    bits = 0
    for length in range(100):
        secret = Secret(hashlib.shake_256(b"%d" % length).digest(length))
        blob = await vault.seal(secret, where=PLACE)
        bits += 8 * len(blob)
        for byte, flipped in flips(blob):
            noticed[2 <= byte < 18, await refusal(vault, flipped)] += 1

    in_key_id = 100 * 8 * 16
    assert noticed == {
        (True, Reason.VAULT_KEY_MISSING): in_key_id,
        (False, Reason.VAULT_TAMPERED): bits - in_key_id,
    }


@pytest.mark.promise("secrets")
async def test_every_single_bit_turned_in_a_wrapped_key_is_noticed() -> None:
    store = MemoryKeyStore()
    blob = await a_vault(store).seal(TOKEN, where=PLACE)
    [whole] = await store.load()

    noticed: Counter[Reason | None] = Counter()
    for _, wrapped in flips(whole.wrapped):
        await store.save(replace(whole, wrapped=wrapped))
        noticed[await refusal(a_vault(store), blob)] += 1

    assert noticed == {Reason.VAULT_TAMPERED: 8 * len(whole.wrapped)}


@pytest.mark.parametrize("change", [b"", b"\x01", b"\x00" * 45, b"\x01" * 45, b"\x02" * 60])
async def test_what_is_no_blob_is_refused(change: bytes) -> None:
    assert await refusal(a_vault(), change) is Reason.VAULT_TAMPERED


async def test_a_blob_cut_or_lengthened_is_refused() -> None:
    vault = a_vault()
    blob = await vault.seal(TOKEN, where=PLACE)

    cut = {await refusal(vault, blob[:length]) for length in range(len(blob))}
    longer = {await refusal(vault, blob + extra) for extra in (b"\x00", blob)}

    assert cut == longer == {Reason.VAULT_TAMPERED}


@pytest.mark.promise("secrets")
@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, table="watchlists"),
        replace(PLACE, row_id="2"),
        replace(PLACE, account_id="5WT00002"),
        replace(PLACE, account_id=""),
        replace(PLACE, account_id=None),
        replace(PLACE, environment="sandbox"),
        replace(PLACE, table="broker_links1", row_id=""),
        replace(PLACE, row_id="15WT00001", account_id=""),
    ],
)
async def test_a_blob_moved_to_another_place_is_refused(elsewhere: RowIdentity) -> None:
    """Whoever writes to the database must not make the live row use the sandbox's token."""
    vault = a_vault()
    blob = await vault.seal(TOKEN, where=PLACE)
    await vault.seal(TOKEN, where=elsewhere)

    assert await refusal(vault, blob, elsewhere) is Reason.VAULT_TAMPERED


@given(RowIdentities, RowIdentities)
async def test_no_two_places_are_taken_for_one_another(
    one: RowIdentity, other: RowIdentity
) -> None:
    """Lengths are part of what is bound, so no joining of names is ambiguous."""
    vault = a_vault()
    blob = await vault.seal(TOKEN, where=one)

    assert (await refusal(vault, blob, other) is None) == (one == other)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"record_set": "other"}, Reason.VAULT_TAMPERED),
        ({"kek_id": a_key("other").key_id}, Reason.VAULT_TAMPERED),
        ({"dek_id": "00" * 16}, Reason.VAULT_KEY_MISSING),
        ({"wrapped": b""}, Reason.VAULT_TAMPERED),
        ({"wrapped": b"\x01" * 20}, Reason.VAULT_TAMPERED),
    ],
)
async def test_a_wrapped_key_with_another_name_is_refused(
    change: dict[str, object], reason: Reason
) -> None:
    """Its names are bound too: a key cannot be passed off as another set's."""
    store, home = MemoryKeyStore(), a_home(a_key(), a_key("other"))
    blob = await a_vault(store, home).seal(TOKEN, where=PLACE)
    [key] = await store.load()
    await altered(store, key, **change)

    assert await refusal(a_vault(store, home), blob) is reason


async def test_a_data_key_given_to_two_ids_opens_neither_the_wrong_one() -> None:
    """Exchanging the wrapped keys of two sets is noticed, in both directions."""
    store = MemoryKeyStore()
    vault, other = a_vault(store), replace(PLACE, table="settings")
    blobs = [(await vault.seal(TOKEN, where=where), where) for where in (PLACE, other)]
    one, two = await store.load()
    await altered(store, one, wrapped=two.wrapped)
    await altered(store, two, wrapped=one.wrapped)

    reasons = [await refusal(a_vault(store), blob, where) for blob, where in blobs]

    assert reasons == [Reason.VAULT_TAMPERED, Reason.VAULT_TAMPERED]


@pytest.mark.promise("secrets")
async def test_a_missing_key_is_named() -> None:
    """The owner has to know which key to bring back."""
    store = MemoryKeyStore()
    blob = await a_vault(store).seal(TOKEN, where=PLACE)

    with pytest.raises(Misconfigured) as refused:
        await a_vault(store, a_home(a_key("another"))).open(blob, where=PLACE)

    assert refused.value.reason is Reason.VAULT_KEY_MISSING
    assert refused.value.facts == {"key_id": a_key().key_id, "record_set": "broker_links"}


async def test_a_key_brought_back_opens_its_rows_without_a_restart() -> None:
    store, home = MemoryKeyStore(), a_home(a_key("another"))
    blob = await a_vault(store).seal(TOKEN, where=PLACE)
    vault = a_vault(store, home)
    assert await refusal(vault, blob) is Reason.VAULT_KEY_MISSING

    home.add(a_key())

    assert await vault.open(blob, where=PLACE) == TOKEN


async def test_after_a_lost_key_new_secrets_can_be_sealed() -> None:
    """Linking the broker again is the way out, and it must not need the lost key."""
    store = MemoryKeyStore()
    lost = await a_vault(store, seed="one").seal(TOKEN, where=PLACE)
    vault = a_vault(store, a_home(a_key("another")), seed="two")

    blob = await vault.seal(TOKEN, where=PLACE)

    assert await vault.open(blob, where=PLACE) == TOKEN
    assert await refusal(vault, lost) is Reason.VAULT_KEY_MISSING
    assert await refusal(a_vault(store), lost) is None


async def test_a_locked_home_is_no_reason_to_make_another_key() -> None:
    """Locked is not lost: the key will open again when its owner is back."""
    store = MemoryKeyStore()
    await a_vault(store).seal(TOKEN, where=PLACE)

    class Locked(MemoryHome):
        def find(self, key_id: str) -> KeyEncryptionKey | None:
            raise Misconfigured(Reason.VAULT_LOCKED)

    vault = Vault(
        ring=KeyRing(home=Locked(), current=a_key("another")),
        wrapped_keys=store,
        clock=TickingClock(),
    )
    with pytest.raises(Misconfigured) as refused:
        await vault.seal(TOKEN, where=PLACE)

    assert refused.value.reason is Reason.VAULT_LOCKED
    assert len(await store.load()) == 1


async def test_one_data_key_serves_a_set_across_processes() -> None:
    """Servers started by several clients converge on one key instead of piling them up."""
    store = MemoryKeyStore()
    for process in range(3):
        await a_vault(store, seed=str(process)).seal(TOKEN, where=PLACE)
        await a_vault(store, seed=f"{process}b").seal(TOKEN, where=replace(PLACE, table="b"))

    assert sorted(one.record_set for one in await store.load()) == ["b", "broker_links"]


async def test_a_key_made_by_another_process_is_found() -> None:
    """Two processes may seal their first row at the same time, each with a key of its own."""
    store = MemoryKeyStore()
    early, late = a_vault(store, seed="early"), a_vault(store, seed="late")
    await early.seal(TOKEN, where=replace(PLACE, table="b"))
    blob = await late.seal(TOKEN, where=PLACE)

    assert await early.open(blob, where=PLACE) == TOKEN


async def test_no_nonce_is_used_twice() -> None:
    """Under one key, a nonce used twice gives both texts away."""
    vault = a_vault()
    blobs = [await vault.seal(TOKEN, where=PLACE) for _ in range(500)]

    assert len({blob[18:30] for blob in blobs}) == 500
    assert len({blob[:18] for blob in blobs}) == 1


async def test_nothing_sealed_yet_means_a_first_key_is_made() -> None:
    home, store = MemoryHome(), MemoryKeyStore()
    vault = await open_vault(
        home=home, wrapped_keys=store, clock=TickingClock(), random=Seeded("first")
    )
    blob = await vault.seal(TOKEN, where=PLACE)

    assert home.keys == [a_key("first")]
    assert await a_vault(store, home).open(blob, where=PLACE) == TOKEN


@pytest.mark.parametrize("start_over", [False, True])
async def test_an_empty_home_beside_sealed_rows_is_refused_unless_the_owner_starts_over(
    *, start_over: bool
) -> None:
    """A disk that is not mounted must not make the desk invent a second key silently."""
    home, store = MemoryHome(), MemoryKeyStore()
    await a_vault(store, seed="old").seal(TOKEN, where=PLACE)
    await a_vault(store, a_home(a_key("newer")), seed="new").seal(TOKEN, where=PLACE)
    [newest] = [one for one in await store.load() if one.kek_id == a_key("newer").key_id]
    await altered(store, newest, created_at=newest.created_at + timedelta(days=1))

    async def opened(home: KeyHome) -> Vault:
        return await open_vault(
            home=home, wrapped_keys=store, clock=TickingClock(), start_over=start_over
        )

    if start_over:
        blob = await (await opened(home)).seal(TOKEN, where=PLACE)
        assert await (await opened(home)).open(blob, where=PLACE) == TOKEN
    else:
        with pytest.raises(Misconfigured) as refused:
            await opened(home)
        assert refused.value.reason is Reason.VAULT_KEY_MISSING
        assert refused.value.facts == {"key_id": a_key("newer").key_id, "place": "memory"}
        assert home.keys == []


class FullDisk(MemoryKeyStore):
    async def save(self, key: WrappedKey) -> None:
        raise OSError(f"no room for {key}")


def dry(length: int) -> bytes:
    """Run out of randomness at the first nonce."""
    if length == 12:
        raise OSError("no randomness")
    return Seeded("vault")(length)


async def open_tampered(store: MemoryKeyStore, blob: bytes) -> None:
    await a_vault(store).open(blob + b"x", where=PLACE)


async def open_with_a_tampered_key(store: MemoryKeyStore, blob: bytes) -> None:
    [key] = await store.load()
    await altered(store, key, record_set="x")
    await a_vault(store).open(blob, where=PLACE)


async def open_with_another_key(store: MemoryKeyStore, blob: bytes) -> None:
    await a_vault(store, a_home(a_key("another"))).open(blob, where=PLACE)


async def seal_on_a_full_disk(store: MemoryKeyStore, blob: bytes) -> None:
    await a_vault(FullDisk()).seal(TOKEN, where=PLACE)


async def seal_without_randomness(store: MemoryKeyStore, blob: bytes) -> None:
    vault = Vault(
        ring=KeyRing(home=a_home(), current=a_key()),
        wrapped_keys=store,
        clock=TickingClock(),
        random=dry,
    )
    await vault.seal(TOKEN, where=PLACE)


@pytest.mark.promise("secrets")
@pytest.mark.parametrize(
    "fail",
    [
        open_tampered,
        open_with_a_tampered_key,
        open_with_another_key,
        seal_on_a_full_disk,
        seal_without_randomness,
    ],
)
async def test_no_crash_report_shows_a_secret_or_a_key(
    fail: Callable[[MemoryKeyStore, bytes], Awaitable[None]],
) -> None:
    """Some reporters print the locals of every frame; there is nothing bare in ours."""
    store = MemoryKeyStore()
    blob = await a_vault(store).seal(TOKEN, where=PLACE)

    with pytest.raises((Misconfigured, OSError)) as raised:
        await fail(store, blob)

    told = crash_report(raised.value)  # Before this frame holds what is looked for.
    random = Seeded("vault")
    data_key = [random(16), random(32)][1]
    hidden = (data_key, a_key().material.reveal_bytes(), TOKEN.reveal_bytes())
    shown = [secret for secret in hidden for form in spellings(secret) if form in told]
    assert shown == []
