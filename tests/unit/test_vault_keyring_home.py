"""The system's keyring: what it gives back is what it was given, or the desk says why not."""

from collections.abc import Callable, Iterator

import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.vault import KeyringHome
from tests.fakes.keyrings import (
    Chain,
    DeafKeyring,
    LockedKeyring,
    MemoryKeyring,
    PlainTextKeyring,
    ShortKeyring,
    TalkativeKeyring,
    system_keyring,
)
from tests.fakes.vault import a_key, crash_report

KEY = a_key()


@pytest.fixture
def backend() -> Iterator[MemoryKeyring]:
    memory = MemoryKeyring()
    with system_keyring(memory):
        yield memory


def refused_by(backend: KeyringBackend) -> Misconfigured:
    """Return how the desk refuses to keep a key there."""
    with system_keyring(backend), pytest.raises(Misconfigured) as refused:
        KeyringHome().add(KEY)
    return refused.value


def test_an_entry_holds_one_key_under_its_id(backend: MemoryKeyring) -> None:
    """The smallest keyring of all, that of Windows, has room for it."""
    home = KeyringHome(service="strikedesk/1")
    home.add(KEY)
    home.switch(KEY)

    assert backend.entries == {
        ("strikedesk/1", KEY.key_id): KEY.text().reveal(),
        ("strikedesk/1", "vault key in use"): KEY.key_id,
    }
    assert max(len(entry) for entry in backend.entries.values()) == 44


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (fail.Keyring, "this system has none that keeps anything"),
        (null.Keyring, "this system has none that keeps anything"),
        (Chain, "this system has none that keeps anything"),
        (PlainTextKeyring, "tests.fakes.keyrings is not a backend that keeps secrets safe"),
        (DeafKeyring, "it did not give back what it was given"),
        (ShortKeyring, "it did not give back what it was given"),
        (LockedKeyring, "KeyringLocked"),
        (TalkativeKeyring, "LookupError"),
    ],
)
def test_a_keyring_that_does_not_keep_the_key_is_refused_with_the_way_out(
    make: Callable[[], KeyringBackend], cause: str
) -> None:
    """No backend, a plain-text one, one that forgets or cuts: never another place instead."""
    refused = refused_by(make())

    assert refused.reason is Reason.VAULT_LOCKED
    assert refused.facts == {
        "place": "os keyring",
        "cause": cause,
        "remedy": "unlock it, or choose another place with vault.key_source: file or env",
    }


@pytest.mark.promise("secrets")
def test_a_failing_backend_does_not_get_its_words_into_the_error() -> None:
    """This one repeats the key in its message; ours has neither it nor its traceback."""
    refused = refused_by(TalkativeKeyring())

    assert refused.__context__ is None
    assert KEY.text().reveal() not in crash_report(refused)


def test_of_several_backends_the_best_is_used_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The library's chain hands on to the next backend; a key must not slip into a plain one."""
    plain, good = PlainTextKeyring(), MemoryKeyring()
    monkeypatch.setattr(Chain, "links", (plain, good))
    with system_keyring(Chain()):
        KeyringHome().add(KEY)

    assert plain.entries == {}
    assert list(good.entries.values()) == [KEY.text().reveal()]


def test_a_chain_whose_best_backend_fails_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = PlainTextKeyring()
    monkeypatch.setattr(Chain, "links", (TalkativeKeyring(), plain))

    assert refused_by(Chain()).facts["cause"] == "LookupError"
    assert plain.entries == {}


@pytest.mark.parametrize("text", ["", "no key", a_key("other").text().reveal(), "A" * 43 + "="])
def test_an_entry_that_is_not_that_key_is_refused(backend: MemoryKeyring, text: str) -> None:
    """An id is the fingerprint of its key, so another key under it is noticed."""
    KeyringHome().add(KEY)
    backend.entries["strikedesk", KEY.key_id] = text

    with pytest.raises(Misconfigured) as refused:
        KeyringHome().find(KEY.key_id)

    assert refused.value.reason is Reason.VAULT_TAMPERED
    assert refused.value.facts == {"place": "os keyring", "key_id": KEY.key_id}


def test_a_key_in_use_that_is_gone_is_named(backend: MemoryKeyring) -> None:
    KeyringHome().add(KEY)
    KeyringHome().switch(KEY)
    del backend.entries["strikedesk", KEY.key_id]

    with pytest.raises(Misconfigured) as refused:
        KeyringHome().current()

    assert refused.value.reason is Reason.VAULT_KEY_MISSING
    assert refused.value.facts == {"key_id": KEY.key_id, "place": "os keyring"}


def test_a_key_put_where_its_name_belongs_is_not_quoted(backend: MemoryKeyring) -> None:
    """Somebody who restores a key by hand may put it into the wrong entry."""
    backend.entries["strikedesk", "vault key in use"] = KEY.text().reveal()

    with pytest.raises(Misconfigured) as refused:
        KeyringHome().current()

    assert refused.value.reason is Reason.VAULT_TAMPERED
    assert KEY.text().reveal() not in str(refused.value)
