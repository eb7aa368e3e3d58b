"""`strikedesk login` and `logout`: the owner's link to a broker, tried before it is sealed."""

import webbrowser
from typing import Final

import typer

from strikedesk.brokers.tastytrade.consenting import Callback, Consent
from strikedesk.brokers.tastytrade.grants import Grant
from strikedesk.brokers.tastytrade.sites import PRODUCTION, Site, on_this_machine
from strikedesk.cli.office import DOOR, OWNER
from strikedesk.cli.standing import described
from strikedesk.domain.accounts import Account, Environment
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json, Note
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import Secret
from strikedesk.settings import Settings, load
from strikedesk.store.ledger import SqlLedger
from strikedesk.wiring import SystemEntropy, UtcClock, open_store
from strikedesk.wiring.tastytrade import LinkTest, SealedLinks, redeemed, tried
from strikedesk.wiring.tastytrade import site_of as site_of_settings

_SECRET_MIN: Final = 8
_SECRET_MAX: Final = 8192

_GUIDE: Final = """\
At tastytrade's own site ({where}): create an OAuth application and note its client secret; then
create a grant for yourself and note its refresh token. Scope `read` is enough to look; add `trade`
when orders may leave. Paste both here: nothing is shown, and both are sealed in the vault."""

_GUIDE_BY_BROWSER: Final = """\
At tastytrade's own site ({where}): create an OAuth application with the
redirect address {back} and note its client id and its client secret.
Give both here; the secret is not shown. Then agree on the page that opens."""


def site_of(*, live: bool, here: str | None) -> Site:
    """Return where to link: what the options say, else what the settings do.

    Raises:
        Misconfigured: CONFIGURATION_UNREADABLE.
        Denied: INVALID_ARGUMENT for both options at once.
    """
    if live and here is not None:
        raise Denied(Reason.INVALID_ARGUMENT, argument="--here", problem="it is not production")
    if here is not None:
        return on_this_machine(here)
    return PRODUCTION if live else site_of_settings(load())


def guide(site: Site, *, port: int | None) -> str:
    """Return what the owner has to do first; `port` is that of the way by browser."""
    where = f"{_name(site)}, {site.origin}"
    if port is None:
        return _GUIDE.format(where=where)
    return _GUIDE_BY_BROWSER.format(where=where, back=Callback(port).redirect_uri)


def hidden(what: str) -> Secret:
    """Ask for a secret at the terminal, showing nothing of it."""
    return Secret(str(typer.prompt(what, hide_input=True)).strip())


def asked(what: str) -> str:
    """Ask for something that is no secret."""
    return str(typer.prompt(what)).strip()


def grant_of(client_secret: Secret, refresh_token: Secret) -> Grant:
    """Return the grant of two secrets.

    Raises:
        Denied: INVALID_ARGUMENT for what cannot be one.
    """
    for name, secret in (("client secret", client_secret), ("refresh token", refresh_token)):
        text = secret.reveal()
        if not _SECRET_MIN <= len(text) <= _SECRET_MAX or not text.isascii() or " " in text:
            raise Denied(Reason.INVALID_ARGUMENT, argument=name, problem="it looks like none")
    return Grant(client_secret=client_secret, refresh_token=refresh_token)


async def consented(
    site: Site, client_id: str, client_secret: Secret, *, port: int, read_only: bool
) -> Grant:
    """Let the owner agree in a browser, and return the grant that comes of it.

    Raises:
        Misconfigured: the port cannot be had, or somebody said no.
        Unavailable: nobody came back in time, or the broker does not answer.
    """
    callback, entropy = Callback(port), SystemEntropy()
    await callback.open()
    try:
        consent = Consent(
            site=site,
            client_id=client_id,
            redirect_uri=callback.redirect_uri,
            scopes=("read",) if read_only else ("read", "trade"),
            state=entropy.token(),
            verifier=Secret(entropy.token() + entropy.token()),
        )
        open_page(consent.address)
        code = await callback.code(consent.state)
    finally:
        await callback.close()
    return await redeemed(consent, code, client_secret)


def open_page(address: str) -> None:
    """Open the broker's page in the owner's browser, and say where it is."""
    typer.echo(f"Agree on this page, which opens now:\n\n  {address}\n")
    webbrowser.open(address)


async def ready() -> None:
    """See to it that what the owner is about to bring can be kept.

    Raises:
        Misconfigured: the vault has no key to be had, or the database does not open.
    """
    settings = load()
    async with open_store(settings) as database:
        await SealedLinks(settings, database).check()


async def link(broker: str, site: Site, grant: Grant) -> tuple[str, ...]:
    """Try a grant, seal it, and return what to tell the owner.

    Raises:
        Misconfigured: the broker refuses it, or the vault does not answer; nothing was kept.
        Unavailable: the broker does not answer; nothing was kept.
    """
    found = await tried(site, grant)
    settings = load()
    async with open_store(settings) as database:
        await SealedLinks(settings, database).save(site, grant)
        body: dict[str, Json] = {"accounts": len(found.accounts), "scopes": [*found.scopes]}
        await SqlLedger(database).append(None, _note("broker_linked", broker, site, body))
    return _told(broker, found, settings)


async def unlink(broker: str, site: Site) -> str:
    """Delete a link and return what to tell the owner.

    Raises:
        Denied: INVALID_ARGUMENT where there is none.
    """
    settings = load()
    async with open_store(settings) as database:
        if not await SealedLinks(settings, database).destroy(site):
            raise Denied(
                Reason.INVALID_ARGUMENT, argument="BROKER", problem=f"no link to {_name(site)}"
            )
        await SqlLedger(database).append(None, _note("broker_unlinked", broker, site, {}))
    return f"The link to {broker} ({_name(site)}) is gone. Delete the grant at the broker too."


def _told(broker: str, found: LinkTest, settings: Settings) -> tuple[str, ...]:
    scopes = ", ".join(found.scopes) or "not told"
    lines = [f"Linked to {broker} ({_name(found.site)}). Scopes: {scopes}."]
    lines += [f"  {_described(account)}" for account in found.accounts]
    if found.customer is not None:
        lines.append(f"You are to the broker: {described(found.customer)}.")
    if settings.broker != broker:
        lines.append(f"To use it: STRIKEDESK_BROKER={broker}, or serve --broker {broker}.")
    if found.site.environment is Environment.LIVE and settings.tastytrade.environment != "live":
        lines.append('For production also: [tastytrade] environment = "live" in config.toml.')
    return (*lines, "Servers that run keep what they have until they are started again.")


def _described(account: Account) -> str:
    trades = "may trade" if account.can_trade else "may not trade"
    return f"{account.handle}  {account.masked}  {account.kind.value}  {trades}"


def _name(site: Site) -> str:
    return "a sandbox on this machine" if site.is_here else site.environment.value


def _note(kind: str, broker: str, site: Site, body: dict[str, Json]) -> Note:
    told: dict[str, Json] = {"broker": broker, "environment": _name(site)} | body
    return Note(at=UtcClock().now(), actor=OWNER, path=DOOR, kind=kind, body=told)
