"""The breaker at rest: which orders failed in a row, and the halt that follows.

Every function runs inside the transaction that records an outcome, after its line of the trail: the
head of the trail is locked until it ends, so that two processes never count past each other.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select

from strikedesk.domain.accounts import Environment
from strikedesk.domain.breaker import ends_the_row, is_failure, why_halted
from strikedesk.domain.ledger import Halt, Note, OrderRecord
from strikedesk.store.event_rows import append_event
from strikedesk.store.halts import FAILURES, engage
from strikedesk.store.prepared import Prepared
from strikedesk.store.schema import owner_settings
from strikedesk.store.upsert import put

_OF_KEY: Final = owner_settings.c.key == bindparam("of_key")
_ROW: Final = Prepared(select(owner_settings.c.value).where(_OF_KEY))
_GONE: Final = Prepared(delete(owner_settings).where(_OF_KEY))
_ACTOR: Final = "breaker"


def count_outcome(
    connection: Connection,
    before: OrderRecord,
    after: OrderRecord,
    *,
    note: Note,
    halts_at: int,
) -> None:
    """Count what became of an order; with the last failure that is allowed in a row, halt."""
    key = _key(after.broker, after.environment)
    if ends_the_row(before, after):
        _GONE.run(connection, {"of_key": key})
    if not is_failure(before, after):
        return
    known = _failed(connection, key)
    failed = [*(known or ()), *([] if after.order_id in (known or ()) else [after.order_id])]
    put(connection, owner_settings, [{"key": key, "value": failed, "updated_at": note.at}])
    if known is None or len(failed) >= halts_at:
        _halt(connection, after, failed, note)


def failures_in_row(connection: Connection, *, broker: str, environment: Environment) -> int | None:
    """Return how many orders failed in a row; None where that cannot be read."""
    known = _failed(connection, _key(broker, environment))
    return None if known is None else len(known)


def _failed(connection: Connection, key: str) -> Sequence[str] | None:
    """Return the orders that failed in a row, None where the row is garbled."""
    try:
        row = _ROW.row(connection, of_key=key)
        return () if row is None else _ids(row["value"])
    except ValueError:
        return None


def _ids(value: object) -> Sequence[str]:
    if not isinstance(value, list):
        raise ValueError("a list of orders is expected")  # noqa: TRY004 -- as JSON's own refusal
    return [str(each) for each in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] -- of JSON


def _halt(connection: Connection, after: OrderRecord, failed: Sequence[str], note: Note) -> None:
    why = why_halted(after, len(failed))
    if engage(connection, halt=Halt(since=note.at, actor=_ACTOR, why=why)):
        body = {"why": why, "orders": failed}
        halted = Note(at=note.at, actor=_ACTOR, path=note.path, kind="halted", body=body)
        append_event(connection, halted, order_id=None)


def _key(broker: str, environment: Environment) -> str:
    return f"{FAILURES}{environment.value}:{broker}"
