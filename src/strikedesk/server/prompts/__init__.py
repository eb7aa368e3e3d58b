"""Prompts: pieces of work that a person starts by name, one file each."""
