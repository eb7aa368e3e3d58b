"""Asking the person at the terminal before something goes that cannot come back."""

import typer

from strikedesk.cli.speech import FAILED


def ask(question: str, *, yes: bool) -> None:
    """Leave with 1, and nothing changed, unless a person says yes."""
    if yes:
        return
    try:
        said = typer.confirm(question)
    except typer.Abort:
        said = False
    if not said:
        typer.echo("Nothing was changed. Say --yes to go without the question.", err=True)
        raise typer.Exit(FAILED)
