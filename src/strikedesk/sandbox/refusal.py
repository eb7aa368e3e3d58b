"""What the sandbox says no with: a status, and the protocol's envelope of an error."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse

from strikedesk.domain.errors import DeskError, Misconfigured, Unavailable
from strikedesk.domain.ledger import Json
from strikedesk.domain.reasons import Reason

BAD_REQUEST: Final = 400
UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
TOO_OLD: Final = 406
TOO_LARGE: Final = 413
UNPROCESSABLE: Final = 422
UNAVAILABLE: Final = 503


@dataclass(frozen=True, slots=True)
class Fault:
    """One of several things that are wrong."""

    code: str
    message: str

    def told(self) -> dict[str, Json]:
        """Return it as the envelope has it."""
        return {"code": self.code, "message": self.message}


class Refusal(Exception):
    """A request that is not carried out. The code is a number with 406 alone."""

    def __init__(
        self, status: int, code: str | int, message: str, faults: Sequence[Fault] = ()
    ) -> None:
        """Say with which status, and why."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.faults = (*faults,)

    @classmethod
    def of_parameter(cls, name: str, problem: str) -> "Refusal":
        """Return the refusal of a parameter that cannot be read, or is not there."""
        return cls(BAD_REQUEST, "validation_error", f"{name} {problem}.")

    @classmethod
    def not_found(cls, what: str) -> "Refusal":
        """Return the refusal of what nobody knows here."""
        return cls(NOT_FOUND, "record_not_found", f"Couldn't find {what}.")

    @classmethod
    def not_permitted(cls) -> "Refusal":
        """Return the refusal of what is another's, or beyond the scope of the token."""
        return cls(FORBIDDEN, "not_permitted", "User not permitted access")

    @classmethod
    def of_order(cls, faults: Sequence[Fault]) -> "Refusal":
        """Return the refusal of an order, with everything that is wrong with it."""
        return cls(
            UNPROCESSABLE,
            "preflight_check_failure",
            "One or more preflight checks failed",
            faults,
        )

    def answer(self) -> JSONResponse:
        """Return it as the protocol tells it."""
        error: dict[str, Json] = {"code": self.code, "message": self.message}
        if self.faults:
            error["errors"] = [fault.told() for fault in self.faults]
        return JSONResponse({"error": error}, status_code=self.status)


async def answer_refusal(_: Request, error: Exception) -> JSONResponse:
    """Tell a refusal; the app hands over no other exception."""
    if not isinstance(error, Refusal):
        raise error
    return error.answer()


async def answer_desk_error(_: Request, error: Exception) -> JSONResponse:
    """Tell what the simulated venue refused outside the order path, in the protocol's terms."""
    if not isinstance(error, DeskError):
        raise error
    return translated(error).answer()


def translated(error: DeskError) -> Refusal:
    """Return what a reader is told of a reason of the venue."""
    if error.reason in _ABSENT:
        return Refusal.not_found(_ABSENT[error.reason])
    if error.reason is Reason.INVALID_SYMBOL:
        return Refusal.not_found("that symbol")
    if isinstance(error, Unavailable | Misconfigured):
        return Refusal(UNAVAILABLE, "service_unavailable", "The simulated venue cannot answer now.")
    code = error.reason.name.lower()
    return Refusal(UNPROCESSABLE, code, f"{code.replace('_', ' ').capitalize()}.")


_ABSENT: Final = {
    Reason.SYMBOL_NOT_FOUND: "that symbol",
    Reason.CONTRACT_NOT_FOUND: "that contract",
    Reason.EXPIRATION_NOT_FOUND: "that expiration",
    Reason.ACCOUNT_UNKNOWN: "that account",
    Reason.ORDER_UNKNOWN: "that order",
}
