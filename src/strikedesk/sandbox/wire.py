"""How the protocol writes numbers, instants and envelopes.

Decimals are texts with a fractional digit, magnitudes positive with an `-effect` beside them; what
does not apply is absent; an instant has milliseconds.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeVar

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from strikedesk.domain.ledger import Json
from strikedesk.sandbox.refusal import Refusal

T = TypeVar("T")

_FIRST: Final = 0


def decimal(number: Decimal | float) -> str:
    """Write a number with at least one fractional digit and no exponent."""
    exact = number if isinstance(number, Decimal) else Decimal(repr(number))
    text = format(exact.normalize(), "f")
    return text if "." in text else f"{text}.0"


def counted(quantity: int | Decimal) -> int | str:
    """Write a quantity: a number where it is whole by its kind, else as decimals are."""
    return decimal(quantity) if isinstance(quantity, Decimal) else quantity


def maybe(number: Decimal | float | None) -> str | None:
    """Write a number, or nothing where it is unknown."""
    return None if number is None else decimal(number)


def effect(amount: Decimal) -> str:
    """Say which way money goes: out of the account where the amount is negative."""
    if not amount:
        return "None"
    return "Debit" if amount < 0 else "Credit"


def signed(name: str, amount: Decimal) -> dict[str, Json]:
    """Write an amount of the account's view (+ in) as a magnitude and its effect."""
    return {name: decimal(abs(amount)), f"{name}-effect": effect(amount)}


def instant(at: datetime) -> str:
    """Write an instant as accounts, orders and instruments have it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def zulu(at: datetime) -> str:
    """Write an instant as market data, metrics and transactions have it."""
    return instant(at).removesuffix("+00:00") + "Z"


def epoch_ms(at: datetime) -> int:
    """Write an instant as an order's `updated-at` has it."""
    return int(at.timestamp() * 1000)


def known(fields: Mapping[str, Json]) -> dict[str, Json]:
    """Leave out what does not apply."""
    return {name: value for name, value in fields.items() if value is not None}


def context_of(request: Request) -> str:
    """Return what an answer says it is about: the path as it was written."""
    written: bytes | None = request.scope.get("raw_path")
    return request.url.path if written is None else written.decode("latin-1")


def one(request: Request, data: Mapping[str, Json], status: int = 200) -> JSONResponse:
    """Answer with an object."""
    return JSONResponse({"data": data, "context": context_of(request)}, status_code=status)


def many(request: Request, items: Iterable[Json]) -> JSONResponse:
    """Answer with a list that has no pages."""
    return JSONResponse({"data": {"items": [*items]}, "context": context_of(request)})


async def rendered(request: Request, data: Callable[[], Mapping[str, Json]]) -> Response:
    """Answer with what is long: it is made and written on another thread, and nobody waits."""

    def body() -> bytes:
        document = {"data": data(), "context": context_of(request)}
        return json.dumps(document, separators=(",", ":")).encode()

    return Response(await to_thread.run_sync(body), media_type="application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is asked for. `number` counts from 0."""

    size: int
    number: int

    @property
    def offset(self) -> int:
        """How many items are before it."""
        return self.size * self.number

    def cut(self, items: Sequence[T]) -> Sequence[T]:
        """Return the items of the page."""
        return items[self.offset : self.offset + self.size]


def page_of(request: Request, *, size: int, most: int) -> Page:
    """Read which page is wanted.

    Raises:
        Refusal: 400, where that is no page.
    """
    return Page(
        size=_whole(request, "per-page", size, least=1, most=most),
        number=_whole(request, "page-offset", _FIRST, least=0, most=1_000_000),
    )


def paged(request: Request, items: Sequence[Json], page: Page, total: int) -> JSONResponse:
    """Answer with one page of a list, and what there is beside it."""
    pagination: dict[str, Json] = {
        "per-page": page.size,
        "page-offset": page.number,
        "item-offset": page.offset,
        "total-items": total,
        "total-pages": -(-total // page.size),
        "current-item-count": len(items),
        "previous-link": None,
        "next-link": None,
        "paging-link-template": None,
    }
    body = {"data": {"items": [*items]}, "context": context_of(request), "pagination": pagination}
    return JSONResponse(body)


def _whole(request: Request, name: str, default: int, *, least: int, most: int) -> int:
    given = request.query_params.get(name)
    if given is None:
        return default
    if not given.isascii() or not given.isdigit() or not least <= int(given) <= most:
        raise Refusal.of_parameter(name, f"is a whole number from {least} to {most}")
    return int(given)
