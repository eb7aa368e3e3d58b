"""Preview: look at an order from every side, write it down, and mint the nonce that confirms it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from strikedesk.domain import calendar
from strikedesk.domain.accounts import Account
from strikedesk.domain.broking import Preflight
from strikedesk.domain.errors import Denied
from strikedesk.domain.ledger import Json, Note, OrderRecord, PreviewRecord, TicketKind
from strikedesk.domain.money import CENT, to_cents
from strikedesk.domain.orders import OrderRequest, TimeInForce
from strikedesk.domain.ports import Accounts, Broker, Clock, Entropy, HaltSwitch, Ledger
from strikedesk.domain.reasons import Reason
from strikedesk.domain.states import OrderState
from strikedesk.orders.appraise import Appraisal, Appraiser, Figures
from strikedesk.orders.binding import binding_of, hash_nonce
from strikedesk.orders.draft import Change, Draft, changed, order_of
from strikedesk.orders.tickets import ticket_of
from strikedesk.risk.verdict import Check, Outcome, deny_failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A preview as handed to its caller; `nonce` leaves the desk here and nowhere else.

    `warnings` are our words, `untrusted_warnings` the broker's. `figures` is None for a cancel.
    """

    record: OrderRecord
    nonce: str
    expires_at: datetime
    figures: Figures | None
    preflight: Preflight | None
    checks: tuple[Check, ...]
    warnings: tuple[str, ...]
    untrusted_warnings: tuple[str, ...]


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

    async def replace(self, order_id: str, change: Change, *, caller: str) -> Preview:
        """Preview a change of a working order's price, size or time in force.

        Raises:
            Denied: ORDER_UNKNOWN, ORDER_NOT_WORKING, NOTHING_TO_CHANGE, or as for placing.
        """
        target, account = await self._target(order_id)
        order = changed(target.order, change)
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
        record = self._record(account, target.order, caller, TicketKind.CANCEL, target)
        warnings = (_protection_warning(target.order),) if _closes(target.order) else ()
        return await self._mint(record, None, None, (), warnings)

    async def _preview(
        self,
        account: Account,
        order: OrderRequest,
        *,
        caller: str,
        kind: TicketKind,
        target: OrderRecord | None = None,
    ) -> Preview:
        await self._check_halt()
        if not account.can_trade:
            raise Denied(Reason.INSUFFICIENT_PERMISSIONS, account=account.handle)
        record = self._record(account, order, caller, kind, target)
        _check_gtd(order, self.broker.now())
        appraisal = await self.appraise(order)
        deny_failed(appraisal.checks)
        _check_session(order, appraisal.figures)
        preflight = await self.broker.preflight(ticket_of(record))
        _deny_refused(preflight)
        warnings = _warnings(order, appraisal.figures, self.broker.now())
        return await self._mint(record, appraisal, preflight, appraisal.checks, warnings)

    async def _check_halt(self) -> None:
        if halt := await self.halt.engaged():
            raise Denied(Reason.TRADING_HALTED, since=halt.since.isoformat(), why=halt.why)

    async def _target(self, order_id: str) -> tuple[OrderRecord, Account]:
        target = await self.ledger.order(order_id)
        if target is None or target.broker_order_id is None:
            raise Denied(Reason.ORDER_UNKNOWN, order_id=order_id)
        if not target.state.is_open or target.kind is TicketKind.CANCEL:
            raise Denied(Reason.ORDER_NOT_WORKING, order_id=order_id, state=target.state.value)
        return target, await self.accounts.named(target.account_handle)

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
        preflight: Preflight | None,
        checks: tuple[Check, ...],
        warnings: tuple[str, ...],
    ) -> Preview:
        nonce = self.entropy.token()
        preview = Preview(
            record=record,
            nonce=nonce,
            expires_at=record.created_at + timedelta(seconds=self.preview_ttl_s),
            figures=appraisal.figures if appraisal else None,
            preflight=preflight,
            checks=_all_checks(checks, preflight),
            warnings=warnings,
            untrusted_warnings=preflight.warnings if preflight else (),
        )
        stored = PreviewRecord(
            record=record,
            nonce_hash=hash_nonce(nonce),
            binding=binding_of(record),
            created_at=record.created_at,
            expires_at=preview.expires_at,
            shown=shown(preview),
        )
        await self.ledger.open_preview(stored, _note(record, stored.shown))
        return preview


def shown(preview: Preview) -> dict[str, Json]:
    """Return what the preview showed, for the record: figures and checks as text."""
    figures = preview.figures
    return {
        "limit_net": _text(preview.record.order.limit_net),
        "mid_net": _text(figures.mid_net) if figures else None,
        "natural_net": _text(figures.natural_net) if figures else None,
        "max_loss": _text(figures.max_loss) if figures else None,
        "risk_added": _text(figures.risk_added) if figures else None,
        "fees": _text(preview.preflight.fees) if preview.preflight else None,
        "checks": [[check.name, check.outcome.value, _facts(check)] for check in preview.checks],
        "warnings": list(preview.warnings),
    }


def _facts(check: Check) -> Mapping[str, Json]:
    return {name: _text(fact) for name, fact in check.facts.items()}


def _text(fact: object) -> str | None:
    return None if fact is None else str(fact)


def _note(record: OrderRecord, told: Mapping[str, Json]) -> Note:
    return Note(
        at=record.created_at,
        actor=record.caller,
        path=f"preview:{record.kind.value}",
        kind="previewed",
        body={"order": record.order.canonical, "binding": binding_of(record), "shown": told},
    )


def _all_checks(checks: tuple[Check, ...], preflight: Preflight | None) -> tuple[Check, ...]:
    """Add what the broker was asked, and name what it did not answer."""
    if preflight is None:
        return checks
    answers: dict[str, Decimal | None] = {
        "fees": preflight.fees,
        "buying_power": preflight.buying_power_after,
    }
    asked = tuple(
        Check(
            name=f"broker_{name}",
            outcome=Outcome.NOT_RUN if amount is None else Outcome.PASSED,
            facts={name: None if amount is None else to_cents(amount)},
        )
        for name, amount in answers.items()
    )
    return (*checks, *asked)


def _deny_refused(preflight: Preflight) -> None:
    if not preflight.refusals:
        return
    if "insufficient_buying_power" in preflight.refusals:
        raise Denied(
            Reason.INSUFFICIENT_BUYING_POWER,
            buying_power=preflight.buying_power_before,
            would_leave=preflight.buying_power_after,
        )
    raise Denied(Reason.BROKER_REJECTED, codes=", ".join(preflight.refusals))


def _check_gtd(order: OrderRequest, venue_now: datetime) -> None:
    today = calendar.exchange_date(venue_now)
    if order.gtd_date is not None and order.gtd_date < today:
        raise Denied(
            Reason.INVALID_TIME_IN_FORCE, gtd_date=order.gtd_date.isoformat(), today=str(today)
        )


def _check_session(order: OrderRequest, figures: Figures) -> None:
    if order.time_in_force is TimeInForce.IOC and not figures.market_open:
        raise Denied(Reason.MARKET_CLOSED, rule="ioc_needs_an_open_market")


def _warnings(order: OrderRequest, figures: Figures, venue_now: datetime) -> tuple[str, ...]:
    told: list[str] = []
    if not figures.market_open:
        opens = calendar.current_or_next_session(venue_now).opens_at
        told.append(f"The market is closed; the order waits until {opens:%Y-%m-%dT%H:%MZ}.")
    if _is_passive(order, figures):
        told.append("The limit is away from the market: it may never fill.")
    if figures.max_profit is None and figures.max_loss is not None:
        told.append("Several expirations: profit and break-evens depend on later volatility.")
    return tuple(told)


def _is_passive(order: OrderRequest, figures: Figures) -> bool:
    if order.limit_net is None or figures.natural_net is None or figures.mid_net is None:
        return False
    half_spread = figures.natural_net - figures.mid_net
    return order.limit_net < figures.mid_net - max(half_spread, CENT)


def _closes(order: OrderRequest) -> bool:
    return any(leg.action.opens is not True for leg in order.legs)


def _protection_warning(order: OrderRequest) -> str:
    return f"This order closes {order.underlying} positions: without it nothing protects them."
