"""Where Node and the clients written for it are; `make node` puts them there."""

import shutil
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
BINARIES = FOLDER / "node_modules" / ".bin"

installed = pytest.mark.skipif(
    shutil.which("node", path=BINARIES) is None, reason="Node is absent: `make node` brings it"
)


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a client: our Node first, a home of its own."""
    return {"PATH": f"{BINARIES}:/usr/local/bin:/usr/bin:/bin", "HOME": str(home)}
