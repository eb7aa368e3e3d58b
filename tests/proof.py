"""How much of a long proof is run: a short form always, the whole of it where it is asked for."""

import os
from typing import Final

PROVING: Final = os.environ.get("STRIKEDESK_TEST_PROOF") == "1"  # noqa: TID251 -- no setting of the desk


def examples(short: int, whole: int) -> int:
    """Return how many examples to try: `whole` with STRIKEDESK_TEST_PROOF=1."""
    return whole if PROVING else short


def seconds(short: int, whole: int) -> int:
    """Return how long a proof may take."""
    return whole if PROVING else short
