"""The memory of the desk: one database, its tables, and who reads and writes them."""
