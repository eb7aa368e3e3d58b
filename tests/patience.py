"""How long a test waits for another process."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from subprocess import Popen

PATIENCE_S = 20.0


@contextmanager
def patience(process: "Popen[bytes]", seconds: float = PATIENCE_S) -> Generator[None]:
    """Kill `process` when the block takes longer: whoever reads from it finds its end.

    Raises:
        AssertionError: it was killed for that.
    """
    ran_out = threading.Event()

    def end() -> None:
        ran_out.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        assert not ran_out.is_set(), f"the process did not do its part within {seconds} s"
