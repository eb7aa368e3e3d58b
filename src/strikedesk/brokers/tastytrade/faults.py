"""What an answer that is no good means: tastytrade's errors of every form, told in our words.

Of a body only codes are kept, and only what looks like one. Its prose stays outside.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

from strikedesk.brokers.tastytrade.calls import Call
from strikedesk.brokers.tastytrade.wire import Answer
from strikedesk.domain.codes import UNLISTED, plain_code
from strikedesk.domain.errors import Denied, DeskError, Misconfigured, Unavailable
from strikedesk.domain.reasons import Reason

BROKER: Final = "tastytrade"
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 400, 401, 403, 404
TOO_OLD, UNPROCESSABLE, THROTTLED, SERVER_SIDE = 406, 422, 429, 500

_CODES_MAX: Final = 8


class Trouble(Exception):
    """A read that went wrong. `passes`: another try may fare better, after `after_s`."""

    def __init__(
        self, error: DeskError, *, passes: bool = False, after_s: float | None = None
    ) -> None:
        """Keep what the desk is told if nothing helps."""
        super().__init__()
        self.error = error
        self.passes = passes
        self.after_s = after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """The codes of an error's body: the wrapper's first, then those of what it lists.

    `spoken` is False for a body that is no error of the broker's: empty, HTML, or half of one.
    """

    codes: tuple[str, ...] = ()
    spoken: bool = False

    @property
    def code(self) -> str | None:
        """The code that says most: of the first entry, else the wrapper's."""
        inner = [code for code in self.codes[1:] if code != UNLISTED]
        return inner[0] if inner else next(iter(self.codes), None)


def complaint_of(body: bytes) -> Complaint:
    """Read an error's codes: `{"error": {code, errors}}`, or OAuth's own form, or none."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return Complaint()
    error = cast("dict[str, object]", read).get("error") if isinstance(read, dict) else None
    if isinstance(error, str):
        return Complaint(codes=(_code(error),), spoken=True)
    if not isinstance(error, dict):
        return Complaint()
    told = cast("dict[str, object]", error)
    return Complaint(codes=tuple(_codes(told))[:_CODES_MAX], spoken=True)


def trouble_of(call: Call, answer: Answer) -> Trouble:
    """Return what an answer to a read that is no 2xx means."""
    if answer.status == THROTTLED:
        return Trouble(away(answer), passes=True, after_s=answer.after_s)
    if answer.status >= SERVER_SIDE:
        return Trouble(away(answer), passes=True)
    return Trouble(_verdict(call, answer))


def _verdict(call: Call, answer: Answer) -> DeskError:
    """Return what a 3xx or 4xx means: none of them passes by itself."""
    code = complaint_of(answer.body).code
    facts = {"broker": BROKER, "status": answer.status, "code": code}
    verdicts: dict[int, DeskError] = {
        BAD_REQUEST: Denied(Reason.DATA_UNAVAILABLE, **facts),
        UNAUTHORIZED: link_ended(code),
        FORBIDDEN: Denied(Reason.BROKER_SCOPE_MISSING, **facts),
        NOT_FOUND: Denied(call.missing, **call.facts),
        TOO_OLD: Misconfigured(Reason.BROKER_VERSION_ENDED, **facts),
        UNPROCESSABLE: Denied(Reason.DATA_UNAVAILABLE, **facts),
    }
    return verdicts.get(answer.status, away(answer))


def away(answer: Answer | None = None) -> Unavailable:
    """Return that nothing could be had, with the status that says so where there is one."""
    status = {} if answer is None else {"status": answer.status}
    return Unavailable(Reason.BROKER_UNAVAILABLE, broker=BROKER, **status)


def link_ended(code: str | None = None) -> Misconfigured:
    """Return that the broker does not take the grant any more."""
    return Misconfigured(Reason.BROKER_LINK_ENDED, broker=BROKER, code=code)


def _codes(error: dict[str, object]) -> Iterator[str]:
    yield _code(error.get("code"))
    entries = error.get("errors")
    for entry in cast("list[object]", entries) if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            told = cast("dict[str, object]", entry)
            yield _code(told.get("code", told.get("reason")))


def _code(value: object) -> str:
    usable = isinstance(value, str | int) and not isinstance(value, bool)
    return plain_code(str(value)) if usable else UNLISTED
