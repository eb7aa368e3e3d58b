"""Doors to brokers, a folder each: they answer `domain.ports.Broker` and pass one suite."""
