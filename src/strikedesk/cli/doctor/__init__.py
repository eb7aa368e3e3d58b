"""`strikedesk doctor`: what would keep the desk from working, one line each."""
