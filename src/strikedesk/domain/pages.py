"""Pages of a list: counted from 1, with totals, never a silently shortened list."""

from dataclasses import dataclass
from typing import Final

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason

PAGE_MAX: Final = 1_000_000


def offset_of(page: int, size: int) -> int:
    """Return how many rows lie before `page`.

    Raises:
        Denied: INVALID_ARGUMENT for a page below 1 or beyond any list.
    """
    if not 1 <= page <= PAGE_MAX:
        shown = page if abs(page) <= PAGE_MAX else "out of range"
        raise Denied(Reason.INVALID_ARGUMENT, argument="page", given=shown, at_least=1)
    return (page - 1) * size


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSpan:
    """Which of `total` rows a page of `size` shows.

    Law: the spans of pages 1 to `pages` cover every row once, in order; an empty list has one
    empty page.
    Raises: `Denied(INVALID_ARGUMENT)` below page 1, `Denied(PAGE_PAST_END)` after the last.
    """

    page: int
    size: int
    total: int

    def __post_init__(self) -> None:
        """Refuse a page that does not exist."""
        offset_of(self.page, self.size)
        if self.page > self.pages:
            raise Denied(Reason.PAGE_PAST_END, page=self.page, last_page=self.pages)

    @classmethod
    def whole(cls, total: int) -> "PageSpan":
        """Return the one page that shows all of a short list."""
        return cls(page=1, size=max(1, total), total=total)

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def start(self) -> int:
        """Index of the first row shown."""
        return (self.page - 1) * self.size

    @property
    def stop(self) -> int:
        """Index after the last row shown."""
        return min(self.start + self.size, self.total)

    @property
    def returned(self) -> int:
        """How many rows the page shows."""
        return self.stop - self.start

    @property
    def next_page(self) -> int | None:
        """The page after this one, or None after the last."""
        return self.page + 1 if self.page < self.pages else None
