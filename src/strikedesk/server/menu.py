"""The menu: every tool, the toolset it belongs to, and what calling it can do.

Imported when somebody first asks what there is, never before `initialize` is answered: the tools
pull in the whole domain, and building their schemas takes longer than everything before it.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from mcp.types import CallToolResult

from strikedesk.server.access import EDITS, MOVES_MONEY, PREVIEWS, READS, RECALLS, STOPS, Access
from strikedesk.server.tools.analyze_strategy import analyze_strategy
from strikedesk.server.tools.confirm_order import confirm_order
from strikedesk.server.tools.edit_alert import edit_alert
from strikedesk.server.tools.edit_watchlist import edit_watchlist
from strikedesk.server.tools.get_balances import get_balances
from strikedesk.server.tools.get_market_hours import get_market_hours
from strikedesk.server.tools.get_option_chain import get_option_chain
from strikedesk.server.tools.get_order import get_order
from strikedesk.server.tools.get_portfolio_risk import get_portfolio_risk
from strikedesk.server.tools.get_price_history import get_price_history
from strikedesk.server.tools.get_quotes import get_quotes
from strikedesk.server.tools.get_safety_status import get_safety_status
from strikedesk.server.tools.get_volatility import get_volatility
from strikedesk.server.tools.halt_trading import halt_trading
from strikedesk.server.tools.list_accounts import list_accounts
from strikedesk.server.tools.list_alerts import list_alerts
from strikedesk.server.tools.list_expirations import list_expirations
from strikedesk.server.tools.list_orders import list_orders
from strikedesk.server.tools.list_positions import list_positions
from strikedesk.server.tools.list_scans import list_scans
from strikedesk.server.tools.list_transactions import list_transactions
from strikedesk.server.tools.list_watchlists import list_watchlists
from strikedesk.server.tools.preview_cancel import preview_cancel
from strikedesk.server.tools.preview_candidates import preview_candidates
from strikedesk.server.tools.preview_close import preview_close
from strikedesk.server.tools.preview_group import preview_group
from strikedesk.server.tools.preview_order import preview_order
from strikedesk.server.tools.preview_replace import preview_replace
from strikedesk.server.tools.preview_roll import preview_roll
from strikedesk.server.tools.run_scan import run_scan
from strikedesk.server.tools.save_scan import save_scan
from strikedesk.server.tools.search_symbols import search_symbols
from strikedesk.server.tools.size_position import size_position
from strikedesk.settings import Toolset

# What is put on a list, or watched, is looked up in the market first.
LISTS: Final = replace(EDITS, open_world=True)

ToolFunction: TypeAlias = Callable[..., Awaitable[CallToolResult]]


@dataclass(frozen=True, slots=True)
class MenuItem:
    """A tool, named like its function. `lite` marks the eight most used.

    `quick` marks those that look something up, in one question or two.
    """

    tool: ToolFunction
    toolset: Toolset
    access: Access
    lite: bool = False
    quick: bool = False

    @property
    def name(self) -> str:
        """What the model calls it."""
        return self.tool.__name__


MENU: Final = (
    MenuItem(list_accounts, Toolset.ACCOUNTS, READS, lite=True, quick=True),
    MenuItem(get_balances, Toolset.ACCOUNTS, READS, lite=True, quick=True),
    MenuItem(list_positions, Toolset.ACCOUNTS, READS, lite=True, quick=True),
    MenuItem(list_transactions, Toolset.ACCOUNTS, READS, quick=True),
    MenuItem(search_symbols, Toolset.MARKET, READS, quick=True),
    MenuItem(get_quotes, Toolset.MARKET, READS, lite=True, quick=True),
    MenuItem(get_market_hours, Toolset.MARKET, RECALLS, quick=True),
    MenuItem(get_price_history, Toolset.MARKET, READS),
    MenuItem(get_volatility, Toolset.MARKET, READS),
    MenuItem(list_expirations, Toolset.OPTIONS, READS),
    MenuItem(get_option_chain, Toolset.OPTIONS, READS, lite=True),
    MenuItem(analyze_strategy, Toolset.OPTIONS, READS),
    MenuItem(run_scan, Toolset.SCAN, READS),
    MenuItem(list_scans, Toolset.SCAN, RECALLS, quick=True),
    MenuItem(save_scan, Toolset.SCAN, EDITS),
    MenuItem(preview_candidates, Toolset.SCAN, PREVIEWS),
    MenuItem(get_portfolio_risk, Toolset.PORTFOLIO, READS),
    MenuItem(size_position, Toolset.PORTFOLIO, READS),
    MenuItem(list_alerts, Toolset.PORTFOLIO, READS, quick=True),
    MenuItem(edit_alert, Toolset.PORTFOLIO, LISTS),
    MenuItem(preview_order, Toolset.ORDERS, PREVIEWS, lite=True),
    MenuItem(preview_group, Toolset.ORDERS, PREVIEWS),
    MenuItem(preview_close, Toolset.ORDERS, PREVIEWS),
    MenuItem(preview_roll, Toolset.ORDERS, PREVIEWS),
    MenuItem(preview_replace, Toolset.ORDERS, PREVIEWS),
    MenuItem(preview_cancel, Toolset.ORDERS, PREVIEWS),
    MenuItem(confirm_order, Toolset.ORDERS, MOVES_MONEY, lite=True),
    MenuItem(list_orders, Toolset.ORDERS, READS, quick=True),
    MenuItem(get_order, Toolset.ORDERS, READS, quick=True),
    MenuItem(halt_trading, Toolset.SAFETY, STOPS),
    MenuItem(get_safety_status, Toolset.SAFETY, RECALLS, lite=True, quick=True),
    MenuItem(list_watchlists, Toolset.WATCHLISTS, READS, quick=True),
    MenuItem(edit_watchlist, Toolset.WATCHLISTS, LISTS),
)


def chosen(
    menu: Sequence[MenuItem], toolsets: Collection[Toolset] | None, *, read_only: bool
) -> tuple[MenuItem, ...]:
    """Return what a server of these toolsets serves, in the menu's order. None means all of it."""
    asked = frozenset(Toolset) - {Toolset.LITE} if toolsets is None else frozenset(toolsets)
    return tuple(
        item
        for item in menu
        if (item.toolset in asked or (item.lite and Toolset.LITE in asked))
        and (item.access.reads_only or not read_only)
    )
