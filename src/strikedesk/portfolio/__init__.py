"""What the owner has: accounts, balances, positions and the book of each account."""
