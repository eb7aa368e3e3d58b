"""Numerics on arrays: prices, sensitivities, implied volatility. Pure; numpy and nothing else.

Floats are lawful here: these are statistics about contracts. Money is counted elsewhere, in
Decimal. numpy takes a tenth of a second to import, so callers import this room when they need it.
"""
