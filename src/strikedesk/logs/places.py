"""Where an exception happened and what kind it was: none of its words, and no value of a frame.

What a library raises quotes what it was given: headers, addresses, bodies of whoever answered.
"""

import traceback
from collections.abc import Iterator
from typing import Final, cast

CAUSES_MAX: Final = 8
_FRAMES_MAX: Final = 40


def told(error: BaseException) -> str:
    """Return a traceback without words: the causes first, each with its kind and its frames."""
    chain = [*causes(error)][::-1]
    return "\n".join(line for each in chain for line in _told(each))


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it, the latest first."""
    for _ in range(CAUSES_MAX):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _told(error: BaseException) -> Iterator[str]:
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_MAX:]
    yield f"{type(error).__name__}{_inside(error)}, at"
    yield from (f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)


def _inside(error: BaseException) -> str:
    """Return the kinds of the errors that a group holds."""
    if not isinstance(error, BaseExceptionGroup):
        return ""
    inside = cast("BaseExceptionGroup[BaseException]", error).exceptions[:CAUSES_MAX]
    return f" ({', '.join(type(each).__name__ + _inside(each) for each in inside)})"
