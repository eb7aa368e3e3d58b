"""What a browser gets: health for anybody, and the owner's page for whoever holds its link."""

import sys
import webbrowser
from collections.abc import Callable
from typing import Final

from strikedesk.domain.errors import Misconfigured
from strikedesk.domain.reasons import Reason
from strikedesk.logs.known import Known
from strikedesk.logs.scrubber import Scrubber
from strikedesk.settings import Settings, load
from strikedesk.web.approvals import Keys, approval_routes
from strikedesk.web.health import DeskSource, health_routes
from strikedesk.web.standing import Routes, open_port, page_app, run_page
from strikedesk.wiring import LazyDesk

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1", "0.0.0.0", "::"})  # noqa: S104 -- they include it


def routes_of(settings: Settings, keys: Keys, known: Known) -> Callable[[DeskSource, int], Routes]:
    """Return the routes beside the protocol's own, and tell the page's link on stderr."""

    def routes(source: DeskSource, port: int) -> Routes:
        if settings.host in _LOOPBACK:
            name = "[::1]" if settings.host == "::1" else "127.0.0.1"
            tell_link(keys, f"http://{name}:{port}", known)
        return (*health_routes(source), *approval_routes(source, keys))

    return routes


def page_scrubber(keys: Keys, known: Known) -> Scrubber:
    """Return the page's own scrubber: a form and a cookie hold its keys, and nothing else may."""
    return Scrubber(known, spared=keys.all())


def serve_page(port: int, known: Known, *, open_browser: bool) -> None:
    """Serve the owner's page alone, until Ctrl-C, for a desk that is served over stdio.

    Raises:
        Misconfigured: the port cannot be had, or the desk cannot be opened.
    """
    lazy, keys = LazyDesk(load()), Keys()
    try:
        listener = open_port(port)
    except OSError as error:
        raise Misconfigured(
            Reason.CONFIGURATION_UNREADABLE, setting="--port", problem=str(error.strerror)
        ) from None
    link = tell_link(keys, f"http://127.0.0.1:{listener.getsockname()[1]}", known)
    if open_browser:
        webbrowser.open(link)
    run_page(page_app(lazy, keys, lazy.close, page_scrubber(keys, known)), listener)


def tell_link(keys: Keys, origin: str, known: Known) -> str:
    """Write the link to stderr, which is the owner's, once; from then on its key is `known`."""
    link = keys.address(origin)
    sys.stderr.write(f"strikedesk: approve orders at {link}\n")
    sys.stderr.flush()
    for key in keys.all():
        known.learn(key)
    return link
