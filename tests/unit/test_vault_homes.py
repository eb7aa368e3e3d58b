"""Homes of keys: every place keeps the same contract, and no place stands in for another."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.vault import (
    FileHome,
    KeyEncryptionKey,
    KeyHome,
    KeyRing,
    KeyringHome,
    VariableHome,
    choose_home,
)
from tests.fakes.keyrings import MemoryKeyring, system_keyring
from tests.fakes.vault import MemoryHome, Seeded, a_home, a_key

ONE, TWO = a_key("one"), a_key("two")


@pytest.fixture(params=["memory", "keyring", "file"])
def new_home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], KeyHome]]:
    """Return what a process that starts now builds; all of them see one place."""
    (tmp_path / "keys").mkdir(mode=0o700)
    memory = MemoryHome()
    kinds: dict[str, Callable[[], KeyHome]] = {
        "memory": lambda: memory,
        "keyring": KeyringHome,
        "file": lambda: FileHome(tmp_path / "keys" / "vault", data_folder=tmp_path / "data"),
    }
    with system_keyring(MemoryKeyring()):
        yield kinds[str(request.param)]


def test_a_new_home_is_empty(new_home: Callable[[], KeyHome]) -> None:
    assert new_home().current() is None
    assert new_home().find(ONE.key_id) is None


def test_a_key_added_and_switched_to_is_in_use(new_home: Callable[[], KeyHome]) -> None:
    new_home().add(ONE)
    new_home().switch(ONE)

    assert new_home().current() == ONE


def test_adding_a_key_does_not_switch_to_it(new_home: Callable[[], KeyHome]) -> None:
    """Between the two a rotation may die."""
    new_home().add(ONE)
    new_home().switch(ONE)
    new_home().add(TWO)
    new_home().add(TWO)

    assert new_home().current() == ONE
    assert new_home().find(TWO.key_id) == TWO


def test_older_keys_stay(new_home: Callable[[], KeyHome]) -> None:
    for key in (ONE, TWO):
        new_home().add(key)
        new_home().switch(key)

    assert new_home().current() == TWO
    assert new_home().find(ONE.key_id) == ONE


def test_nobody_switches_to_a_key_that_is_not_kept(new_home: Callable[[], KeyHome]) -> None:
    new_home().add(ONE)
    new_home().switch(ONE)

    with pytest.raises(Misconfigured) as refused:
        new_home().switch(TWO)

    assert refused.value.reason is Reason.VAULT_KEY_MISSING
    assert refused.value.facts["key_id"] == TWO.key_id
    assert new_home().current() == ONE


def a_variable(*keys: KeyEncryptionKey) -> VariableHome:
    return VariableHome(Secret(",".join(key.text().reveal() for key in keys)))


def test_the_first_key_of_the_variable_is_in_use_and_the_others_are_older() -> None:
    home = a_variable(TWO, ONE)

    assert home.current() == TWO
    assert [home.find(key.key_id) for key in (ONE, TWO, a_key("three"))] == [ONE, TWO, None]


def test_rotating_by_the_variable_needs_the_new_key_in_front() -> None:
    """The desk cannot write there, and must not pretend that it did."""
    a_variable(TWO, ONE).add(TWO)
    a_variable(TWO, ONE).switch(TWO)

    for act in (a_variable(ONE).add, a_variable(ONE, TWO).switch):
        with pytest.raises(Misconfigured) as refused:
            act(TWO)
        assert refused.value.reason is Reason.VAULT_KEY_MISSING
        assert refused.value.facts == {
            "key_id": TWO.key_id,
            "place": "STRIKEDESK_VAULT_KEY",
            "cause": "put the new key first in the variable, the old one behind it, after a comma",
        }


@pytest.mark.promise("secrets")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "correct horse battery staple",
        "A" * 43 + "=",
        ONE.text().reveal()[:-4],
        ONE.text().reveal() + ",",
        f"{ONE.text().reveal()},nonsense",
        ONE.text().reveal() * 2,
        "ключ",
        "\ud800",
    ],
)
def test_a_variable_that_holds_no_random_key_stops_without_being_quoted(text: str) -> None:
    """A passphrase or a placeholder is no key, however it is spelled."""
    with pytest.raises(Misconfigured) as refused:
        VariableHome(Secret(text))

    assert refused.value.reason is Reason.CONFIGURATION_UNREADABLE
    assert refused.value.facts == {
        "setting": "STRIKEDESK_VAULT_KEY",
        "cause": "it takes 32 random bytes in base64: openssl rand -base64 32",
    }


def test_space_around_a_key_does_not_matter() -> None:
    """Files of secrets end in a newline."""
    assert VariableHome(Secret(f" {ONE.text().reveal()}\n")).current() == ONE


def test_a_key_is_written_and_read_the_same() -> None:
    keys = [KeyEncryptionKey.fresh(Seeded(str(seed))) for seed in range(200)]

    assert [KeyEncryptionKey.parse(key.text()) for key in keys] == keys
    assert len({key.key_id for key in keys}) == 200


@pytest.mark.parametrize(
    ("source", "kind", "name"),
    [
        ("keyring", KeyringHome, "os keyring"),
        ("file", FileHome, "vault.key_file"),
        ("env", VariableHome, "STRIKEDESK_VAULT_KEY"),
    ],
)
def test_the_keys_live_where_the_owner_chose(
    source: str, kind: type[KeyHome], name: str, tmp_path: Path
) -> None:
    home = choose_home(
        source,
        key_file=tmp_path / "k",
        variable=ONE.text(),
        data_folder=tmp_path,
        service="s",
    )

    assert type(home) is kind
    assert home.name == name


@pytest.mark.parametrize("source", ["file", "env", "", "KEYRING", "plain"])
def test_a_choice_that_was_not_given_is_not_replaced_by_another(
    source: str, tmp_path: Path
) -> None:
    """A forgotten variable must not send the keys to the keyring, nor anywhere else."""
    with pytest.raises(Misconfigured) as refused:
        choose_home(source, key_file=None, variable=None, data_folder=tmp_path, service="s")

    assert refused.value.reason is Reason.CONFIGURATION_UNREADABLE
    assert refused.value.facts["setting"] == "vault.key_source"


async def test_a_home_that_waits_for_a_person_does_not_hold_up_the_desk() -> None:
    """A locked keyring shows a prompt, and nobody may be at the screen."""
    answered = Event()

    class Waiting(MemoryHome):
        def find(self, key_id: str) -> KeyEncryptionKey | None:
            answered.wait(5)
            return None

    ring = KeyRing(home=Waiting(), current=ONE, patience_s=0.01)
    try:
        with pytest.raises(Misconfigured) as refused:
            await ring.find(TWO.key_id)
    finally:
        answered.set()

    assert refused.value.reason is Reason.VAULT_LOCKED
    assert refused.value.facts == {"place": "memory", "cause": "it gave no answer in 0.01 s"}


async def test_a_ring_asks_its_home_once_for_an_older_key() -> None:
    home = a_home(ONE, TWO)
    ring = KeyRing(home=home, current=ONE)
    assert await ring.find(TWO.key_id) == TWO
    home.keys.clear()

    assert await ring.find(TWO.key_id) == TWO
    assert await ring.find(a_key("three").key_id) is None


def test_building_the_vault_loads_neither_cryptography_nor_keyring() -> None:
    """Both are slow to load, and a server answers its client before it needs either."""
    program = (
        "import sys, strikedesk.vault as v\n"
        "v.KeyringHome(); v.KeyEncryptionKey.fresh(lambda n: bytes(range(n))).key_id\n"
        "print(sorted({'cryptography', 'keyring', 'numpy'} & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, timeout=60
    )

    assert told.stdout == b"[]\n"
