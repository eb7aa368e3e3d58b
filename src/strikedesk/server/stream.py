"""What the SDK asks of a stream of messages beyond carrying them."""

from types import TracebackType
from typing import Self


class Stream:
    """A stream that is closed when its block ends; by itself it has nothing to let go of."""

    async def aclose(self) -> None:
        """Let go of what is below."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.aclose()
