"""Words and laws of an options desk. Standard library only; imports nothing of the house."""
