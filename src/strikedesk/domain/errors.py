"""Errors named by what the caller does next.

An error carries a `Reason` and facts; both are our own words. Text that somebody else wrote (a
broker's body, an exception's message) never enters one.
"""

from decimal import Decimal
from typing import ClassVar, TypeAlias

from strikedesk.domain.codes import plain_code
from strikedesk.domain.reasons import Reason

Fact: TypeAlias = str | int | bool | Decimal | None


class DeskError(Exception):
    """The desk could not do what was asked. See the subclasses for what that means."""

    retryable: ClassVar[bool] = False

    def __init__(self, reason: Reason, **facts: Fact) -> None:
        """Keep the reason and its figures; compose the sentence that people read."""
        self.reason = reason
        self.facts = facts
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        head = f"{self.reason.code} {self.reason.name}"
        return (
            f"{head}: {told}. {self.reason.next_step}"
            if told
            else (f"{head}. {self.reason.next_step}")
        )


class Denied(DeskError):
    """The desk said no. Nothing was sent; fix the request."""


class Rejected(DeskError):
    """The broker said no. No order exists there; read the code.

    The fact `code` is the broker's: what looks like none is told as `unlisted_code`.
    """

    def __init__(self, reason: Reason, **facts: Fact) -> None:
        """Keep of the code what is one."""
        code = facts.get("code")
        super().__init__(reason, **facts | ({"code": plain_code(str(code))} if code else {}))


class Unavailable(DeskError):
    """Nothing was sent; wait and try again."""

    retryable: ClassVar[bool] = True


class OutcomeUnknown(DeskError):
    """An order may exist. Reconcile by its client order id; never send again."""

    def __init__(self, client_order_id: str) -> None:
        """Name the one handle by which the order can be found again."""
        super().__init__(Reason.OUTCOME_UNKNOWN, client_order_id=client_order_id)
        self.client_order_id = client_order_id


class Misconfigured(DeskError):
    """Nothing was sent; the operator acts."""
