"""Where tastytrade is: production, its sandbox, or one on this machine; and nowhere else."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from strikedesk.domain.accounts import Environment
from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_AUTHORIZE_HERE: Final = "/auth.html"
# What each environment's own hosts are called; a token that names another one goes nowhere.
_HOSTS: Final = {
    "api.tastyworks.com": Environment.LIVE,
    "api.cert.tastyworks.com": Environment.SANDBOX,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One tastytrade: its REST origin, its page for consent, and the version that is asked for.

    `version` is the date in `Accept-Version`; None sends none, as the broker's sandbox wants it.
    Law: credentials go to these hosts over TLS, or in clear to this machine, which is a sandbox.
    Raises `Misconfigured` for any other origin.
    """

    environment: Environment
    origin: str
    authorize: str
    version: str | None

    def __post_init__(self) -> None:
        """Refuse an origin to which no credential may go."""
        if not self._is_allowed():
            raise Misconfigured(
                Reason.CONFIGURATION_UNREADABLE,
                setting="tastytrade.origin",
                expected="one of tastytrade's own hosts over https, or a sandbox on 127.0.0.1",
            )

    @property
    def host(self) -> str:
        """The host's name alone."""
        return urlsplit(self.origin).hostname or ""

    @property
    def is_here(self) -> bool:
        """Whether it is a sandbox on this machine."""
        return self.host in _LOOPBACK

    def _is_allowed(self) -> bool:
        parts = urlsplit(self.origin)
        if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
            return False
        if self.is_here:
            return parts.scheme in {"http", "https"} and self.environment is Environment.SANDBOX
        own = environment_of_host(self.host) is self.environment
        return parts.scheme == "https" and own and parts.port in {None, 443}


def environment_of_host(host: str) -> Environment | None:
    """Return whose host it is; None for any that is not the broker's own."""
    return _HOSTS.get(host.lower().rstrip("."))


PRODUCTION: Final = Site(
    environment=Environment.LIVE,
    origin="https://api.tastyworks.com",
    authorize="https://my.tastytrade.com/auth.html",
    version="20251101",
)
SANDBOX: Final = Site(
    environment=Environment.SANDBOX,
    origin="https://api.cert.tastyworks.com",
    authorize="https://cert-my.staging-tasty.works/auth.html",
    version=None,
)


def on_this_machine(origin: str) -> Site:
    """Return the site of a local sandbox.

    Raises:
        Misconfigured: it is not on this machine.
    """
    plain = origin.rstrip("/")
    site = Site(
        environment=Environment.SANDBOX,
        origin=plain,
        authorize=plain + _AUTHORIZE_HERE,
        version=None,
    )
    if site.is_here:
        return site
    raise Misconfigured(
        Reason.CONFIGURATION_UNREADABLE,
        setting="tastytrade.origin",
        expected="a sandbox on 127.0.0.1",
    )
