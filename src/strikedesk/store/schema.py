"""The tables, as they stand after the newest migration.

A test compares them with what the migrations build, on both databases.
"""

from typing import Final

from sqlalchemy import (
    DDL,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)

from strikedesk.domain.accounts import Environment
from strikedesk.domain.alerts import Measure, Side
from strikedesk.domain.approvals import ConsentPolicy
from strikedesk.domain.groups import GroupKind
from strikedesk.domain.ledger import NonceState, TicketKind
from strikedesk.domain.states import OrderState
from strikedesk.store.types import Document, Exact, Instant, WholeNumber, Word

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

users: Final = Table(
    "users",
    METADATA,
    Column("user_id", Text, primary_key=True),
    Column("created_at", Instant, nullable=False),
    sqlite_strict=True,
)

broker_links: Final = Table(
    "broker_links",
    METADATA,
    Column("user_id", Text, ForeignKey(users.c.user_id), primary_key=True),
    Column("broker", Text, primary_key=True),
    Column("environment", Word(Environment), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("updated_at", Instant, nullable=False),
    sqlite_strict=True,
)

# `wrapped` is NULL once the pair is retired.
vault_keys: Final = Table(
    "vault_keys",
    METADATA,
    Column("dek_id", Text, primary_key=True),
    Column("kek_id", Text, primary_key=True),
    Column("record_set", Text, nullable=False),
    Column("wrapped", LargeBinary),
    Column("created_at", Instant, nullable=False),
    sqlite_strict=True,
)

_HAS_TARGET: Final = text("target_order_id IS NOT NULL")
_HAS_GROUP: Final = text("group_id IS NOT NULL")
_IS_SENT: Final = text("broker_order_id IS NOT NULL")

orders: Final = Table(
    "orders",
    METADATA,
    Column("order_id", Text, primary_key=True),
    Column("preview_id", Text, nullable=False, unique=True),
    Column("client_order_id", Text, nullable=False, unique=True),
    Column("kind", Word(TicketKind), nullable=False),
    Column("state", Word(OrderState), nullable=False),
    Column("account_id", Text, nullable=False),
    Column("account_handle", Text, nullable=False),
    Column("broker", Text, nullable=False),
    Column("environment", Word(Environment), nullable=False),
    Column("caller", Text, nullable=False),
    Column("canonical", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("target_order_id", Text, ForeignKey("orders.order_id")),
    Column("target_broker_order_id", Text),
    Column("broker_order_id", Text),
    Column("filled_units", WholeNumber, nullable=False),
    Column("average_net", Exact),
    Column("fees", Exact),
    Column("reason", Text),
    Column("replaced_by", Text),
    Column("group_id", Text),
    Column("group_kind", Word(GroupKind)),
    Column("group_place", WholeNumber),
    # One for all pages of orders, newest first: whose they are is looked up in it.
    Index(None, "created_at", "order_id", "account_id"),
    Index(None, "state", "updated_at"),
    Index(None, "broker", "broker_order_id", sqlite_where=_IS_SENT, postgresql_where=_IS_SENT),
    # For the databases' own look for orders that still point at one that is deleted.
    Index(None, "target_order_id", sqlite_where=_HAS_TARGET, postgresql_where=_HAS_TARGET),
    Index(None, "group_id", "group_place", sqlite_where=_HAS_GROUP, postgresql_where=_HAS_GROUP),
    sqlite_strict=True,
)

order_previews: Final = Table(
    "order_previews",
    METADATA,
    Column("preview_id", Text, ForeignKey(orders.c.preview_id), primary_key=True),
    Column("shown", Document, nullable=False),
    sqlite_strict=True,
)

# The nonce itself is stored nowhere. A claim reads and writes this one row.
nonces: Final = Table(
    "nonces",
    METADATA,
    Column("preview_id", Text, ForeignKey(order_previews.c.preview_id), primary_key=True),
    Column("nonce_hash", Text, nullable=False, unique=True),
    Column("binding", Text, nullable=False),
    Column("state", Word(NonceState), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("settled_at", Instant),
    sqlite_strict=True,
)

# One row for each order that ever awaited a person's consent.
approvals: Final = Table(
    "approvals",
    METADATA,
    Column("order_id", Text, ForeignKey(orders.c.order_id), primary_key=True),
    Column("policy", Word(ConsentPolicy), nullable=False),
    Column("digest", Text, nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("code_hash", Text),
    Column("tries_left", WholeNumber, nullable=False),
    Column("unheard", Text),
    sqlite_strict=True,
)

order_events: Final = Table(
    "order_events",
    METADATA,
    Column("sequence", WholeNumber, primary_key=True, autoincrement=False),
    Column("order_id", Text, ForeignKey(orders.c.order_id), index=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Document, nullable=False),
    Column("previous_digest", Text, nullable=False),
    Column("digest", Text, nullable=False),
    sqlite_strict=True,
)

# One row, so that writers of PostgreSQL queue up on its lock and the chain cannot fork.
order_event_head: Final = Table(
    "order_event_head",
    METADATA,
    Column("chain", WholeNumber, primary_key=True, autoincrement=False),
    Column("sequence", WholeNumber, nullable=False),
    Column("digest", Text, nullable=False),
    CheckConstraint("chain = 1", name="one_row"),
    sqlite_strict=True,
)

# What each confirmed order uses up of its day. Units: USD cents, rounded up; `units` of the order.
order_uses: Final = Table(
    "order_uses",
    METADATA,
    Column("order_id", Text, ForeignKey(orders.c.order_id), primary_key=True),
    Column("broker", Text, nullable=False),
    Column("environment", Word(Environment), nullable=False),
    Column("claimed_at", Instant, nullable=False),
    Column("digest", Text, nullable=False),
    Column("units", WholeNumber, nullable=False),
    Column("loss_cents", WholeNumber, nullable=False),
    Column("notional_cents", WholeNumber, nullable=False),
    # Holds all that a sum of the day needs; PostgreSQL would cut the name that this makes.
    Index(
        "ix_order_uses_of_day",
        *("broker", "environment", "claimed_at", "loss_cents", "notional_cents"),
    ),
    sqlite_strict=True,
)

watchlists: Final = Table(
    "watchlists",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("symbols", Document, nullable=False),
    Column("updated_at", Instant, nullable=False),
    sqlite_strict=True,
)

alerts: Final = Table(
    "alerts",
    METADATA,
    Column("alert_id", Text, primary_key=True),
    Column("broker", Text, nullable=False),
    Column("measure", Word(Measure), nullable=False),
    Column("side", Word(Side), nullable=False),
    Column("level", Exact, nullable=False),
    Column("symbol", Text),
    Column("account", Text),
    Column("note", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("fired_at", Instant),
    Column("fired_value", Exact),
    sqlite_strict=True,
)

saved_scans: Final = Table(
    "saved_scans",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("definition", Document, nullable=False),
    Column("updated_at", Instant, nullable=False),
    sqlite_strict=True,
)

# Which process does what only one at a time should do.
leases: Final = Table(
    "leases",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Instant, nullable=False),
    sqlite_strict=True,
)

scan_runs: Final = Table(
    "scan_runs",
    METADATA,
    Column("broker", Text, primary_key=True),
    Column("scan", Text, primary_key=True),
    Column("ran_at", Instant, nullable=False),
    Column("problem", Text),
    sqlite_strict=True,
)

# A row is written when what a scan finds has changed, not whenever it runs.
scan_results: Final = Table(
    "scan_results",
    METADATA,
    Column("broker", Text, primary_key=True),
    Column("scan", Text, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("candidates", Document, nullable=False),
    sqlite_strict=True,
)

owner_settings: Final = Table(
    "owner_settings",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("value", Document, nullable=False),
    Column("updated_at", Instant, nullable=False),
    sqlite_strict=True,
)

caller_tokens: Final = Table(
    "caller_tokens",
    METADATA,
    Column("token_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("used_at", Instant),
    sqlite_strict=True,
)

paper_worlds: Final = Table(
    "paper_worlds",
    METADATA,
    Column("world", Text, primary_key=True),
    Column("version", WholeNumber, nullable=False),
    Column("header", Document, nullable=False),
    sqlite_strict=True,
)

paper_accounts: Final = Table(
    "paper_accounts",
    METADATA,
    Column("world", Text, ForeignKey(paper_worlds.c.world), primary_key=True),
    Column("account_id", Text, primary_key=True),
    Column("document", Document, nullable=False),
    sqlite_strict=True,
)

paper_orders: Final = Table(
    "paper_orders",
    METADATA,
    Column("world", Text, ForeignKey(paper_worlds.c.world), primary_key=True),
    Column("order_id", Text, primary_key=True),
    Column("document", Document, nullable=False),
    sqlite_strict=True,
)

# `number` keeps lines of one instant in the order they were written.
paper_lines: Final = Table(
    "paper_lines",
    METADATA,
    Column("number", WholeNumber, primary_key=True, autoincrement=True),
    Column("world", Text, ForeignKey(paper_worlds.c.world), nullable=False),
    Column("line_id", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("document", Document, nullable=False),
    UniqueConstraint("world", "line_id"),
    Index(None, "world", "account_id", "at", "number"),
    sqlite_strict=True,
)

_NO_DELETE: Final = """CREATE TRIGGER order_events_no_delete BEFORE DELETE ON order_events
BEGIN SELECT RAISE(ABORT, 'order_events is append-only'); END"""

GUARDS: Final = {
    "sqlite": (
        """CREATE TRIGGER order_events_no_update BEFORE UPDATE ON order_events
BEGIN SELECT RAISE(ABORT, 'order_events is append-only'); END""",
        _NO_DELETE,
        # INSERT OR REPLACE deletes without firing the trigger above.
        """CREATE TRIGGER order_events_no_replace BEFORE INSERT ON order_events
WHEN EXISTS (SELECT 1 FROM order_events WHERE sequence = NEW.sequence)
BEGIN SELECT RAISE(ABORT, 'order_events is append-only'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION order_events_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'order_events is append-only' USING ERRCODE = 'restrict_violation'; END $$""",
        """CREATE TRIGGER order_events_no_change BEFORE UPDATE OR DELETE ON order_events
FOR EACH ROW EXECUTE FUNCTION order_events_refuse()""",
        """CREATE TRIGGER order_events_no_truncate BEFORE TRUNCATE ON order_events
FOR EACH STATEMENT EXECUTE FUNCTION order_events_refuse()""",
    ),
}

# How the guard against deleting is lifted and set again, for lines that are past their time.
LIFT_GUARD: Final = {
    "sqlite": "DROP TRIGGER IF EXISTS order_events_no_delete",
    "postgresql": "ALTER TABLE order_events DISABLE TRIGGER order_events_no_change",
}
SET_GUARD: Final = {
    "sqlite": _NO_DELETE,
    "postgresql": "ALTER TABLE order_events ENABLE TRIGGER order_events_no_change",
}

for _dialect, _statements in GUARDS.items():
    for _statement in _statements:
        event.listen(order_events, "after_create", DDL(_statement).execute_if(dialect=_dialect))
