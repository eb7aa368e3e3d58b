"""`strikedesk demo`: a real server, a real client, and the whole way of an order."""
