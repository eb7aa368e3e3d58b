"""One file per tool, named like it. `strikedesk.server.menu` says which are served."""
