"""Consent: whether the owner's policy lets a claimed order leave.

This version knows one strength, `model`: the nonce is enough. Settings refuse every other word at
start, so a stricter wish is never taken for a weaker one.
"""

from dataclasses import dataclass
from enum import StrEnum

from strikedesk.domain.accounts import Environment
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import OrderRecord
from strikedesk.domain.reasons import Reason


class ConsentPolicy(StrEnum):
    """Who must agree before an order leaves."""

    MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Applies the policy of one broker environment."""

    policy: ConsentPolicy
    environment: Environment

    def require(self, record: OrderRecord) -> None:
        """Return when `record` may leave.

        Raises:
            Denied: CONSENT_DECLINED, outside paper or for an order of another environment: a
                nonce alone moves no real money.
        """
        paper = self.environment is Environment.PAPER is record.environment
        if self.policy is not ConsentPolicy.MODEL or not paper:
            raise Denied(Reason.CONSENT_DECLINED, environment=record.environment.value)
