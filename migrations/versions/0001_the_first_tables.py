"""The first tables: users and links, orders and their trail, lists, settings, paper worlds."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# STRICT tables know no BIGINT: there every INTEGER has 64 bits.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

GUARDS = {
    "sqlite": (
        """CREATE TRIGGER order_events_no_update BEFORE UPDATE ON order_events
BEGIN SELECT RAISE(ABORT, 'order_events is append-only'); END""",
        """CREATE TRIGGER order_events_no_delete BEFORE DELETE ON order_events
BEGIN SELECT RAISE(ABORT, 'order_events is append-only'); END""",
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


def upgrade() -> None:
    _access()
    _orders()
    _trail()
    _owner()
    _paper()


def _access() -> None:
    op.create_table(
        "users",
        _text("user_id"),
        _whole("created_at"),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
        sqlite_strict=True,
    )
    op.create_table(
        "broker_links",
        _text("user_id"),
        _text("broker"),
        _text("environment"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        _whole("updated_at"),
        sa.PrimaryKeyConstraint("user_id", "broker", "environment", name="pk_broker_links"),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_broker_links_user_id"),
        sqlite_strict=True,
    )
    op.create_table(
        "vault_keys",
        _text("dek_id"),
        _text("kek_id"),
        _text("record_set"),
        sa.Column("wrapped", sa.LargeBinary()),
        _whole("created_at"),
        sa.PrimaryKeyConstraint("dek_id", "kek_id", name="pk_vault_keys"),
        sqlite_strict=True,
    )
    op.create_table(
        "caller_tokens",
        _text("token_id"),
        _text("name"),
        _text("scope"),
        _text("digest"),
        _whole("created_at"),
        _whole("expires_at", nullable=True),
        _whole("revoked_at", nullable=True),
        _whole("used_at", nullable=True),
        sa.PrimaryKeyConstraint("token_id", name="pk_caller_tokens"),
        sa.UniqueConstraint("digest", name="uq_caller_tokens_digest"),
        sqlite_strict=True,
    )


def _orders() -> None:
    op.create_table(
        "orders",
        _text("order_id"),
        _text("preview_id"),
        _text("client_order_id"),
        _text("kind"),
        _text("state"),
        _text("account_id"),
        _text("account_handle"),
        _text("broker"),
        _text("environment"),
        _text("caller"),
        _text("canonical"),
        _whole("created_at"),
        _whole("updated_at"),
        _text("target_order_id", nullable=True),
        _text("target_broker_order_id", nullable=True),
        _text("broker_order_id", nullable=True),
        _whole("filled_units"),
        _text("average_net", nullable=True),
        _text("fees", nullable=True),
        _text("reason", nullable=True),
        _text("replaced_by", nullable=True),
        sa.PrimaryKeyConstraint("order_id", name="pk_orders"),
        sa.UniqueConstraint("preview_id", name="uq_orders_preview_id"),
        sa.UniqueConstraint("client_order_id", name="uq_orders_client_order_id"),
        sa.ForeignKeyConstraint(
            ["target_order_id"], ["orders.order_id"], name="fk_orders_target_order_id"
        ),
        sqlite_strict=True,
    )
    _index("orders", "created_at", "order_id")
    _index("orders", "account_id", "created_at", "order_id")
    _index("orders", "state")
    _index("orders", "broker", "broker_order_id")
    op.create_table(
        "order_previews",
        _text("preview_id"),
        _text("shown"),
        sa.PrimaryKeyConstraint("preview_id", name="pk_order_previews"),
        sa.ForeignKeyConstraint(
            ["preview_id"], ["orders.preview_id"], name="fk_order_previews_preview_id"
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "nonces",
        _text("preview_id"),
        _text("nonce_hash"),
        _text("binding"),
        _text("state"),
        _whole("created_at"),
        _whole("expires_at"),
        _whole("settled_at", nullable=True),
        sa.PrimaryKeyConstraint("preview_id", name="pk_nonces"),
        sa.UniqueConstraint("nonce_hash", name="uq_nonces_nonce_hash"),
        sa.ForeignKeyConstraint(
            ["preview_id"], ["order_previews.preview_id"], name="fk_nonces_preview_id"
        ),
        sqlite_strict=True,
    )


def _trail() -> None:
    op.create_table(
        "order_events",
        _whole("sequence", autoincrement=False),
        _text("order_id", nullable=True),
        _whole("at"),
        _text("actor"),
        _text("path"),
        _text("kind"),
        _text("body"),
        _text("previous_digest"),
        _text("digest"),
        sa.PrimaryKeyConstraint("sequence", name="pk_order_events"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_order_events_order_id"),
        sqlite_strict=True,
    )
    _index("order_events", "order_id")
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)
    head = op.create_table(
        "order_event_head",
        _whole("chain", autoincrement=False),
        _whole("sequence"),
        _text("digest"),
        sa.PrimaryKeyConstraint("chain", name="pk_order_event_head"),
        sa.CheckConstraint("chain = 1", name="ck_order_event_head_one_row"),
        sqlite_strict=True,
    )
    op.bulk_insert(head, [{"chain": 1, "sequence": 0, "digest": "0" * 64}])


def _owner() -> None:
    op.create_table(
        "watchlists",
        _text("name"),
        _text("symbols"),
        _whole("updated_at"),
        sa.PrimaryKeyConstraint("name", name="pk_watchlists"),
        sqlite_strict=True,
    )
    op.create_table(
        "saved_scans",
        _text("name"),
        _text("definition"),
        _whole("updated_at"),
        sa.PrimaryKeyConstraint("name", name="pk_saved_scans"),
        sqlite_strict=True,
    )
    op.create_table(
        "owner_settings",
        _text("key"),
        _text("value"),
        _whole("updated_at"),
        sa.PrimaryKeyConstraint("key", name="pk_owner_settings"),
        sqlite_strict=True,
    )


def _paper() -> None:
    op.create_table(
        "paper_worlds",
        _text("world"),
        _whole("version"),
        _text("header"),
        sa.PrimaryKeyConstraint("world", name="pk_paper_worlds"),
        sqlite_strict=True,
    )
    for name, key in (("paper_accounts", "account_id"), ("paper_orders", "order_id")):
        op.create_table(
            name,
            _text("world"),
            _text(key),
            _text("document"),
            sa.PrimaryKeyConstraint("world", key, name=f"pk_{name}"),
            sa.ForeignKeyConstraint(["world"], ["paper_worlds.world"], name=f"fk_{name}_world"),
            sqlite_strict=True,
        )
    op.create_table(
        "paper_lines",
        _whole("number", autoincrement=True),
        _text("world"),
        _text("line_id"),
        _text("account_id"),
        _whole("at"),
        _text("document"),
        sa.PrimaryKeyConstraint("number", name="pk_paper_lines"),
        sa.UniqueConstraint("world", "line_id", name="uq_paper_lines_world_line_id"),
        sa.ForeignKeyConstraint(["world"], ["paper_worlds.world"], name="fk_paper_lines_world"),
        sqlite_strict=True,
    )
    _index("paper_lines", "world", "account_id", "at", "number")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _whole(
    name: str, *, nullable: bool = False, autoincrement: bool | str = "auto"
) -> sa.Column[int]:
    return sa.Column(name, WHOLE, nullable=nullable, autoincrement=autoincrement)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
