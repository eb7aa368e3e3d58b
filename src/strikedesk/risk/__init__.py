"""The owner's limits and a verdict over an order. Pure: same facts, same verdict."""
