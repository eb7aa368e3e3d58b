"""The simulated exchange: market, matching, accounts. No I/O; driven by a clock."""
