"""What the market says: quotes, chains, bars, hours, volatility, behind one cache."""
