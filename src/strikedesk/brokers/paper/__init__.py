"""The embedded paper broker: play money, a simulated or replayed market, one world for all.

Its state lives in the store, so that every process of the desk sees one market and one set of
orders; its rules are those of `strikedesk.exchange`.
"""
