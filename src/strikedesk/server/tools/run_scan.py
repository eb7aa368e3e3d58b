"""run_scan: the trades on the market now that fit rules, best first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

from mcp.types import CallToolResult

from strikedesk.domain.errors import Denied
from strikedesk.domain.pages import PageSpan
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, Symbol
from strikedesk.scan.definition import Scan
from strikedesk.server.arguments import AccountHandle, Page, SomeSymbols
from strikedesk.server.call import Call, desk_of
from strikedesk.server.scan_answers import FOUND, about, named_columns, row_of
from strikedesk.server.scan_arguments import Definition, ScanName
from strikedesk.server.shaping import table

if TYPE_CHECKING:
    from strikedesk.wiring import Desk

ROWS_A_PAGE: Final = 5


async def run_scan(
    call: Call,
    name: ScanName | None = None,
    definition: Definition | None = None,
    symbols: SomeSymbols = (),
    account: AccountHandle | None = None,
    page: Page = 1,
) -> Annotated[CallToolResult, FOUND]:
    """Search option chains for trades that fit rules, best first; by name or by a definition.

    definition: TOML, as list_scans shows of a name. symbols replace the scan's own; account is for
    its portfolio rules. A row is one unit: mid and natural per share (negative: the other effect),
    max_profit and max_loss USD, null = unbounded (margin: what Reg T takes); other figures per
    share. Each row keeps what is asked; near: what one rule keeps out by little. Unseen: nothing is
    known of them. preview_candidates takes legs.
    """
    desk = await desk_of(call)
    if account is not None:
        await desk.books.named(account)
    scan = await _scan(desk, name, definition)
    report = await desk.scanner(scan, symbols=_underlyings(symbols), account=account)
    span = PageSpan(page=page, size=ROWS_A_PAGE, total=len(report.picks))
    rows = [row_of(pick, report) for pick in report.picks[span.start : span.stop]]
    return table(named_columns(report), rows, span, about(report))


async def _scan(desk: "Desk", name: str | None, definition: str | None) -> Scan:
    if (name is None) == (definition is None):
        raise Denied(Reason.INVALID_ARGUMENT, argument="name", needed="a name or a definition")
    return await desk.scans.loaded(name) if name is not None else desk.scans.read(definition or "")


def _underlyings(symbols: Sequence[Symbol]) -> tuple[EquitySymbol, ...]:
    return tuple(EquitySymbol(symbol.underlying) for symbol in symbols)
