"""The tastytrade wire protocol, served over the simulated exchange. Play money, for any client."""
