"""Knocking on the command line in this process."""

from dataclasses import dataclass

import pytest

from strikedesk.cli import main


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def call(capsys: pytest.CaptureFixture[str], *argv: str) -> Ended:
    """Run a command as the installed script would."""
    with pytest.raises(SystemExit) as left:
        main(argv)
    said = capsys.readouterr()
    code = left.value.code
    assert code is None or isinstance(code, int)
    return Ended(code or 0, said.out, said.err)
