"""Pictures: asked for only, small, of the right size, and saying what kind of prices they show."""

import base64
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import cast

import pytest
from mcp.types import CallToolResult, ImageContent
from PIL import Image

from strikedesk.domain.pages import PageSpan
from strikedesk.domain.quotes import Bar, Feed
from strikedesk.domain.symbols import EquitySymbol
from strikedesk.market.bars import width
from strikedesk.market.history import HistoryQuery, PriceHistory, summary
from strikedesk.server.pictures import easel, prices
from tests.tools.core_door import ERAS, Era
from tests.tools.paper_desk import PaperDesk, facts_of

SIZE_MAX = 60_000
# The orange of a warning, as drawn.
WARNING = (0xB4, 0x53, 0x09)


def picture_in(result: CallToolResult) -> bytes:
    """Return the one picture of an answer, which comes after its text."""
    _, image = result.content
    assert isinstance(image, ImageContent)
    assert image.mime_type == "image/png"
    return base64.b64decode(image.data)


def opened(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png), formats=["PNG"]).convert("RGB")


def pixels(png: bytes, color: tuple[int, int, int]) -> int:
    """Count the pixels of about one colour: a palette may move it a little."""
    colors = opened(png).getcolors(maxcolors=256) or []
    return sum(count for count, shown in colors if _close(shown, color))


def _close(shown: object, color: tuple[int, int, int]) -> bool:
    assert isinstance(shown, tuple)
    bands = cast("tuple[int, int, int]", shown)
    return all(abs(one - other) < 12 for one, other in zip(bands, color, strict=True))


def history(count: int, *, interval: str = "1d", volume: int | None = 10) -> PriceHistory:
    """Return bars that go up and down by turns."""
    start = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
    apart = timedelta(days=1) if interval == "1d" else timedelta(minutes=1)
    bars = tuple(
        Bar(
            at=start + n * apart,
            open=Decimal(100 + n % 7),
            high=Decimal(110 + n % 5),
            low=Decimal(95 - n % 3),
            close=Decimal(103 + n % 4),
            volume=volume,
        )
        for n in range(count)
    )
    return PriceHistory(
        query=HistoryQuery(symbol=EquitySymbol("AAPL"), width=width(interval)),
        first_day=date(2026, 1, 5),
        last_day=date(2026, 11, 20),
        feed=Feed.SIMULATED,
        bars=bars,
        span=PageSpan(page=1, size=64, total=count),
        summary=summary(bars),
    )


@pytest.mark.parametrize("era", ERAS)
async def test_a_picture_travels_in_both_eras(era: Era) -> None:
    async with PaperDesk().client(era) as client:
        drawn = await client.call_tool("get_price_history", {"symbol": "SPY", "chart": "true"})

    assert opened(picture_in(drawn)).size == (easel.WIDTH, easel.HEIGHT)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"interval": "1m"},
        {"interval": "5m", "start": "2026-11-09"},
        {"interval": "1w", "start": "2024-01-01"},
        {"interval": "1mo", "start": "2024-06-01"},
        {"interval": "2h"},
        {"start": "2024-01-01"},
        {"start": "2026-11-20"},
        {"symbol": "SPX", "interval": "1h"},
        {"symbol": "AAPL261218C00200000"},
    ],
    ids=lambda asked: " ".join(asked.values()) or "as it comes",
)
async def test_a_chart_is_a_small_png_beside_the_rows(asked: dict[str, str]) -> None:
    """The rows are the same with it and without it."""
    asked = {"symbol": "AAPL"} | asked
    async with PaperDesk().client() as client:
        drawn = await client.call_tool("get_price_history", asked | {"chart": True})
        bare = await client.call_tool("get_price_history", asked)

    png = picture_in(drawn)
    assert opened(png).size == (easel.WIDTH, easel.HEIGHT)
    assert len(png) <= SIZE_MAX
    assert facts_of(drawn) == {**facts_of(bare), "pictures": 1}
    assert facts_of(bare)["pictures"] == 0


@pytest.mark.parametrize("count", [1, 8, 131, 241, 10_000])
@pytest.mark.parametrize("interval", ["1d", "1m"])
def test_any_number_of_bars_fits(count: int, interval: str) -> None:
    """Where candles become too narrow, neighbours are drawn as one."""
    png = prices.price_chart(history(count, interval=interval), Feed.SIMULATED)

    assert opened(png).size == (easel.WIDTH, easel.HEIGHT)
    assert len(png) <= SIZE_MAX


@pytest.mark.parametrize("feed", [Feed.SIMULATED, Feed.TAPE, Feed.DELAYED])
def test_prices_that_are_no_market_of_now_are_labelled(feed: Feed) -> None:
    """A picture is shown on without the words around it."""
    labelled = prices.price_chart(history(20), feed)

    assert pixels(labelled, WARNING) > 100


@pytest.mark.parametrize("feed", [Feed.REALTIME, None])
def test_a_real_market_has_no_such_label(feed: Feed | None) -> None:
    """A label that is always there says nothing."""
    assert pixels(prices.price_chart(history(20), feed), WARNING) == 0


def test_a_flat_price_and_an_unknown_volume_can_be_drawn() -> None:
    """An index has no volume, and a quiet option no move."""
    for volume in (None, 0):
        flat = history(5, volume=volume)
        still = Bar(
            at=flat.bars[0].at, open=Decimal(1), high=Decimal(1), low=Decimal(1), close=Decimal(1)
        )
        at_rest = PriceHistory(
            query=flat.query,
            first_day=flat.first_day,
            last_day=flat.last_day,
            feed=None,
            bars=(still,),
            span=PageSpan.whole(1),
            summary=summary((still,)),
        )
        for each in (flat, at_rest):
            assert opened(prices.price_chart(each, None)).size[0] == easel.WIDTH


def test_neighbours_become_one_bar_that_says_the_same() -> None:
    bars = history(5).bars

    merged = prices.merged(bars, 2)

    assert [bar.at for bar in merged] == [bars[0].at, bars[3].at]
    assert (merged[0].open, merged[0].close) == (bars[0].open, bars[2].close)
    assert merged[0].high == max(bar.high for bar in bars[:3])
    assert merged[0].low == min(bar.low for bar in bars[:3])
    assert [bar.volume for bar in merged] == [30, 20]
    assert prices.merged(bars, 5) == bars


def test_a_sum_of_unknown_volumes_is_unknown() -> None:
    assert [bar.volume for bar in prices.merged(history(4, volume=None).bars, 2)] == [None, None]


def test_threads_may_draw_at_once() -> None:
    """Two clients ask at the same moment; matplotlib's caches are not guarded."""
    alone = prices.price_chart(history(60), Feed.SIMULATED)
    drawn: list[bytes] = []
    threads = [
        threading.Thread(
            target=lambda: drawn.append(prices.price_chart(history(60), Feed.SIMULATED))
        )
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert drawn == [alone] * 4


def test_a_server_that_draws_nothing_imports_no_painter() -> None:
    """Half a second and forty megabytes that most sessions never need."""
    script = (
        "import sys; import strikedesk.server.menu, strikedesk.server.library;"
        "print([name for name in ('matplotlib', 'PIL', 'numpy') if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout.strip() == "[]"
