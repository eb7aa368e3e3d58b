"""How the command line shows things: tables on stdout, progress on stderr."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

PIPE_WIDTH: Final = 100


def screen() -> Console:
    """Return the console that answers go to; a pipe has no width of its own, so it is given one."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None
) -> Table:
    """Return a plain table. What is unknown is a dash, and no cell is read as markup.

    Nothing is cut: what is too wide goes on below. The first column names the row, and another
    command may ask for it, so it stays on one line as long as there is room.
    """
    shown = Table(*columns, box=box.SIMPLE_HEAD, title=title, title_justify="left")
    shown.columns[0].no_wrap = True
    for column in shown.columns:
        column.overflow = "fold"
    for row in rows:
        shown.add_row(*(Text("-" if cell is None else str(cell)) for cell in row))
    return shown


def figures(told: Iterable[tuple[str, str]]) -> Table:
    """Return names with what they come to, a line each."""
    shown = Table.grid(padding=(0, 2))
    for name, value in told:
        shown.add_row("", Text(name, "dim"), Text(value))
    return shown


def day(instant: datetime | None) -> str | None:
    """Return the UTC date of an instant."""
    return None if instant is None else f"{instant:%Y-%m-%d}"


@contextmanager
def busy(what: str) -> Generator[None]:
    """Show on a terminal that something takes its time; a pipe sees nothing."""
    with Console(stderr=True).status(what):
        yield


@contextmanager
def advancing(what: str) -> Generator[Callable[[int, int], None]]:
    """Show a bar on a terminal; yield what moves it: how much is done, and of how much."""
    console = Console(stderr=True)
    bar = Progress(console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task(what, total=None)

    def move(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)

    with bar:
        yield move
