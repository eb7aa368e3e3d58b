"""An index without which a pruned order costs a walk over all orders."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

HAS_TARGET = sa.text("target_order_id IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_orders_target_order_id",
        "orders",
        ["target_order_id"],
        sqlite_where=HAS_TARGET,
        postgresql_where=HAS_TARGET,
    )
