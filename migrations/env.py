"""Runs migrations over the connection, and in the transaction, of `strikedesk.store.migrate`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
