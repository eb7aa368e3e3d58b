"""get_option_chain: a page of contracts with their prices and Greeks."""

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Final, TypeAlias

from mcp.types import CallToolResult

from strikedesk.domain.pages import PageSpan
from strikedesk.market.chain_page import ChainPage
from strikedesk.market.chain_query import (
    DAYS_MAX,
    STRIKES_EACH_SIDE_MAX,
    ChainQuery,
)
from strikedesk.market.columns import COLUMNS
from strikedesk.server.arguments import (
    Days,
    OptionRight,
    Page,
    Underlying,
    decimal,
    fraction,
    several,
    text,
    whole,
)
from strikedesk.server.call import Call, desk_of
from strikedesk.server.schemas import (
    BOOLEAN,
    INTEGER,
    LIST,
    NUMBER,
    OBJECT,
    TEXT,
    maybe,
    table_schema,
)
from strikedesk.server.shaping import Value, table

RETURNS: Final = table_schema(
    underlying=TEXT,
    spot=maybe(NUMBER),
    feed=TEXT,
    as_of=TEXT,
    quotes_as_of=maybe(TEXT),
    complete=BOOLEAN,
    expirations=LIST,
    roots=LIST,
    strikes_each_side=maybe(INTEGER),
    filtered_out=OBJECT,
    rest_of_chain=OBJECT,
)

# Thirteen parameters: their bounds are told by a refusal, and cost no context until then.
DaysToGo: TypeAlias = Annotated[int, replace(whole(0, DAYS_MAX), schema=INTEGER)]
Strike: TypeAlias = Annotated[
    Decimal, replace(decimal(Decimal(0), Decimal(999_999)), schema=NUMBER)
]
Strikes: TypeAlias = Annotated[int, replace(whole(1, STRIKES_EACH_SIDE_MAX), schema=INTEGER)]
Delta: TypeAlias = Annotated[float, replace(fraction(-1, 1), schema=NUMBER)]
Interest: TypeAlias = Annotated[int, replace(whole(0, 10**9), schema=INTEGER)]
Columns: TypeAlias = Annotated[
    tuple[str, ...],
    several(replace(text(24), schema={"enum": [*COLUMNS]}), len(COLUMNS), least=0),
]


async def get_option_chain(
    call: Call,
    underlying: Underlying,
    expirations: Days = (),
    days_min: DaysToGo | None = None,
    days_max: DaysToGo | None = None,
    right: OptionRight | None = None,
    strike_min: Strike | None = None,
    strike_max: Strike | None = None,
    strikes_each_side: Strikes | None = None,
    delta_min: Delta | None = None,
    delta_max: Delta | None = None,
    open_interest_min: Interest | None = None,
    columns: Columns = (),
    page: Page = 1,
) -> Annotated[CallToolResult, RETURNS]:
    """Show contracts with prices and Greeks; unfiltered, those nearest the money, next monthly.

    Name expirations or a range of days to go. Deltas of 0 or more compare without sign: 0.2 to 0.4
    finds calls and puts. strike_min 0 lifts the limit to the money. iv is a fraction, theta per
    day, vega per point. filtered_out and rest_of_chain count what is not shown.
    """
    query = ChainQuery(
        underlying=underlying,
        expirations=expirations,
        days_min=days_min,
        days_max=days_max,
        right=right,
        strike_min=strike_min,
        strike_max=strike_max,
        strikes_each_side=strikes_each_side,
        delta_min=delta_min,
        delta_max=delta_max,
        open_interest_min=open_interest_min,
        columns=columns,
        page=page,
    )
    desk = await desk_of(call)
    found = await desk.market.chain_page(query)
    size = query.rows_a_page(tuple(found.columns))
    span = PageSpan(page=found.page, size=size, total=found.total)
    return table(found.columns, found.rows, span, _about(found))


def _about(found: ChainPage) -> dict[str, Value]:
    rest = found.rest
    return {
        "underlying": found.underlying,
        "spot": found.spot,
        "feed": found.feed,
        "as_of": found.as_of,
        "quotes_as_of": found.quotes_as_of,
        "complete": found.complete,
        "expirations": found.expirations,
        "roots": found.roots,
        "strikes_each_side": found.strikes_each_side,
        "filtered_out": found.filtered_out,
        "rest_of_chain": {
            "expirations": rest.expirations,
            "contracts": rest.contracts,
            "first": rest.first,
            "last": rest.last,
        },
    }
