"""The clock's door: what is done because it is time, and nobody asked."""
