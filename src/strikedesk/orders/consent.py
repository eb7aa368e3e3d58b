"""Consent: how strong a word the owner's policy wants before an order leaves."""

from dataclasses import dataclass
from decimal import Decimal

from strikedesk.domain.accounts import Environment
from strikedesk.domain.approvals import ConsentPolicy
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import PreviewRecord, TicketKind
from strikedesk.domain.reasons import Reason
from strikedesk.orders.showing import amount_in, shown_beside

__all__ = ["Consent", "ConsentPolicy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The policy of one broker environment.

    Where it asks anybody at all, an order that puts more than `click_above_usd` at stake waits for
    a click. None = no amount does.
    """

    policy: ConsentPolicy
    environment: Environment
    click_above_usd: Decimal | None = None

    def policy_for(self, preview: PreviewRecord) -> ConsentPolicy:
        """Return whose word this order needs.

        Raises:
            Denied: CONSENT_DECLINED, where a nonce alone would do outside paper, or for an order of
                another environment: that moves real money on nobody's word.
        """
        environment = preview.record.environment
        alone = self.policy is ConsentPolicy.MODEL and environment is not Environment.PAPER
        if environment is not self.environment or alone:
            raise Denied(Reason.CONSENT_DECLINED, environment=environment.value)
        if self.policy is ConsentPolicy.MODEL or not self._is_large(preview):
            return self.policy
        return ConsentPolicy.CLICK

    def wants_click(self, preview: PreviewRecord) -> bool:
        """Whether only the owner's own act can send it, so that a nonce would open nothing."""
        asks = self.policy is not ConsentPolicy.MODEL
        return asks and self.policy_for(preview) is ConsentPolicy.CLICK

    def _is_large(self, preview: PreviewRecord) -> bool:
        """Whether it puts more at stake than the owner's amount; what is unknown does.

        A cancel puts nothing at stake that could be counted.
        """
        if self.click_above_usd is None or preview.record.kind is TicketKind.CANCEL:
            return False
        each = [preview.shown, *shown_beside(preview.shown)]
        if len(each) != 1 + len(preview.others):
            return True
        cash = [amount_in(shown, "cash_effect") for shown in each]
        risk = amount_in(preview.shown, "risk_added")
        known = [abs(amount) for amount in cash if isinstance(amount, Decimal)]
        known += [risk] if isinstance(risk, Decimal) else []
        return len(known) < len(cash) + 1 or max(known) > self.click_above_usd
