"""The collector of cycles: what it need not walk through, and how seldom it need look."""

import gc
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

# Objects that are kept before the youngest are looked through, and looks before those that
# outlived one, and two, are. Of Python's 700 an order makes many times as many, and leaves hardly a
# cycle behind; 20,000 of them take a few megabytes.
_LOOKED_THROUGH_AFTER: Final = (20_000, 20, 20)


@contextmanager
def collector_at_rest() -> Generator[None]:
    """Look for no cycles until `spare_the_collector`, or the end: what a start imports stays.

    It would be walked through a dozen times, while a client waits.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def spare_the_collector() -> None:
    """Let it pass over what is there, which stays to the end, and look for cycles seldom.

    Each of the two took a tenth of a busy desk's time.
    """
    gc.freeze()
    gc.set_threshold(*_LOOKED_THROUGH_AFTER)
    gc.enable()
