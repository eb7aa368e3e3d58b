"""What nobody knows yet: an order in doubt lets none like it be opened beside it."""

from strikedesk.domain.errors import Fact
from strikedesk.domain.reasons import Reason
from strikedesk.domain.usage import Used
from strikedesk.risk.check import Check, verdict
from strikedesk.risk.facts import OrderFacts
from strikedesk.risk.limits import Limits


def unsettled(facts: OrderFacts, used: Used, limits: Limits) -> Check:  # noqa: ARG001 -- every check is asked alike
    """Whether an earlier order in the underlying may be at the broker though nobody says so.

    It may come to light at any time, and there would be two.
    """
    earlier = used.in_doubt
    told: dict[str, Fact] = {"underlying": facts.underlying}
    if earlier is not None:
        told["earlier_order_id"] = earlier
    passed = earlier is None
    return verdict("unsettled", passed=passed, reason=Reason.UNSETTLED_ORDER, facts=told)
