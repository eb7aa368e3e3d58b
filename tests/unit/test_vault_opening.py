"""Opening the vault: the place that was chosen, the key that is there, and nothing begun anew."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import RowIdentity, Secret
from strikedesk.vault import KeyEncryptionKey, KeyHome, KeyRing, choose_home, open_vault
from tests.fakes.keyrings import MemoryKeyring, system_keyring
from tests.fakes.keys import MemoryKeyStore
from tests.fakes.vault import MemoryHome, Seeded, TickingClock, a_home, a_key

PLACE = RowIdentity(table="broker_links", row_id="1", account_id="5WT00001", environment="live")
ONE, TWO = a_key("one"), a_key("two")


def chosen(source: str, folder: Path, *, key_file: Path | None = None) -> KeyHome:
    return choose_home(
        source,
        key_file=key_file,
        variable=None,
        data_folder=folder / "data",
        service="of this desk",
    )


def test_the_keyring_is_asked_under_the_name_of_this_desk(tmp_path: Path) -> None:
    backend = MemoryKeyring()
    with system_keyring(backend):
        chosen("keyring", tmp_path).add(ONE)

    assert {service for service, _ in backend.entries} == {"of this desk"}


def test_the_keys_are_kept_in_the_file_that_was_named(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    chosen("file", tmp_path, key_file=tmp_path / "keys" / "vault").add(ONE)

    assert ONE.text().reveal() in (tmp_path / "keys" / "vault").read_text()


def test_a_key_file_among_the_data_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)

    with pytest.raises(Misconfigured):
        chosen("file", tmp_path, key_file=tmp_path / "data" / "vault").add(ONE)


def test_a_choice_that_names_nothing_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        chosen("plain", tmp_path)

    assert refused.value.facts == {
        "setting": "vault.key_source",
        "cause": "it is keyring, file with vault.key_file, or env with STRIKEDESK_VAULT_KEY",
    }


async def test_a_vault_that_is_opened_again_uses_the_key_that_is_there() -> None:
    """Also where nothing was sealed yet."""
    home, store = MemoryHome(), MemoryKeyStore()
    for seed in ("first", "second"):
        await open_vault(home=home, wrapped_keys=store, clock=TickingClock(), random=Seeded(seed))

    assert home.keys == [a_key("first")]


async def test_nothing_is_begun_anew_unasked() -> None:
    store = MemoryKeyStore()
    await seal(a_home(ONE), store)

    with pytest.raises(Misconfigured) as refused:
        await open_vault(home=MemoryHome(), wrapped_keys=store, clock=TickingClock())

    assert refused.value.reason is Reason.VAULT_KEY_MISSING


async def test_a_ring_uses_what_it_was_switched_to_and_knows_what_was_added() -> None:
    home = a_home(ONE)
    ring = KeyRing(home=home, current=ONE)
    await ring.add(TWO)
    await ring.switch(TWO)
    home.keys.clear()

    assert ring.current == TWO
    assert await ring.find(TWO.key_id) == TWO
    assert await ring.find(ONE.key_id) == ONE


class Waiting(MemoryHome):
    """Waits for a person at every question."""

    def __init__(self, answered: Event) -> None:
        super().__init__(name="a locked home")
        self.answered = answered

    def current(self) -> KeyEncryptionKey | None:
        self.answered.wait(5)
        return None

    def add(self, key: KeyEncryptionKey) -> None:
        self.answered.wait(5)

    def switch(self, key: KeyEncryptionKey) -> None:
        self.answered.wait(5)


@pytest.fixture
def locked() -> Iterator[Waiting]:
    answered = Event()
    yield Waiting(answered)
    answered.set()


async def opened(home: KeyHome) -> None:
    await open_vault(
        home=home, wrapped_keys=MemoryKeyStore(), clock=TickingClock(), patience_s=0.01
    )


async def added(home: KeyHome) -> None:
    await KeyRing(home=home, current=ONE, patience_s=0.01).add(TWO)


async def switched(home: KeyHome) -> None:
    await KeyRing(home=home, current=ONE, patience_s=0.01).switch(TWO)


@pytest.mark.parametrize("ask", [opened, added, switched])
async def test_whatever_a_locked_home_is_asked_it_is_given_up_on_by_its_name(
    ask: Callable[[KeyHome], Awaitable[None]], locked: Waiting
) -> None:
    with pytest.raises(Misconfigured) as refused:
        await ask(locked)

    assert refused.value.reason is Reason.VAULT_LOCKED
    assert refused.value.facts == {"place": "a locked home", "cause": "it gave no answer in 0.01 s"}


async def seal(home: KeyHome, store: MemoryKeyStore) -> None:
    """Seal something, so that there is a wrapped key."""
    vault = await open_vault(home=home, wrapped_keys=store, clock=TickingClock())
    await vault.seal(Secret("s"), where=PLACE)
