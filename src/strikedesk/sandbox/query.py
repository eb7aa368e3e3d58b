"""Reading a query: lists in the three spellings that are in use, days, instants, yes and no."""

from datetime import date, datetime
from typing import Final

from starlette.requests import Request

from strikedesk.sandbox.refusal import Refusal

_TRUE: Final = frozenset({"true", "1"})


def listed(request: Request, name: str) -> tuple[str, ...]:
    """Return the values of `name[]=a&name[]=b`, `name=a&name=b` and `name=a,b`, in order."""
    given = [*request.query_params.getlist(f"{name}[]"), *request.query_params.getlist(name)]
    return tuple(part for value in given for part in value.split(",") if part)


def text(request: Request, name: str) -> str | None:
    """Return one value; an empty one is none."""
    return request.query_params.get(name) or None


def flag(request: Request, name: str) -> bool:
    """Return whether a thing is wanted; absent means no."""
    return request.query_params.get(name, "").lower() in _TRUE


def day(request: Request, name: str) -> date | None:
    """Read a date.

    Raises:
        Refusal: 400, where it is none.
    """
    given = text(request, name)
    try:
        return None if given is None else date.fromisoformat(given)
    except ValueError:
        raise Refusal.of_parameter(name, "is a date, as 2026-05-01") from None


def instant(request: Request, name: str) -> datetime | None:
    """Read an instant with its zone; a named zone after it in brackets says the same again.

    Raises:
        Refusal: 400, where it is none.
    """
    given = text(request, name)
    if given is None:
        return None
    plain = given.partition("[")[0]
    # A plus sign that was not written %2B arrives as a space.
    at = _instant(plain) or _instant(plain.replace(" ", "+"))
    if at is None or at.tzinfo is None:
        raise Refusal.of_parameter(name, "is an instant, as 2026-05-01T00:00:00Z")
    return at


def _instant(given: str) -> datetime | None:
    try:
        return datetime.fromisoformat(given)
    except ValueError:
        return None
