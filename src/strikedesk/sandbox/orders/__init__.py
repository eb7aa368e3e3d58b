"""Orders as the protocol has them: read, judged, carried out by the venue's clerk, and told."""
