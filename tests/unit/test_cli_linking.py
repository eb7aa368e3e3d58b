"""`strikedesk login` and `logout`: what is kept of a link, where, and what is told of it."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from strikedesk.brokers.tastytrade.grants import Grant, Link, read_link, scopes_of
from strikedesk.brokers.tastytrade.sites import PRODUCTION, SANDBOX, Site, on_this_machine
from strikedesk.brokers.tastytrade.token_desk import TOKEN_PATH
from strikedesk.cli import linking
from strikedesk.domain.errors import Denied, DeskError, Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.settings import Settings, load
from strikedesk.store.ledger import SqlLedger
from strikedesk.wiring import open_desk, open_store
from strikedesk.wiring.tastytrade import SealedLinks, site_of
from tests.fakes.loopback import Loopback, a_loopback, told
from tests.unit.cli_door import call
from tests.unit.tastytrade_desk import NUMBER, an_error, listed
from tests.unit.tastytrade_link import (
    CLIENT_SECRET,
    REFRESH_TOKEN,
    a_grant,
    a_jwt,
    a_token_reply,
)

NEWER_TOKEN = "a-newer-token-that-nobody-may-see"  # noqa: S105 -- of nobody


@pytest.fixture
async def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Loopback]:
    """Yield a far end with one account; the settings point the desk at it."""
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STRIKEDESK_VAULT__KEY_FILE", str(keys / "key"))
    monkeypatch.setenv("STRIKEDESK_BROKER", "tastytrade")
    async with a_loopback() as there:
        monkeypatch.setenv("STRIKEDESK_TASTYTRADE__ORIGIN", there.origin)
        account = {"account-number": NUMBER, "margin-or-cash": "Margin"}
        owned = {"account": account, "authority-level": "owner"}
        there.answers(TOKEN_PATH, a_token_reply(a_jwt(scope="read trade")))
        there.answers("/customers/me/accounts", listed(owned))
        yield there


def here(there: Loopback) -> Site:
    return on_this_machine(there.origin)


async def kept(settings: Settings, site: Site) -> Grant | None:
    async with open_store(settings) as database:
        link = await SealedLinks(settings, database).load(site)
    return None if link is None else link.grant


async def accounts_of_desk() -> list[str]:
    async with open_desk(load()) as desk:
        return [account.account_id for account in await desk.books.all()]


async def failing_desk() -> DeskError:
    """Return what every question is answered with, of a desk that opens all the same."""
    async with open_desk(load()) as desk:
        errors: list[DeskError] = []
        for _ in range(2):
            with pytest.raises(DeskError) as error:
                await desk.books.all()
            errors.append(error.value)
    assert str(errors[0]) == str(errors[1])
    return errors[0]


async def test_a_link_is_tried_sealed_and_told_of(there: Loopback) -> None:
    lines = await linking.link("tastytrade", here(there), a_grant())

    assert lines[0] == "Linked to tastytrade (a sandbox on this machine). Scopes: read, trade."
    assert lines[1] == "  tasty-0001  …0001  margin  may trade"
    assert await kept(load(), here(there)) == a_grant()
    assert len(await accounts_of_desk()) == 1


async def test_the_owner_is_told_what_the_broker_has_them_for_and_no_more(
    there: Loopback, tmp_path: Path
) -> None:
    """A name, an address or a tax number is in nothing that is said, nor in any file."""
    person = {"last-name": "Doubtfire", "email": "pat@example.com", "tax-number": "123-45-6789"}
    told_of = person | {"is-professional": False, "has-delayed-quotes": True}
    there.answers("/customers/me", told({"data": told_of}))

    lines = await linking.link("tastytrade", here(there), a_grant())

    assert lines[2] == "You are to the broker: no professional, delayed quotes on record."
    written = "\n".join(lines).encode() + bytes_of(tmp_path)
    assert not [text for text in person.values() if text.encode() in written]


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


async def test_nothing_of_a_link_lies_in_clear(there: Loopback, tmp_path: Path) -> None:
    """Neither its secrets nor the number of an account, in any file of the desk."""
    await linking.link("tastytrade", here(there), a_grant())
    await accounts_of_desk()

    written = bytes_of(tmp_path)
    for secret in (REFRESH_TOKEN, CLIENT_SECRET, NUMBER):
        assert secret.encode() not in written


async def test_a_grant_that_is_refused_is_not_kept(there: Loopback) -> None:
    there.answers(TOKEN_PATH, told({"error": "invalid_grant"}, status=400))

    with pytest.raises(Misconfigured) as refused:
        await linking.link("tastytrade", here(there), a_grant())

    assert refused.value.reason is Reason.BROKER_LINK_ENDED
    assert await kept(load(), here(there)) is None


async def test_a_new_grant_leaves_the_accounts_their_ids(there: Loopback) -> None:
    """The desk's orders are kept under them."""
    await linking.link("tastytrade", here(there), a_grant())
    before = await accounts_of_desk()

    await linking.link("tastytrade", here(there), a_grant(NEWER_TOKEN))

    assert await accounts_of_desk() == before
    grant = await kept(load(), here(there))
    assert grant is not None
    assert grant.refresh_token == Secret(NEWER_TOKEN)


async def test_a_link_whose_key_is_lost_is_replaced(there: Loopback, tmp_path: Path) -> None:
    await linking.link("tastytrade", here(there), a_grant())
    (tmp_path / "keys" / "key").unlink()
    with pytest.raises(Misconfigured):
        await kept(load(), here(there))

    await linking.link("tastytrade", here(there), a_grant())

    assert await kept(load(), here(there)) == a_grant()


async def test_logging_out_destroys_the_link(there: Loopback) -> None:
    await linking.link("tastytrade", here(there), a_grant())

    said = await linking.unlink("tastytrade", here(there))

    assert "Delete the grant at the broker too" in said
    assert await kept(load(), here(there)) is None
    with pytest.raises(Denied):
        await linking.unlink("tastytrade", here(there))


async def test_linking_leaves_lines_in_the_trail(there: Loopback) -> None:
    await linking.link("tastytrade", here(there), a_grant())
    await linking.unlink("tastytrade", here(there))

    async with open_store(load()) as database:
        assert await SqlLedger(database).verify() is None
        kinds = await database.read(
            lambda c: [row[0] for row in c.exec_driver_sql("SELECT kind FROM order_events")]
        )
    assert kinds == ["broker_linked", "broker_unlinked"]


async def test_a_desk_without_a_link_opens_and_says_what_to_do(there: Loopback) -> None:
    error = await failing_desk()

    assert error.reason is Reason.BROKER_NOT_LINKED
    assert "strikedesk login" in str(error)
    assert there.heard == []


async def test_a_desk_with_a_dead_grant_opens_and_says_what_to_do(there: Loopback) -> None:
    """And leaves the broker alone: many refusals block the address."""
    await linking.link("tastytrade", here(there), a_grant())
    there.answers(TOKEN_PATH, told({"error": "invalid_grant"}, status=400))
    before = len(there.asked(TOKEN_PATH))

    error = await failing_desk()

    assert error.reason is Reason.BROKER_LINK_ENDED
    assert len(there.asked(TOKEN_PATH)) == before + 1


async def test_a_broker_that_is_away_is_no_dead_grant(there: Loopback) -> None:
    await linking.link("tastytrade", here(there), a_grant())
    there.answers(TOKEN_PATH, an_error(503))

    assert (await failing_desk()).reason is Reason.BROKER_UNAVAILABLE


# The command


def test_the_command_asks_without_showing_and_refuses_what_is_no_grant(
    there_is_nobody: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    asked: list[str] = []

    def answered(what: str) -> Secret:
        asked.append(what)
        return Secret("two words")

    monkeypatch.setattr(linking, "hidden", answered)
    monkeypatch.setenv("STRIKEDESK_VAULT__KEY_FILE", str(tmp_path / "key"))

    done = call(capsys, "login", "tastytrade", "--live")

    assert asked == ["Client secret", "Refresh token"]
    assert (done.code, "two words" in done.out + done.err) == (1, False)
    assert "https://api.tastyworks.com" in done.out
    assert "2003 INVALID_ARGUMENT: argument=client secret" in done.err


@pytest.mark.parametrize("way", [(), ("--browser",)])
def test_a_vault_that_has_no_key_is_told_before_any_secret_is_asked_for(
    there_is_nobody: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    way: tuple[str, ...],
) -> None:
    """Who has typed two secrets, of which one is shown once, does not want to hear of it then."""
    monkeypatch.setenv("STRIKEDESK_VAULT__KEY_SOURCE", "env")

    def asked(what: str) -> None:
        raise AssertionError(what)

    monkeypatch.setattr(linking, "hidden", asked)
    monkeypatch.setattr(linking, "asked", asked)

    done = call(capsys, "login", "tastytrade", *way)

    assert (done.code, done.out) == (2, "")
    assert "vault.key_source" in done.err


@pytest.mark.usefixtures("there")
async def test_asking_the_vault_first_writes_nothing(tmp_path: Path) -> None:
    """Who thinks better of it at the prompt has changed nothing."""
    await linking.ready()

    assert not (tmp_path / "keys" / "key").exists()


def test_logging_out_of_nothing_is_said_to_be_so(
    there_is_nobody: None, capsys: pytest.CaptureFixture[str]
) -> None:
    done = call(capsys, "logout", "tastytrade", "--here", "http://127.0.0.1:9")

    assert done.code == 1
    assert "no link to a sandbox on this machine" in done.err


@pytest.fixture
def there_is_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIKEDESK_HOME", str(tmp_path))


def test_where_to_link_is_what_the_options_say_else_the_settings(
    there_is_nobody: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = "http://127.0.0.1:9000"

    assert linking.site_of(live=False, here=None) == SANDBOX
    assert linking.site_of(live=True, here=None) == PRODUCTION
    assert linking.site_of(live=False, here=origin).origin == origin
    with pytest.raises(Denied):
        linking.site_of(live=True, here=origin)
    with pytest.raises(Misconfigured):
        linking.site_of(live=False, here="http://192.168.0.2:9000")

    monkeypatch.setenv("STRIKEDESK_TASTYTRADE__ENVIRONMENT", "live")
    assert site_of(load()) == PRODUCTION


def test_a_link_is_read_as_it_was_written() -> None:
    """With and without a client id; its text has no word but secrets."""
    for client_id in (None, Secret("the-client")):
        grant = Grant(
            client_secret=Secret(CLIENT_SECRET),
            refresh_token=Secret(REFRESH_TOKEN),
            client_id=client_id,
        )
        link = Link(grant=grant, account_key=Secret("the-key"))
        assert read_link(link.written()) == link
    assert link.written().reveal().split("\n") == [
        "the-client",
        CLIENT_SECRET,
        REFRESH_TOKEN,
        "the-key",
    ]


@pytest.mark.parametrize(
    ("token", "scopes"),
    [
        (a_jwt(scope="read trade offline"), ("read", "trade")),
        (a_jwt(scope=["openid", "read"]), ("read", "openid")),
        (a_jwt(scope=7), ()),
        ("opaque", ()),
    ],
)
def test_scopes_are_those_that_a_token_names(token: str, scopes: tuple[str, ...]) -> None:
    assert scopes_of(Secret(token)) == scopes
