"""The envelopes that payloads come in, and the pages that lists are cut into."""

from typing import Generic, TypeVar

from strikedesk.brokers.tastytrade.payloads.fields import Payload, Whole

T = TypeVar("T")


class Told(Payload, Generic[T]):
    """One object."""

    data: T


class Items(Payload, Generic[T]):
    """What a list holds. An object without `items` is no empty list."""

    items: tuple[T, ...]


class Pagination(Payload):
    """Where a page lies; `page_offset` counts pages from 0."""

    per_page: Whole = None
    page_offset: Whole = None
    total_items: Whole = None
    total_pages: Whole = None
    current_item_count: Whole = None


class Listed(Payload, Generic[T]):
    """A list, or a page of one."""

    data: Items[T]
    pagination: Pagination | None = None

    def follows(self, page: int) -> bool | None:
        """Whether another page comes after this one, the `page`th from 0; None = it is not that.

        A page that is empty before the end, or another than was asked for, is not that.
        """
        told = self.pagination
        if told is None or told.total_pages is None:
            return False
        if told.page_offset not in {None, page}:
            return None
        more = page + 1 < told.total_pages
        return None if more and not self.data.items else more

    @property
    def total_items(self) -> int:
        """How many items all pages have; those of this one where the broker does not say."""
        told = None if self.pagination is None else self.pagination.total_items
        return len(self.data.items) if told is None else told
