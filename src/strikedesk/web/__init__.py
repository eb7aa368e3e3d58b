"""The browser's door: health."""
