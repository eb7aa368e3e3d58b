"""What each confirmed order uses up of the owner's limits."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# STRICT tables know no BIGINT: there every INTEGER has 64 bits.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "order_uses",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("order_id", "broker")),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("claimed_at", WHOLE, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        *(
            sa.Column(name, WHOLE, nullable=False)
            for name in ("units", "loss_cents", "notional_cents")
        ),
        sa.PrimaryKeyConstraint("order_id", name="pk_order_uses"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"], name="fk_order_uses_order_id"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_order_uses_broker_environment_claimed_at",
        "order_uses",
        ["broker", "environment", "claimed_at"],
    )
