"""DXLink, the protocol of tastytrade's market data: its frames, and the newest of each symbol.

Nothing here waits or touches a socket but `connection`.
"""
