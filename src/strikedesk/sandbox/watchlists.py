"""Watchlists: the user's own, kept as long as the sandbox runs, and one public list."""

from dataclasses import dataclass, field
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strikedesk.domain.ledger import Json
from strikedesk.sandbox import query
from strikedesk.sandbox.door import body_of
from strikedesk.sandbox.orders.reading import Document, read_document
from strikedesk.sandbox.refusal import UNPROCESSABLE, Refusal
from strikedesk.sandbox.spelling import SLASH
from strikedesk.sandbox.wire import many, one
from strikedesk.sandbox.world import SandboxWorld

_CREATED: Final = 201
_LISTS_MAX: Final = 100
_ENTRIES_MAX: Final = 1000
_NAME_MAX: Final = 100
_LAST: Final = 9999
_PUBLIC: Final = "Simulated Market"


@dataclass(slots=True)
class WatchlistRoutes:
    """Lists by their names."""

    world: SandboxWorld
    _lists: dict[str, dict[str, Json]] = field(default_factory=dict[str, dict[str, Json]])

    def routes(self) -> list[Route]:
        """Return them."""
        return [
            Route("/watchlists", self.every, methods=["GET"]),
            Route("/watchlists", self.create, methods=["POST"]),
            Route("/watchlists/{name}", self.one, methods=["GET"]),
            Route("/watchlists/{name}", self.change, methods=["PUT"]),
            Route("/watchlists/{name}", self.remove, methods=["DELETE"]),
            Route("/public-watchlists", self.public, methods=["GET"]),
            Route("/public-watchlists/{name}", self.public_one, methods=["GET"]),
            Route("/pairs-watchlists", self.pairs, methods=["GET"]),
        ]

    async def every(self, request: Request) -> Response:
        """Tell all lists of the user."""
        return many(request, self._lists.values())

    async def create(self, request: Request) -> Response:
        """Keep a new list."""
        told = _read(read_document(await body_of(request)))
        name = str(told["name"])
        if name in self._lists or len(self._lists) >= _LISTS_MAX:
            raise Refusal(UNPROCESSABLE, "watchlist_exists", "A list of that name is there.")
        self._lists[name] = told
        return one(request, told, _CREATED)

    async def one(self, request: Request) -> Response:
        """Tell one list."""
        return one(request, self._lists[self._name(request)])

    async def change(self, request: Request) -> Response:
        """Put a list in the place of another, its name with it."""
        name = self._name(request)
        told = _read(read_document(await body_of(request)))
        del self._lists[name]
        self._lists[str(told["name"])] = told
        return one(request, told)

    async def remove(self, request: Request) -> Response:
        """Take a list away, and tell what it was."""
        return one(request, self._lists.pop(self._name(request)))

    async def public(self, request: Request) -> Response:
        """Tell the public list: everything that trades here."""
        told = self._public()
        if query.flag(request, "counts-only"):
            del told["watchlist-entries"]
        return many(request, [told])

    async def public_one(self, request: Request) -> Response:
        """Tell it by its name."""
        if request.path_params["name"] != _PUBLIC:
            raise Refusal.not_found("that watchlist")
        return one(request, self._public())

    async def pairs(self, request: Request) -> Response:
        """Tell that there are no lists of pairs."""
        return many(request, [])

    def _public(self) -> dict[str, Json]:
        entries: list[Json] = [
            {"symbol": ticker.replace(".", "/"), "instrument-type": "Equity"}
            for ticker in self.world.listed()
        ]
        return {
            "name": _PUBLIC,
            "group-name": "strikedesk",
            "order-index": _LAST,
            "watchlist-entries": entries,
        }

    def _name(self, request: Request) -> str:
        name = request.path_params["name"].replace(SLASH, "/")
        if name not in self._lists:
            raise Refusal.not_found("that watchlist")
        return name


def _read(document: Document) -> dict[str, Json]:
    """Read a list.

    Raises:
        Refusal: 400.
    """
    name, group = document.get("name"), document.get("group-name") or "default"
    if not isinstance(name, str) or not 1 <= len(name) <= _NAME_MAX:
        raise Refusal.of_parameter("name", f"is a text of 1 to {_NAME_MAX} characters")
    given = document.get("watchlist-entries")
    entries = cast("list[object]", given) if isinstance(given, list) else []
    if (given is not None and not isinstance(given, list)) or len(entries) > _ENTRIES_MAX:
        raise Refusal.of_parameter("watchlist-entries", f"is a list of at most {_ENTRIES_MAX}")
    index = document.get("order-index")
    return {
        "name": name,
        "group-name": str(group)[:_NAME_MAX],
        "order-index": index if isinstance(index, int) else _LAST,
        "watchlist-entries": [_entry(each) for each in entries],
    }


def _entry(given: object) -> Json:
    entry = cast("Document", given) if isinstance(given, dict) else None
    symbol = None if entry is None else entry.get("symbol")
    kind = None if entry is None else entry.get("instrument-type")
    if not isinstance(symbol, str) or not 1 <= len(symbol) <= _NAME_MAX:
        raise Refusal.of_parameter("watchlist-entries", "have a symbol each")
    return {"symbol": symbol} | ({"instrument-type": kind} if isinstance(kind, str) else {})
