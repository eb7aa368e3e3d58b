"""The collector of cycles: passes over what stays, and still finds what does not."""

import gc
import weakref
from collections.abc import Generator

import pytest

from strikedesk.server.collector import spare_the_collector


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
