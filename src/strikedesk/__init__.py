"""An options trading desk that AI assistants work at, and that its owner controls."""
