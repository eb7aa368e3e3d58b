"""The collector of cycles: passes over what stays, and still finds what does not."""

import gc
import os
import subprocess
import sys
import weakref
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest

from strikedesk.server.collector import collector_at_rest, spare_the_collector


@pytest.fixture
def spared() -> Generator[None]:
    before = gc.get_threshold()
    spare_the_collector()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


class Node:
    """An object that keeps itself alive."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.usefixtures("spared")
def test_what_is_there_is_not_walked_through_again() -> None:
    kept = Node()

    assert gc.get_freeze_count() > 0
    assert all(found is not kept.__dict__ for found in gc.get_objects(generation=2))


@pytest.mark.usefixtures("spared")
def test_cycles_are_still_found_without_being_asked_for() -> None:
    """A desk serves for weeks: what nobody collects would fill the memory."""
    lost = weakref.ref(Node())
    made = 0
    while lost() is not None and made < 10_000_000:
        Node()
        made += 1

    assert lost() is None


def test_a_start_looks_for_no_cycles_until_it_is_over() -> None:
    with collector_at_rest():
        assert not gc.isenabled()

    assert gc.isenabled()


def test_a_server_looks_for_cycles_once_it_has_warmed_up() -> None:
    """It goes on inside the same start: nothing else would ever let the collector look again."""
    before = gc.get_threshold()
    with collector_at_rest():
        spare_the_collector()

        assert gc.isenabled()
    gc.set_threshold(*before)
    gc.unfreeze()


def test_the_collector_looks_again_also_where_a_start_fails() -> None:
    with pytest.raises(OSError, match="no"), collector_at_rest():
        raise OSError("no")

    assert gc.isenabled()


_SERVES: Final = """
import gc, sys
from strikedesk.cli import main
from strikedesk.server.app import DeskServer

async def serve(self, incoming, outgoing):
    print("collects:", gc.isenabled(), file=sys.stderr)
    async with incoming, outgoing:
        async for _ in incoming:
            pass

DeskServer.serve = serve
main(["serve"])
"""


def test_what_is_served_from_a_file_or_a_terminal_is_looked_through_too(tmp_path: Path) -> None:
    """Nothing is warmed up for it, after which the collector would be let go."""
    (tmp_path / "said").write_text("", encoding="utf-8")
    with (tmp_path / "said").open("rb") as said:
        done = subprocess.run(
            [sys.executable, "-c", _SERVES],
            stdin=said,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=os.environ | {"STRIKEDESK_HOME": str(tmp_path)},  # noqa: TID251 -- handed on
        )

    assert "collects: True" in done.stderr
