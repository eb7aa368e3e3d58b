"""Preview: look at an order from every side, write it down, and mint the nonce that confirms it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from strikedesk.domain.accounts import Account
from strikedesk.domain.approvals import ConsentPolicy
from strikedesk.domain.broking import Preflight
from strikedesk.domain.canonical import Written
from strikedesk.domain.errors import Denied, Unavailable
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.ledger import Json, Note, OrderRecord, PreviewRecord, Progress, TicketKind
from strikedesk.domain.orders import OrderRequest
from strikedesk.domain.ports import Accounts, Broker, Clock, Entropy, HaltSwitch, Ledger
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.domain.value_class import value_class
from strikedesk.orders.appraise import Appraisal, Appraiser, deny_lawless, deny_refused
from strikedesk.orders.approvals import Approvals, Pending
from strikedesk.orders.binding import binding_of, hash_nonce
from strikedesk.orders.cautions import (
    check_group,
    check_last_day,
    check_marketable,
    check_session,
    check_stop,
    check_supported,
    group_warning,
    protection_warning,
    warnings_of,
    warnings_of_group,
)
from strikedesk.orders.consent import Consent
from strikedesk.orders.draft import Change, Draft, changed, order_of, rest_of
from strikedesk.orders.figures import Figures
from strikedesk.orders.groups import GroupDraft, group_in, group_of, rows_of, told_of
from strikedesk.orders.outcome import filled_before
from strikedesk.orders.showing import all_checks, digest_of_shown, shown, working_check
from strikedesk.orders.targets import origin_of, seen_working, target_of
from strikedesk.risk.verdict import Check, deny_failed


@value_class
class Preview:
    """A preview as handed to its caller; `nonce` leaves the desk here and nowhere else.

    There is none where only the owner's own act can send it: it waits for that already, `pending`.
    `warnings` are our words, `untrusted_warnings` the broker's. `figures` is None for a cancel.
    `beside` are the other orders of a group, each with its own figures.
    """

    record: OrderRecord
    nonce: str | None
    expires_at: datetime
    figures: Figures | None
    preflight: Preflight | None
    checks: tuple[Check, ...]
    warnings: tuple[str, ...]
    untrusted_warnings: tuple[str, ...]
    pending: Pending | None = None
    beside: tuple[tuple[OrderRecord, Figures], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewer:
    """Makes previews of placing, replacing and cancelling. Sends nothing, ever."""

    broker: Broker
    ledger: Ledger
    accounts: Accounts
    halt: HaltSwitch
    clock: Clock
    entropy: Entropy
    appraise: Appraiser
    preview_ttl_s: int
    consent: Consent
    approvals: Approvals

    async def place(self, draft: Draft, *, caller: str) -> Preview:
        """Preview a new order.

        Raises:
            Denied: the shape rule, the limit or the broker's refusal that stands in the way.
            Unavailable: the broker cannot be asked.
        """
        account = await self.accounts.named(draft.account)
        order = order_of(draft, account.account_id)
        return await self._preview(account, order, caller=caller, kind=TicketKind.PLACE)

    async def place_order(self, account: Account, order: OrderRequest, *, caller: str) -> Preview:
        """Preview an order that the desk built itself (a close, a roll)."""
        return await self._preview(account, order, caller=caller, kind=TicketKind.PLACE)

    async def place_group(self, draft: GroupDraft, *, caller: str) -> Preview:
        """Preview orders that leave together and that the broker holds together.

        Raises:
            Denied: as for placing, with the rule of groups that is broken; NOT_SUPPORTED.
            Unavailable: the broker cannot be asked.
        """
        account = await self.accounts.named(draft.account)
        group = group_of(draft, account.account_id)
        first = self._record(account, group.orders[0], caller, TicketKind.PLACE, None)
        record, others = rows_of(first, group, self.entropy)
        return await self._noted(account, record, others)

    async def replace(self, order_id: str, change: Change, *, caller: str) -> Preview:
        """Preview a change of a working order's price, size or time in force.

        What is asked for counts all that ever filled; the broker's order, where it took another's
        place itself, does not: what filled before it is no part of what is sent.

        Raises:
            Denied: ORDER_UNKNOWN, ORDER_NOT_WORKING, NOTHING_TO_CHANGE, or as for placing.
            Unavailable: the broker cannot be asked.
        """
        target, account = await self._target(order_id)
        seen = await seen_working(target, broker=self.broker)
        if seen is None:
            raise Unavailable(Reason.BROKER_UNAVAILABLE)
        order = rest_of(changed(target.order, change), filled_before(target, seen))
        return await self._preview(
            account, order, caller=caller, kind=TicketKind.REPLACE, target=target
        )

    async def cancel(self, order_id: str, *, caller: str) -> Preview:
        """Preview taking a working order back: it can remove protection, so it needs a nonce too.

        Raises:
            Denied: ORDER_UNKNOWN, ORDER_NOT_WORKING, TRADING_HALTED.
        """
        target, account = await self._target(order_id)
        await self._check_halt()
        check = working_check(await seen_working(target, broker=self.broker))
        record = self._record(account, target.order, caller, TicketKind.CANCEL, target)
        told = [protection_warning(target.order)]
        origin = await origin_of(target, self.ledger)
        if origin.group_kind is not None:
            told.append(group_warning(origin.group_kind, origin.group_place or 1))
        return await self._mint(record, None, (check,), tuple(w for w in told if w is not None))

    async def _preview(
        self,
        account: Account,
        order: OrderRequest,
        *,
        caller: str,
        kind: TicketKind,
        target: OrderRecord | None = None,
    ) -> Preview:
        return await self._noted(account, self._record(account, order, caller, kind, target))

    async def _noted(
        self, account: Account, record: OrderRecord, others: tuple[OrderRecord, ...] = ()
    ) -> Preview:
        """Look at an order, and leave a line in the audit trail also where it is refused."""
        try:
            return await self._looked_at(account, record, others)
        except Denied as error:
            await self.ledger.append(None, _refusal(record, others, error))
            raise

    async def _looked_at(
        self, account: Account, record: OrderRecord, others: tuple[OrderRecord, ...]
    ) -> Preview:
        await self._check_halt()
        if not account.can_trade:
            raise Denied(Reason.INSUFFICIENT_PERMISSIONS, account=account.handle)
        for row in (record, *others):
            check_supported(row.order, self.broker.capabilities)
            check_last_day(row.order, self.broker.now())
        if record.group_kind is not None:
            check_group(record.group_kind, self.broker.capabilities)
        appraisal = await self.appraise(record, others)
        deny_lawless(appraisal)
        deny_failed(appraisal.checks)
        for row, figures in zip((record, *others), appraisal.each, strict=True):
            check_session(row.order, figures)
            check_marketable(row.order, figures, waits=_waits(row))
            if row.group_place == 1 or record.group_kind in {None, GroupKind.OCO}:
                check_stop(row.order, figures)
        deny_refused(appraisal.preflight)
        warnings = self._warnings(record, others, appraisal)
        return await self._mint(record, appraisal, appraisal.checks, warnings, others)

    def _warnings(
        self, record: OrderRecord, others: tuple[OrderRecord, ...], appraisal: Appraisal
    ) -> tuple[str, ...]:
        now = self.broker.now()
        if record.group_id is None:
            return warnings_of(record.order, appraisal, now)
        return warnings_of_group(group_in(record, others), appraisal, now)

    async def _check_halt(self) -> None:
        """Deny while trading is halted; the halt's own words are no words of ours."""
        if halt := await self.halt.engaged():
            since, held_by = halt.since.isoformat(), halt.held_by.value
            raise Denied(Reason.TRADING_HALTED, since=since, held_by=held_by)

    async def _target(self, order_id: str) -> tuple[OrderRecord, Account]:
        return await target_of(
            order_id, ledger=self.ledger, accounts=self.accounts, broker=self.broker
        )

    def _record(
        self,
        account: Account,
        order: OrderRequest,
        caller: str,
        kind: TicketKind,
        target: OrderRecord | None,
    ) -> OrderRecord:
        now = self.clock.now()
        return OrderRecord(
            order_id=self.entropy.identifier(),
            preview_id=self.entropy.identifier(),
            client_order_id=self.entropy.identifier(),
            kind=kind,
            state=OrderState.PREVIEWED,
            account_id=account.account_id,
            account_handle=account.handle,
            broker=self.broker.capabilities.name,
            environment=self.broker.capabilities.environment,
            caller=caller,
            order=order,
            created_at=now,
            updated_at=now,
            target_order_id=target.order_id if target else None,
            target_broker_order_id=target.broker_order_id if target else None,
        )

    async def _mint(
        self,
        record: OrderRecord,
        appraisal: Appraisal | None,
        checks: tuple[Check, ...],
        warnings: tuple[str, ...],
        others: tuple[OrderRecord, ...] = (),
    ) -> Preview:
        nonce = self.entropy.token()
        figures = appraisal.figures if appraisal else None
        preflight = appraisal.preflight if appraisal else None
        every_check = all_checks(checks, preflight)
        beside = tuple(zip(others, appraisal.beside if appraisal else (), strict=True))
        each = [(row.order, its) for row, its in beside]
        stored = PreviewRecord(
            record=record,
            nonce_hash=hash_nonce(nonce),
            binding=binding_of(record, others),
            created_at=record.created_at,
            expires_at=record.created_at + timedelta(seconds=self.preview_ttl_s),
            shown=Written(
                shown(record.order, figures, preflight, every_check, warnings, beside=each)
            ),
            others=others,
        )
        limits = appraisal.allowance.limits if appraisal else None
        await self.ledger.open_preview(stored, _note(stored, limits))
        pending = await self._asked(stored) if self.consent.wants_click(stored) else None
        return Preview(
            record=pending.record if pending else record,
            nonce=None if pending else nonce,
            expires_at=pending.approval.expires_at if pending else stored.expires_at,
            figures=figures,
            preflight=preflight,
            checks=every_check,
            warnings=warnings,
            untrusted_warnings=preflight.warnings if preflight else (),
            pending=pending,
            beside=beside,
        )

    async def _asked(self, stored: PreviewRecord) -> Pending | None:
        """Let the order wait for the owner at once; the nonce is spent unseen.

        Raises:
            Denied: APPROVALS_FULL; the preview is void.
        """
        path = f"preview:{stored.record.kind}"
        try:
            asked = await self.approvals.request(stored, ConsentPolicy.CLICK, path=path)
        except Denied as denied:
            lapsed = Progress(state=OrderState.LAPSED, reason=denied.reason.name)
            note = replace(
                _note(stored, None), kind="not_sent", body={"reason": denied.reason.name}
            )
            await self.ledger.void(stored.record.preview_id, lapsed, note)
            raise
        return None if asked is None else await self.approvals.of(asked)


def _waits(row: OrderRecord) -> bool:
    """Whether it is a side of a group, or waits for its trigger."""
    kind = row.group_kind
    return kind is not None and not (kind.has_trigger and row.group_place == 1)


def _refusal(record: OrderRecord, others: tuple[OrderRecord, ...], error: Denied) -> Note:
    told = {name: str(fact) for name, fact in error.facts.items() if fact is not None}
    return Note(
        at=record.created_at,
        actor=record.caller,
        path=f"preview:{record.kind}",
        kind="refused",
        body={
            **told,
            "reason": error.reason.name,
            "order": record.order.canonical,
            **told_of(record, others),
        },
    )


def _note(preview: PreviewRecord, limits: Mapping[str, Json] | None) -> Note:
    record = preview.record
    return Note(
        at=record.created_at,
        actor=record.caller,
        path=f"preview:{record.kind}",
        kind="previewed",
        body={
            "order": record.order.canonical,
            "binding": preview.binding,
            "shown": preview.shown,
            "shown_digest": digest_of_shown(preview.shown),
            "limits": limits,
            **told_of(record, preview.others),
        },
    )
