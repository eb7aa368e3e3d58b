"""What orders use up of the owner's limits: counted from the ledger, never from memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from strikedesk.domain import calendar
from strikedesk.domain.accounts import Environment
from strikedesk.domain.ledger import Json
from strikedesk.domain.value_class import value_class


@value_class
class Use:
    """What one order uses up of the amounts of its day. Units: USD, never negative.

    An order that only closes uses nothing.
    """

    loss_usd: Decimal
    notional_usd: Decimal


@value_class
class Likeness:
    """What an earlier order has in common with this one that it could be mistaken for.

    It acts on the same underlying in the same account, and nobody knows what became of it: it is
    `unknown`, or has been `submitting` since before `silent_since` or, by a broken clock, after
    `ahead_since`: what was sent while this one was looked at is no reason to doubt.
    """

    account_id: str = field(repr=False)
    underlying: str
    silent_since: datetime
    ahead_since: datetime


@dataclass(frozen=True, slots=True)
class Filled:
    """How many `units` of a broker's order have filled, `of` how many, as the broker last said."""

    units: int = 0
    of: int = 1


@value_class
class Window:
    """Which confirmed orders count: those at one broker and environment, over all its accounts.

    `digest` asks for an equal order confirmed since `twins_from`; None asks for none; so do
    `digests_beside`, of the others of a group. Of the order that `replaces` names (by the desk's
    id) only what is filled counts: the new one takes its place; `filled` is what the broker says of
    it, where that is more than its row knows. `like` asks for an order in doubt that this one may
    be a second of.
    """

    broker: str
    environment: Environment
    day_from: datetime
    minute_from: datetime
    twins_from: datetime
    digest: str | None = None
    digests_beside: tuple[str, ...] = ()
    replaces: str | None = None
    filled: Filled = Filled()
    like: Likeness | None = None

    @classmethod
    def at(
        cls,
        now: datetime,
        broker: str,
        environment: Environment,
        *,
        twins_within: timedelta = timedelta(0),
        digest: str | None = None,
        digests_beside: tuple[str, ...] = (),
        replaces: str | None = None,
        like: Likeness | None = None,
    ) -> "Window":
        """Return the exchange day and the last minute at an instant of the desk's own clock.

        A paper market's clock may stand still or run ahead; the owner's day does neither.
        """
        return cls(
            broker=broker,
            environment=environment,
            day_from=calendar.day_begins(now),
            minute_from=now - timedelta(minutes=1),
            twins_from=now - twins_within,
            digest=digest,
            digests_beside=digests_beside,
            replaces=replaces,
            like=like,
        )


@value_class
class Used:
    """What orders in a window have used up. Units: USD.

    Law: every confirmed order counts as an order, whatever came of it. Its amounts count in full
    while it may still fill, by what is filled once it has ended, and not at all where the broker
    refused it or it never left. `twin` is the newest equal order that may have had an effect,
    `in_doubt` the newest like it whose outcome nobody knows.
    """

    orders_today: int = 0
    orders_this_minute: int = 0
    loss_usd_today: Decimal = Decimal(0)
    notional_usd_today: Decimal = Decimal(0)
    twin: str | None = None
    in_doubt: str | None = None


@value_class
class Allowance:
    """What an order asks of the day, and who says whether there is that much left.

    `admit` is asked inside the transaction that spends the nonce, where no other order can come
    between the count and the claim. It must be quick; what it raises undoes the claim. `limits` are
    the values that it holds the order to, by name, as the audit trail keeps them. `beside` is what
    the others of a group use, in their order.
    """

    window: Window
    use: Use
    admit: Callable[[Used], None]
    limits: Mapping[str, Json] = field(default_factory=dict[str, Json])
    beside: tuple[Use, ...] = ()
