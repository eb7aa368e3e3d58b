"""tastytrade put together: its site, the owner's sealed link, and the broker over both."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Final

from strikedesk.brokers.tastytrade.broker import NAME, NAME_HERE, TastytradeBroker
from strikedesk.brokers.tastytrade.consenting import Consent
from strikedesk.brokers.tastytrade.grants import Grant, Link, read_link, scopes_of
from strikedesk.brokers.tastytrade.pace import Pace
from strikedesk.brokers.tastytrade.session import Session
from strikedesk.brokers.tastytrade.sites import PRODUCTION, SANDBOX, Site, on_this_machine
from strikedesk.brokers.tastytrade.streams import Streams
from strikedesk.brokers.tastytrade.token_desk import TokenDesk
from strikedesk.brokers.tastytrade.wire import Wire
from strikedesk.domain.accounts import Account
from strikedesk.domain.customer import Customer
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.domain.secret import RowIdentity, Secret
from strikedesk.settings import Settings
from strikedesk.store.keys import SqlKeyStore
from strikedesk.store.links import SqlLinks
from strikedesk.store.rate_budget import SqlRateBudget
from strikedesk.vault.opening import check_home, choose_home, open_vault
from strikedesk.vault.ring import KeyHome
from strikedesk.vault.vault import Vault
from strikedesk.wiring.ground import SystemEntropy, UtcClock

if TYPE_CHECKING:
    from strikedesk.store.database import Database

USER: Final = "owner"
SERVICE: Final = "strikedesk"
_TABLE: Final = "broker_links"
_LOST: Final = frozenset({Reason.VAULT_KEY_MISSING, Reason.VAULT_TAMPERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTest:
    """What a grant turned out to be good for, before it is kept."""

    site: Site
    accounts: tuple[Account, ...]
    scopes: tuple[str, ...]
    customer: Customer | None = None


def site_of(settings: Settings) -> Site:
    """Return the tastytrade of the settings.

    Raises:
        Misconfigured: CONFIGURATION_UNREADABLE.
    """
    if settings.tastytrade.origin is not None:
        return on_this_machine(settings.tastytrade.origin)
    return PRODUCTION if settings.tastytrade.environment == "live" else SANDBOX


class SealedLinks:
    """The owner's links to tastytrade, one for each site, sealed where they lie."""

    def __init__(self, settings: Settings, database: "Database") -> None:
        """Keep them in this database, under the key of the settings."""
        self._settings = settings
        self._rows = SqlLinks(database)
        self._keys = SqlKeyStore(database)

    async def check(self) -> None:
        """See to it that a grant could be kept, before anybody is asked for one.

        Raises:
            Misconfigured: see `choose_home` and `check_home`.
        """
        await check_home(self._home())

    async def load(self, site: Site) -> Link | None:
        """Return the link to a site, or None.

        Raises:
            Misconfigured: see `Vault.open`.
        """
        name, environment = _name(site), site.environment
        sealed = await self._rows.load(user_id=USER, broker=name, environment=environment)
        if sealed is None:
            return None
        return read_link(await (await self._vault()).open(sealed, where=_where(site)))

    async def save(self, site: Site, grant: Grant) -> None:
        """Seal a grant in the place of what was there; accounts keep the ids that they had.

        A link that does not open any more is replaced: its key is lost, and the ids with it.

        Raises:
            Misconfigured: VAULT_LOCKED.
        """
        before = await self._before(site)
        key = Secret(SystemEntropy().token()) if before is None else before.account_key
        link = Link(grant=grant, account_key=key)
        vault = await self._vault(start_over=True)
        sealed = await vault.seal(link.written(), where=_where(site))
        await self._rows.save(
            user_id=USER,
            broker=_name(site),
            environment=site.environment,
            sealed=sealed,
            at=UtcClock().now(),
        )

    async def destroy(self, site: Site) -> bool:
        """Delete the link to a site; False when there was none."""
        return await self._rows.delete(
            user_id=USER, broker=_name(site), environment=site.environment
        )

    async def _before(self, site: Site) -> Link | None:
        try:
            return await self.load(site)
        except Misconfigured as error:
            if error.reason in _LOST:
                return None
            raise

    async def _vault(self, *, start_over: bool = False) -> Vault:
        return await open_vault(
            home=self._home(), wrapped_keys=self._keys, clock=UtcClock(), start_over=start_over
        )

    def _home(self) -> KeyHome:
        return choose_home(
            self._settings.key_source.value,
            key_file=self._settings.vault.key_file,
            variable=self._settings.vault_key,
            data_folder=self._settings.folders.data,
            service=SERVICE,
        )


@asynccontextmanager
async def open_tastytrade(
    settings: Settings, database: "Database"
) -> AsyncGenerator[TastytradeBroker]:
    """Open the broker over the owner's link; without one it answers that there is none.

    Raises:
        Misconfigured: the vault does not open the link that is there.
    """
    site = site_of(settings)
    link = await SealedLinks(settings, database).load(site)
    key = Secret(SystemEntropy().token()) if link is None else link.account_key
    async with _wired(site, None if link is None else link.grant) as (wire, session):
        clock, chance = UtcClock(), Random(SystemEntropy().token())  # noqa: S311 -- for pauses alone
        broker = TastytradeBroker(
            site=site,
            wire=wire,
            session=session,
            clock=clock,
            account_key=key,
            pace=Pace(budget=SqlRateBudget(database, clock=clock), of=_where(site).row_id),
            streams=partial(Streams.of, site=site, session=session, clock=clock, chance=chance),
        )
        try:
            yield broker
        finally:
            await broker.close()


async def tried(site: Site, grant: Grant) -> LinkTest:
    """Return what a grant is good for.

    Raises:
        Misconfigured: BROKER_LINK_ENDED, BROKER_LINK_ELSEWHERE.
        Unavailable: the broker does not answer.
    """
    async with _wired(site, grant) as (wire, session):
        token = await session.token()
        broker = TastytradeBroker(
            site=site, wire=wire, session=session, clock=UtcClock(), account_key=Secret("a test")
        )
        return LinkTest(
            site=site,
            accounts=await broker.accounts(),
            scopes=scopes_of(token),
            customer=await broker.customer(),
        )


async def redeemed(consent: Consent, code: Secret, client_secret: Secret) -> Grant:
    """Return the grant that the owner's consent in a browser stands for.

    Raises: as `TokenDesk.redeem`.
    """
    wire = Wire(consent.site)
    try:
        desk = TokenDesk(site=consent.site, wire=wire, clock=UtcClock())
        return await desk.redeem(
            code,
            client_id=Secret(consent.client_id),
            client_secret=client_secret,
            redirect_uri=consent.redirect_uri,
            verifier=consent.verifier,
        )
    finally:
        await wire.close()


@asynccontextmanager
async def _wired(site: Site, grant: Grant | None) -> AsyncGenerator[tuple[Wire, Session]]:
    wire, clock = Wire(site), UtcClock()
    try:
        desk = TokenDesk(site=site, wire=wire, clock=clock)
        yield wire, Session(grant=grant, desk=desk, clock=clock)
    finally:
        await wire.close()


def _name(site: Site) -> str:
    return NAME_HERE if site.is_here else NAME


def _where(site: Site) -> RowIdentity:
    return RowIdentity(
        table=_TABLE,
        row_id=f"{USER}/{_name(site)}",
        account_id=None,
        environment=site.environment.value,
    )
