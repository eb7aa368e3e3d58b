"""Which lines of the trail may go: whole orders, from the beginning on."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from strikedesk.domain.retention import Span, first_kept, years_before


def an_order(
    first: int | None,
    last: int | None,
    *,
    name: str = "a",
    over: bool = True,
    of: str | None = None,
) -> Span:
    return Span(order_id=name, first=first, last=last, is_over=over, needs=of)


def test_without_orders_every_line_that_is_old_may_go() -> None:
    assert first_kept(7, []) == 7


def test_an_order_that_ends_among_young_lines_keeps_all_of_its_lines() -> None:
    assert first_kept(7, [an_order(3, 7)]) == 3
    assert first_kept(7, [an_order(3, 6)]) == 7


def test_an_order_that_is_not_over_stays_however_old() -> None:
    assert first_kept(7, [an_order(3, 4, over=False)]) == 3


def test_what_a_kept_order_replaces_stays_with_it() -> None:
    target, replacement = an_order(2, 4, name="a"), an_order(7, 9, name="b", of="a")

    assert first_kept(7, [target, replacement]) == 2


def test_an_order_of_which_no_line_tells_keeps_what_it_replaces() -> None:
    assert first_kept(7, [an_order(2, 4, name="a"), an_order(None, None, name="b", of="a")]) == 2


def test_keeping_one_order_keeps_those_that_it_overlaps() -> None:
    orders = [an_order(1, 3, name="a"), an_order(2, 5, name="b"), an_order(4, 8, name="c")]

    assert first_kept(7, orders) == 1


NAMES = st.sampled_from("abcdefghij")


@st.composite
def spans_of_orders(draw: st.DrawFn) -> list[Span]:
    names = draw(st.lists(NAMES, max_size=10, unique=True))
    return [
        an_order(
            first := draw(st.integers(1, 30)),
            first + draw(st.integers(0, 5)),
            name=name,
            over=draw(st.booleans()),
            of=draw(st.none() | NAMES),
        )
        for name in names
    ]


@given(st.integers(1, 31), spans_of_orders())
def test_nothing_that_goes_is_of_an_order_that_stays(young: int, spans: list[Span]) -> None:
    kept = first_kept(young, spans)

    gone = {span.order_id for span in spans if span.ends_before(kept)}
    staying = [span for span in spans if span.order_id not in gone]
    assert kept <= young
    assert not any(span.begins_before(kept) for span in staying)
    assert not gone & {span.needs for span in staying}


def test_seven_years_before_a_leap_day_is_the_day_before_march() -> None:
    assert years_before(datetime(2028, 2, 29, 12, tzinfo=UTC), 7) == datetime(
        2021, 2, 28, 12, tzinfo=UTC
    )
    assert years_before(datetime(2028, 3, 1, tzinfo=UTC), 7) == datetime(2021, 3, 1, tzinfo=UTC)
