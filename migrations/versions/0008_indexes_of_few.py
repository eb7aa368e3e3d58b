"""Indexes of what few orders have hold those few alone: a preview wrote a line into both."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BY_BROKER, _BY_GROUP = "ix_orders_broker_broker_order_id", "ix_orders_group_id_group_place"


def upgrade() -> None:
    _anew(_BY_BROKER, ["broker", "broker_order_id"], "broker_order_id IS NOT NULL")
    _anew(_BY_GROUP, ["group_id", "group_place"], "group_id IS NOT NULL")


def _anew(name: str, columns: list[str], of: str) -> None:
    op.drop_index(name, "orders")
    op.create_index(name, "orders", columns, sqlite_where=sa.text(of), postgresql_where=sa.text(of))
