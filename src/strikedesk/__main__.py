"""`python -m strikedesk`: the command line, where no script was installed."""

from strikedesk.cli import main

main()
