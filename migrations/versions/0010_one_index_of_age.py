"""One index of an order's age instead of two: a preview wrote a line into both."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_AGE = ["created_at", "order_id", "account_id"]


def upgrade() -> None:
    op.drop_index("ix_orders_created_at_order_id", "orders")
    op.drop_index("ix_orders_account_id_created_at_order_id", "orders")
    op.create_index("ix_orders_created_at_order_id_account_id", "orders", _AGE)
