"""What the account streamer says: answers to what we said, and notices of whole objects.

Law: nothing that a server sends raises here; what is not read is passed over.
"""

from enum import StrEnum
from typing import Final

import msgspec
from pydantic import TypeAdapter, ValidationError

from strikedesk.brokers.tastytrade.payloads.orders import ComplexOrderTold, OrderTold

_ORDER: Final = TypeAdapter(OrderTold)
_COMPLEX: Final = TypeAdapter(ComplexOrderTold)


class Subject(StrEnum):
    """What a notice is about, of what the desk listens to. Others are passed over."""

    ORDER = "Order"
    COMPLEX_ORDER = "ComplexOrder"
    BALANCE = "AccountBalance"
    POSITION = "CurrentPosition"


class Message(msgspec.Struct, frozen=True):
    """One message: an answer has a `status` and an `action`, a notice a `type` and `data`."""

    status: str | None = None
    action: str | None = None
    type: str | None = None
    data: msgspec.Raw = msgspec.Raw()

    @property
    def subject(self) -> Subject | None:
        """What it is a notice about."""
        return _SUBJECTS.get(self.type or "")

    def moved(self) -> str | None:
        """Return the number of the account whose money or holdings a notice tells.

        Empty for one that does not say whose; None for a notice of anything else.
        """
        if self.subject not in {Subject.BALANCE, Subject.POSITION}:
            return None
        try:
            return _decode_owned(self.data).account_number
        except msgspec.DecodeError:
            return ""

    def orders(self) -> tuple[OrderTold, ...]:
        """Return the orders that a notice tells: one, or those of a group."""
        try:
            if self.subject is Subject.ORDER:
                return (_ORDER.validate_json(bytes(self.data)),)
            if self.subject is Subject.COMPLEX_ORDER:
                group = _COMPLEX.validate_json(bytes(self.data))
                return tuple(each for each in (group.trigger_order, *group.orders) if each)
        except ValidationError:  # What pydantic says quotes the message.
            return ()
        return ()


class _Owned(msgspec.Struct, frozen=True, rename="kebab"):
    account_number: str = ""


_decode_owned: Final = msgspec.json.Decoder(_Owned).decode
_SUBJECTS: Final = {subject.value: subject for subject in Subject}
_decode: Final = msgspec.json.Decoder(Message).decode


def read(message: bytes) -> Message | None:
    """Return a message, or None for what is none."""
    try:
        return _decode(message)
    except (ValueError, RecursionError):
        return None
