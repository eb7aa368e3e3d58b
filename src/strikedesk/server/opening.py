"""The desk as the server holds it: not even its rooms are imported before somebody needs it."""

from typing import TYPE_CHECKING, Protocol

from strikedesk.settings import Settings

if TYPE_CHECKING:
    from strikedesk.wiring import Companion, Desk, LazyDesk


class DeskSource(Protocol):
    """Where a server gets its desk."""

    async def desk(self) -> "Desk":
        """Return the desk, opening it the first time; `Misconfigured` where that fails."""
        ...

    async def close(self) -> None:
        """Wait for submissions under way, then let go of everything."""
        ...


class Opening:
    """A `LazyDesk` whose import waits too: 130 ms that `initialize` does not."""

    def __init__(self, settings: Settings, beside: "Companion | None" = None) -> None:
        """Remember what to open, and what runs with it."""
        self._settings = settings
        self._beside = beside
        self._lazy: LazyDesk | None = None
        self._open: Desk | None = None

    async def desk(self) -> "Desk":
        """See `DeskSource.desk`."""
        if self._open is None:
            self._open = await self._found().desk()
        return self._open

    async def close(self) -> None:
        """See `DeskSource.close`."""
        if self._lazy is not None:
            await self._lazy.close()

    def _found(self) -> "LazyDesk":
        from strikedesk.wiring import LazyDesk  # noqa: PLC0415 -- kept off `initialize`

        if self._lazy is None:
            self._lazy = LazyDesk(self._settings, self._beside)
        return self._lazy
