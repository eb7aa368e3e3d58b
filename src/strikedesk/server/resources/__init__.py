"""Documents that a model may read when it needs them, and pays for only then."""
