"""Groups: which orders were previewed and left together, and in which order."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# STRICT tables know no BIGINT: there every INTEGER has 64 bits.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("orders", sa.Column("group_id", sa.Text(), nullable=True))
    op.add_column("orders", sa.Column("group_kind", sa.Text(), nullable=True))
    op.add_column("orders", sa.Column("group_place", WHOLE, nullable=True))
    op.create_index("ix_orders_group_id_group_place", "orders", ["group_id", "group_place"])
