"""What the owner's own commands tell of a desk, and what lies in its folder, after a life."""

import io
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Final

from strikedesk.cli import main
from tests.proofs.ears import Tally

# The first one finds the vault's key in the environment, and takes it out.
COMMANDS: Final = (
    ("doctor", "--json"),
    ("approvals",),
    ("orders", "list"),
    ("orders", "list", "--unsettled"),
    ("orders", "settle", "none", "--not-placed", "--yes"),
    ("approve", "none"),
    ("audit", "verify"),
    ("token", "list"),
    ("limits", "show"),
)
# The ledger knows an account by the broker's own id, in clear, and so does the trail.
IN_THE_LEDGER: Final = frozenset({"account_number"})


def look_around(home: Path, tally: Tally) -> None:
    """Run the commands, export the trail, and read every file that is left."""
    for command in COMMANDS:
        _run(tally, *command)
    for form in ("jsonl", "csv"):
        file = home / f"trail.{form}"
        _run(tally, "audit", "export", "--format", form, "--out", str(file))
        for line in file.read_bytes().splitlines():
            tally.hear_late("line of an export", line, IN_THE_LEDGER)
    for path in _files(home):
        tally.hear_late("file", path.read_bytes(), IN_THE_LEDGER)


def look_into(folder: Path, tally: Tally) -> None:
    """Read the files of a database that is in use."""
    for path in _files(folder):
        tally.hear_late("database file", path.read_bytes(), IN_THE_LEDGER)


def _run(tally: Tally, *argv: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), suppress(SystemExit):
        main(argv)
    for kind, said in (("command's stdout", out), ("command's stderr", err)):
        if text := said.getvalue():
            tally.hear_late(kind, text.encode())


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
