"""Orders at tastytrade: how they are written, read, checked, sent and found again."""
