"""What an order would do: its fees by bucket, and its effect on buying power."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from strikedesk.domain.ledger import Json
from strikedesk.exchange.accounts import NOTHING
from strikedesk.exchange.assess import Assessment, trades_of
from strikedesk.exchange.fees import FeeSchedule
from strikedesk.sandbox.wire import decimal, effect, signed

# The lines of the venue's schedule, by the protocol's buckets, in the order it lists them.
BUCKETS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "regulatory-fees": (
        ("exchange", "exchange"),
        ("nfa", "nfa"),
        ("orf", "orf"),
        ("sec", "sec"),
        ("taf", "taf"),
    ),
    "clearing-fees": (("clearing", "clearing"),),
    "commission": (("brokerage", "commission"),),
    "proprietary-index-option-fees": (("proprietary", "proprietary"),),
}
_BREAKDOWN: Final = {"proprietary-index-option-fees": "proprietary-fees-breakdown"}


def charges_of(
    found: Sequence[Assessment], units: Sequence[int], schedule: FeeSchedule
) -> dict[str, Decimal]:
    """Return what each line of the schedule charges, over all legs of all orders."""
    charged: defaultdict[str, Decimal] = defaultdict(lambda: NOTHING)
    for each, times in zip(found, units, strict=True):
        for trade in trades_of(each, times):
            for name, amount in schedule.items(trade).items():
                charged[name] += amount
    return dict(charged)


def fee_calculation(charged: Mapping[str, Decimal]) -> dict[str, Json]:
    """Return the fees as the protocol splits them; what is charged is a debit."""
    told: dict[str, Json] = {}
    for bucket, lines in BUCKETS.items():
        told |= signed(bucket, -sum((charged.get(line, NOTHING) for _, line in lines), NOTHING))
        told[_BREAKDOWN.get(bucket, f"{bucket}-breakdown")] = [
            {
                "name": name,
                "value": decimal(charged.get(line, NOTHING)),
                "effect": effect(-charged.get(line, NOTHING)),
            }
            for name, line in lines
        ]
    return {
        **told,
        **signed("total-fees", -sum(charged.values(), NOTHING)),
        **signed("rebates", NOTHING),
        "rebates-breakdown": [{"name": "rebate", "value": decimal(NOTHING), "effect": "None"}],
        "per-quantity": False,
    }


def buying_power_effect(
    before: Decimal | None, consumes: Decimal | None, margin: Decimal | None, *, spread: bool
) -> dict[str, Json]:
    """Return the effect as the protocol tells it, every amount with its direction.

    An order that only closes is taken although a price is missing; then the change is told as none.
    """
    standing, change, more = before or NOTHING, consumes or NOTHING, margin or NOTHING
    return {
        **signed("change-in-margin-requirement", -more),
        **signed("change-in-buying-power", -change),
        **signed("current-buying-power", standing),
        **signed("new-buying-power", standing - change),
        **signed("isolated-order-margin-requirement", -max(more, NOTHING)),
        "is-spread": spread,
        "impact": decimal(abs(change)),
        "effect": effect(-change),
    }
