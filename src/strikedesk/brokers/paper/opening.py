"""How a paper world begins: which accounts, what time, which market."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from strikedesk.domain.accounts import AccountKind, OptionLevel
from strikedesk.domain.ledger import Json
from strikedesk.domain.ports import Entropy
from strikedesk.exchange.clock import VenueClock
from strikedesk.exchange.fees import DEFAULT_SCHEDULE
from strikedesk.exchange.world import AccountSpec, Frame, World, open_world

_TAG_LENGTH: Final = 8
_NUMBER: Final = "PAPER{:04d}"
DEPOSIT: Final = Decimal("100000.00")

ACCOUNTS: Final = (
    AccountSpec(
        account_id=_NUMBER.format(1),
        handle="paper-margin",
        nickname="Paper margin account",
        kind=AccountKind.MARGIN,
        deposit=DEPOSIT,
    ),
    AccountSpec(
        account_id=_NUMBER.format(2),
        handle="paper-cash",
        nickname="Paper cash account",
        kind=AccountKind.CASH,
        deposit=DEPOSIT,
    ),
    AccountSpec(
        account_id=_NUMBER.format(3),
        handle="paper-ira",
        nickname="Paper retirement account",
        kind=AccountKind.IRA,
        deposit=DEPOSIT,
    ),
)


def account_spec(
    number: int,
    *,
    handle: str,
    kind: AccountKind,
    deposit: Decimal,
    option_level: OptionLevel | None = None,
) -> AccountSpec:
    """Return an account of the owner's own, the `number`th of a new world."""
    return AccountSpec(
        account_id=_NUMBER.format(number),
        handle=handle,
        nickname=handle,
        kind=kind,
        deposit=deposit,
        option_level=option_level,
    )


def with_intraday_margin(accounts: Iterable[AccountSpec]) -> tuple[AccountSpec, ...]:
    """Return accounts whose margin is looked at with every order, where they have any."""
    return tuple(
        replace(account, intraday=True) if account.kind is AccountKind.MARGIN else account
        for account in accounts
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a new world is given. A world that exists keeps what it was given then.

    `source` says which market the world lives on, as JSON (a seed, or a tape); a world is never
    put onto another one. `clock_insisted`: a world that goes at another pace is refused.
    `latency_ms`: see `Frame`.
    """

    clock: VenueClock = field(default_factory=VenueClock)
    source: Mapping[str, Json] = field(default_factory=dict[str, Json])
    accounts: tuple[AccountSpec, ...] = ACCOUNTS
    schedule: str = DEFAULT_SCHEDULE
    clock_insisted: bool = False
    latency_ms: int = 0

    def world(self, name: str, *, wall: datetime, entropy: Entropy) -> World:
        """Return a new world of that name."""
        frame = Frame(
            name=name,
            tag=entropy.identifier().replace("-", "")[:_TAG_LENGTH],
            opened_at=self.clock.instant(wall),
            clock=self.clock,
            source=self.source,
            schedule=self.schedule,
            latency_ms=self.latency_ms,
        )
        return open_world(frame, self.accounts)
