"""The two websockets of the protocol: market data by DXLink, and the news of accounts."""
