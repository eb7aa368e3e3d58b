"""The smile and an account's days as pictures."""

from datetime import date, timedelta
from io import BytesIO

from PIL import Image

from strikedesk.domain.quotes import Feed
from strikedesk.server.pictures import easel
from strikedesk.server.pictures.equity import Worth, equity_chart, rows_of_notes
from strikedesk.server.pictures.smile import CURVES_MAX, Smile, smile_chart

SIZE = (easel.WIDTH, easel.HEIGHT)


def size_of(png: bytes) -> tuple[int, int]:
    return Image.open(BytesIO(png), formats=["PNG"]).size


def smile(label: str, lift: float = 0.0) -> Smile:
    strikes = [90.0, 100.0, 110.0]
    return Smile(label=label, strikes=strikes, volatilities=[0.3 + lift, 0.2 + lift, 0.25 + lift])


def drawn(*smiles: Smile) -> bytes:
    return smile_chart("SPY", smiles, spot=100.0, told="25 days", feed=Feed.SIMULATED)


def worth(*values: float | None, note: str = "") -> list[Worth]:
    start = date(2026, 11, 2)
    days = [Worth(day=start + timedelta(days=n), value=v) for n, v in enumerate(values)]
    return [*days[:-1], Worth(day=days[-1].day, value=days[-1].value, note=note)]


def account(days: list[Worth]) -> bytes:
    return equity_chart("Paper", days, told="at each close", feed=Feed.SIMULATED)


def test_a_smile_shows_its_expirations_and_no_more_than_can_be_told_apart() -> None:
    """Beyond five, colours repeat: the sixth curve is not drawn."""
    five = [smile(f"day {n}", n / 100) for n in range(CURVES_MAX)]

    assert size_of(drawn(*five)) == SIZE
    assert drawn(*five) == drawn(*five, smile("one too many", 0.5))
    assert drawn(*five) != drawn(*five[:-1])


def test_an_account_shows_gaps_as_gaps_and_what_happened_where_it_did() -> None:
    """An unknown day is not bridged by a line that looks like knowledge."""
    whole, gap = worth(100.0, 110.0, 90.0, 120.0), worth(100.0, None, 90.0, 120.0)

    assert size_of(account(whole)) == SIZE
    assert account(whole) != account(gap)
    assert account(whole) != account(worth(100.0, 110.0, 90.0, 120.0, note="assigned"))


def test_notes_that_would_meet_are_written_in_rows() -> None:
    """Written at their days, two of them hid each other and a third the axis."""
    days = [
        Worth(day=each.day, value=each.value, note="assignment, expiration")
        for each in worth(*(float(n) for n in range(1, 25)))
    ]

    assert rows_of_notes([3, 12, 13, 23], days) == {3: 0, 12: 0, 13: 1, 23: 0}
