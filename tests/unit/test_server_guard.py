"""The guard at the network door: names, and how long a body may take."""

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from strikedesk.server import guard
from strikedesk.server.guard import BodyGuard, NameGuard, names

LETTERS = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-", min_size=1, max_size=20)


@given(name=LETTERS)
def test_only_the_loopback_answers_to_no_configuration(name: str) -> None:
    """Whatever a page's name resolves to, it is not ours."""
    known = names("127.0.0.1", (), ())

    assert known.admits_host(name) == (name in {"127.0.0.1", "localhost"})
    assert known.admits_origin(f"https://{name}") == known.admits_host(name)


@pytest.mark.parametrize("bind", ["0.0.0.0", "::"])  # noqa: S104 -- what an owner may write
def test_binding_everywhere_gives_no_name(bind: str) -> None:
    """The SDK would then take every name; here the owner names the ones that are his."""
    known = names(bind, (), ())

    assert not known.admits_host("192.168.1.5:8765")
    assert not known.admits_host(bind)
    assert known.admits_host("localhost:8765")


def test_the_owner_adds_names_and_pages() -> None:
    known = names("192.168.1.5", ("Desk.Example.com", "proxy:8443"), ("https://app.example/",))

    assert known.admits_host("192.168.1.5:8765")
    assert known.admits_host("desk.example.COM")
    assert known.admits_host("proxy:8443")
    assert not known.admits_host("proxy:8444")
    assert known.admits_origin("https://desk.example.com")
    assert known.admits_origin("HTTPS://app.example")
    assert not known.admits_origin("https://app.example.evil")


async def answered(app: NameGuard | BodyGuard, scope: Message, *said: Message) -> list[Message]:
    """Ask an app; what it does not answer it waits for, and is given up."""
    sent: list[Message] = []
    pending = list(said)

    async def receive() -> Message:
        if not pending:
            await anyio.sleep_forever()
        return pending.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


async def nothing(*_: object) -> None:
    """Answer nothing."""


async def test_a_websocket_is_asked_for_its_name_too() -> None:
    """The next door that is added must not be the one that was left open."""
    scope = {"type": "websocket", "headers": [(b"host", b"evil.example")]}

    sent = await answered(NameGuard(nothing, names("127.0.0.1", (), ())), scope)

    assert sent[0]["type"] in {"websocket.close", "websocket.http.response.start"}


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_S", 0.01)
    begun = {"type": "http.request", "body": b"{", "more_body": True}

    sent = await answered(BodyGuard(nothing), {"type": "http", "method": "POST"}, begun)

    assert sent[0]["status"] == 408


async def test_a_client_that_left_before_its_body_came_is_no_request() -> None:
    """Half a body, passed on as a whole one, could be another message."""
    begun = {"type": "http.request", "body": b"{}", "more_body": True}
    passed: list[Message] = []

    async def app(scope: Message, receive: object, send: object) -> None:
        passed.append(scope)

    sent = await answered(
        BodyGuard(app), {"type": "http", "method": "POST"}, begun, {"type": "http.disconnect"}
    )

    assert (sent, passed) == ([], [])


def test_an_address_of_the_newer_kind_is_named_in_brackets() -> None:
    known = names("fd00::5", (), ())

    assert known.admits_host("[fd00::5]:8765")
    assert not known.admits_host("fd00::5")
