"""Approvals: an order that waits for a person, and how strong the person's word has to be."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

PENDING_MAX: Final = 5
TRIES_MAX: Final = 5


class ConsentPolicy(StrEnum):
    """Who must agree before an order leaves, from the weakest word to the strongest.

    `model`: the nonce is enough. `ask`: the client asks its user. `code`: the user gives the
    assistant a code that only the owner can read. `click`: the owner acts outside the assistant.
    """

    MODEL = "model"
    ASK = "ask"
    CODE = "code"
    CLICK = "click"

    @property
    def rank(self) -> int:
        """How strong it is, to compare with another."""
        return [*ConsentPolicy].index(self)


class Voice(StrEnum):
    """By whom an approval is given or refused: the owner at a door of theirs, or through others."""

    OWNER = "owner"
    CODE = "code"
    CLIENT = "client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What a person is asked about one order.

    Law: it may be given from `requested_at` until before `expires_at`, once, for the text whose
    SHA-256 is `digest`. `code_hash` is that of the code that was read out last, `tries_left` how
    often one may still be tried. `unheard` says why the client's question led nowhere; from then
    on only the owner's own doors count.
    """

    order_id: str
    policy: ConsentPolicy
    digest: str
    requested_at: datetime
    expires_at: datetime
    code_hash: str | None = field(default=None, repr=False)
    tries_left: int = TRIES_MAX
    unheard: str | None = None

    def is_current(self, now: datetime) -> bool:
        """Whether it may be given now; a clock that went back behind the request makes it void."""
        return self.requested_at <= now < self.expires_at

    def admits(self, voice: Voice) -> bool:
        """Whether this voice is strong enough. The owner's own always is."""
        if voice is Voice.OWNER:
            return True
        if voice is Voice.CODE:
            return self.policy is ConsentPolicy.CODE
        return self.policy is ConsentPolicy.ASK and self.unheard is None
