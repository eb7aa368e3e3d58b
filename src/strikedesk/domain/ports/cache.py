"""What remembers answers for a while."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol, TypeVar

T = TypeVar("T")


class Cache(Protocol):
    """Remembers values for a while; callers of one key share one load."""

    async def get(self, key: str, ttl_s: float, load: Callable[[], Awaitable[T]]) -> T:
        """Return the value of `key` not older than `ttl_s`, loading it once for all who wait.

        A failed load is remembered by nobody; a waiter's cancellation does not cancel the load.
        """
        ...

    async def get_many(
        self,
        keys: Collection[str],
        ttl_s: float,
        load: Callable[[Collection[str]], Awaitable[Mapping[str, T]]],
    ) -> Mapping[str, T]:
        """Return the values of `keys`, loading those that are missing in one call of `load`.

        A key that somebody else is loading is waited for and not asked again. Keys that `load`
        does not return are absent from the answer and remembered by nobody.
        """
        ...

    def drop(self, prefix: str) -> None:
        """Forget every key that begins with `prefix`, and what is being loaded for one."""
        ...
