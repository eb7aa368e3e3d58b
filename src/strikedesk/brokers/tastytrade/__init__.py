"""tastytrade's open API: its client, its session, and what its words mean to the desk.

Facts of the wire are the broker's documents and recorded answers; where they differ, what was
recorded counts.
"""
