"""What a day has used is summed by an index alone, and what counts less is found by one."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_OF_DAY = ["broker", "environment", "claimed_at", "loss_cents", "notional_cents"]


def upgrade() -> None:
    op.drop_index("ix_orders_state", "orders")
    op.create_index("ix_orders_state_updated_at", "orders", ["state", "updated_at"])
    op.drop_index("ix_order_uses_broker_environment_claimed_at", "order_uses")
    op.create_index("ix_order_uses_of_day", "order_uses", _OF_DAY)
