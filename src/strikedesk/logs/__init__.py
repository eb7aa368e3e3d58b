"""What is written down while the desk runs, and what is kept out of it."""
