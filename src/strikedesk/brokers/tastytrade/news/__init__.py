"""The news of accounts: orders as they change, told by a websocket of the broker's."""
