"""Approvals: what a person is asked before an order leaves."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# STRICT tables know no BIGINT: there every INTEGER has 64 bits.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("requested_at", WHOLE, nullable=False),
        sa.Column("expires_at", WHOLE, nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=True),
        sa.Column("tries_left", WHOLE, nullable=False),
        sa.Column("unheard", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("order_id", name="pk_approvals"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_approvals_order_id"),
        sqlite_strict=True,
    )
