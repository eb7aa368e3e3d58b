"""Withdraw: in a halt, take back the orders at work that open something; what may protect stays."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from strikedesk.domain.errors import DeskError, OutcomeUnknown
from strikedesk.domain.ledger import (
    Halt,
    Json,
    Note,
    OrderRecord,
    PreviewRecord,
    Progress,
    TicketKind,
)
from strikedesk.domain.ports import Clock, Entropy, HaltSwitch, Ledger
from strikedesk.domain.states import OrderState
from strikedesk.orders.binding import binding_of, hash_nonce
from strikedesk.orders.confirm import Confirmer
from strikedesk.orders.reconcile import Reconciler
from strikedesk.orders.submit import SEND_WITHIN
from strikedesk.orders.targets import origin_of
from strikedesk.orders.tickets import payload_of

_PAGE: Final = 100
_LEFT_THE_DESK: Final = frozenset(OrderState) - {OrderState.LAPSED, OrderState.DECLINED}
_UNTOLD: Final = frozenset({OrderState.SUBMITTING, OrderState.UNKNOWN})
_TAKEN_BACK: Final = frozenset({OrderState.CANCELLED, OrderState.CANCEL_PENDING})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """What came of it: the cancels as they stand after, and the orders that stay at work."""

    cancels: Sequence[OrderRecord] = ()
    kept: Sequence[OrderRecord] = ()

    @property
    def failed(self) -> Sequence[OrderRecord]:
        """The cancels that did not take their order back, or of which nobody knows."""
        return tuple(row for row in self.cancels if row.state not in _TAKEN_BACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawer:
    """Cancels by the one door, and only while trading is halted; no tool chooses what."""

    halt: HaltSwitch
    ledger: Ledger
    reconciler: Reconciler
    confirmer: Confirmer
    clock: Clock
    entropy: Entropy

    async def __call__(self, *, actor: str, path: str, again: bool = False) -> Withdrawal:
        """Take back what opens; without a halt nothing is done.

        An order whose cancel was tried in this halt is left to the broker, unless `again`.
        """
        halt = await self.halt.engaged()
        if halt is None:
            return Withdrawal()
        working = await self.reconciler.at_work()
        tried = await self._tried(halt, again=again)
        openings = await self._openings(working)
        cancels = [
            await self._cancel(row, actor, path)
            for row in openings
            if row.order_id not in tried and not await self._went_along(row)
        ]
        kept = tuple(row for row in working if row not in openings)
        return Withdrawal(cancels=tuple(cancels), kept=kept)

    async def _went_along(self, row: OrderRecord) -> bool:
        """Whether an order of a group ends with one that was taken back before it."""
        now = await self.ledger.order(row.order_id) if row.group_id else None
        return now is not None and (now.state in _TAKEN_BACK or not now.state.is_open)

    async def _openings(self, working: Sequence[OrderRecord]) -> list[OrderRecord]:
        """Return what only opens; but one side of a group takes the other along, which may protect.

        A replacement stands in its group where the order stood that it replaced.
        """
        origins = [await origin_of(row, self.ledger) for row in working]
        protecting = [
            origin for row, origin in zip(working, origins, strict=True) if not row.order.only_opens
        ]
        openings = [
            row
            for row, origin in zip(working, origins, strict=True)
            if row.order.only_opens and not any(origin.is_side_of(p) for p in protecting)
        ]
        # What waits for the first of a group ends with it.
        return sorted(openings, key=lambda row: row.goes_along)

    async def _tried(self, halt: Halt, *, again: bool) -> frozenset[str | None]:
        """Return the orders whose cancel left in this halt; or whose cancel nobody knows of yet."""
        states, found = _UNTOLD if again else _LEFT_THE_DESK, set[str | None]()
        offset, total = 0, 1
        while offset < total:
            rows, total = await self.ledger.orders(
                account_id=None, states=states, limit=_PAGE, offset=offset
            )
            recent = [row for row in rows if row.created_at >= halt.since]
            found |= {row.target_order_id for row in recent if row.kind is TicketKind.CANCEL}
            if len(recent) < _PAGE:
                break
            offset += _PAGE
        return frozenset(found)

    async def _cancel(self, target: OrderRecord, actor: str, path: str) -> OrderRecord:
        """Return the cancel as it stands after; what breaks over it keeps no other from leaving."""
        record = self._record(target, actor)
        under_way = self.confirmer.under_way
        try:
            return await under_way.share(record.preview_id, partial(self._carry_out, record, path))
        except OutcomeUnknown as error:
            return replace(record, state=OrderState.UNKNOWN, reason=error.reason.name)
        except DeskError as error:
            _log.exception("order %s was not taken back", target.order_id)
            return replace(record, state=OrderState.LAPSED, reason=error.reason.name)

    async def _carry_out(self, record: OrderRecord, path: str) -> OrderRecord:
        self.confirmer.under_way.begin(record.preview_id)
        nonce_hash, binding = hash_nonce(self.entropy.token()), binding_of(record)
        preview = PreviewRecord(
            record=record,
            nonce_hash=nonce_hash,
            binding=binding,
            created_at=record.created_at,
            expires_at=record.created_at + SEND_WITHIN,
            shown={},
        )
        told: dict[str, Json] = {"order": record.order.canonical, "binding": binding, "shown": {}}
        await self.ledger.open_preview(preview, self._note(record, path, "previewed", told))
        intent = await self.ledger.claim(
            record.preview_id,
            nonce_hash=nonce_hash,
            binding=binding,
            progress=Progress(state=OrderState.SUBMITTING),
            now=self.clock.now(),
            note=self._note(record, path, "submitting", payload_of(record)),
        )
        if intent is None:
            return record
        return await self.confirmer.submit(intent, binding=binding, path=path, withdraws=True)

    def _record(self, target: OrderRecord, actor: str) -> OrderRecord:
        now = self.clock.now()
        return OrderRecord(
            order_id=self.entropy.identifier(),
            preview_id=self.entropy.identifier(),
            client_order_id=self.entropy.identifier(),
            kind=TicketKind.CANCEL,
            state=OrderState.PREVIEWED,
            account_id=target.account_id,
            account_handle=target.account_handle,
            broker=target.broker,
            environment=target.environment,
            caller=actor,
            order=target.order,
            created_at=now,
            updated_at=now,
            target_order_id=target.order_id,
            target_broker_order_id=target.broker_order_id,
        )

    def _note(self, record: OrderRecord, path: str, kind: str, body: Mapping[str, Json]) -> Note:
        now = self.clock.now()
        return Note(at=now, actor=record.caller, path=path, kind=kind, body=body)
