"""Pages of a list: every row once, and no page that is not there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.errors import Denied
from strikedesk.domain.pages import PageSpan, offset_of
from strikedesk.domain.reasons import Reason


@given(size=st.integers(1, 20), total=st.integers(0, 200))
def test_the_spans_of_all_pages_cover_every_row_once_in_order(size: int, total: int) -> None:
    first = PageSpan(page=1, size=size, total=total)
    spans = [PageSpan(page=n + 1, size=size, total=total) for n in range(first.pages)]

    assert [row for span in spans for row in range(span.start, span.stop)] == list(range(total))
    assert [span.returned for span in spans] == [span.stop - span.start for span in spans]
    assert [span.next_page for span in spans] == [*range(2, len(spans) + 1), None]
    assert [span.start for span in spans] == [offset_of(span.page, size) for span in spans]


@given(size=st.integers(1, 20), total=st.integers(0, 200), beyond=st.integers(1, 50))
def test_a_page_past_the_end_is_denied_with_the_last_page(
    size: int, total: int, beyond: int
) -> None:
    """The caller can ask again at once, without counting."""
    last = PageSpan(page=1, size=size, total=total).pages

    with pytest.raises(Denied) as denied:
        PageSpan(page=last + beyond, size=size, total=total)

    assert denied.value.reason is Reason.PAGE_PAST_END
    assert denied.value.facts == {"page": last + beyond, "last_page": last}


@pytest.mark.parametrize("page", [0, -1, 10**7, 10**400])
def test_a_page_that_no_list_could_have_is_denied_before_anything_is_asked(page: int) -> None:
    """An offset of 400 digits would reach the database."""
    with pytest.raises(Denied) as denied:
        offset_of(page, 50)

    assert denied.value.reason is Reason.INVALID_ARGUMENT
    assert len(str(denied.value)) < 200
