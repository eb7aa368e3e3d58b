"""The contract of the menu: what a client was told once and may have written down."""

from typing import Any

from inline_snapshot import external_file

from strikedesk.server.menu import MENU, MenuItem
from strikedesk.server.strict import strict_tool


def contract(item: MenuItem) -> dict[str, Any]:
    """Return what callers rely on: all but the words of the description."""
    tool, access = strict_tool(item), item.access
    return {
        "toolset": item.toolset.value,
        "lite": item.lite,
        "reads_only": access.reads_only,
        "destructive": access.destructive,
        "idempotent": access.idempotent,
        "open_world": access.open_world,
        "takes": tool.parameters,
        "returns": tool.output_schema,
    }


def test_the_contract_changes_on_purpose_only() -> None:
    """`pytest --inline-snapshot=fix` writes it anew, and the diff is the change."""
    told = {item.name: contract(item) for item in MENU}

    assert told == external_file("menu.json")


def test_the_menu_is_the_plan() -> None:
    """Each tool of the plan; preview_group and preview_candidates.

    docs/decisions/0011-groups-leave-as-one.md says why the first was added. A scan reads, and what
    it finds is previewed by a tool of its own: one tool that could do both would be kept from
    servers that only read.
    """
    by_toolset: dict[str, set[str]] = {}
    for item in MENU:
        by_toolset.setdefault(item.toolset.value, set()).add(item.name)

    assert by_toolset == {
        "accounts": {"list_accounts", "get_balances", "list_positions", "list_transactions"},
        "market": {
            "search_symbols",
            "get_quotes",
            "get_market_hours",
            "get_price_history",
            "get_volatility",
        },
        "options": {"list_expirations", "get_option_chain", "analyze_strategy"},
        "scan": {"run_scan", "list_scans", "save_scan", "preview_candidates"},
        "portfolio": {"get_portfolio_risk", "size_position", "list_alerts", "edit_alert"},
        "orders": {
            "preview_order",
            "preview_group",
            "preview_close",
            "preview_roll",
            "preview_replace",
            "preview_cancel",
            "confirm_order",
            "list_orders",
            "get_order",
        },
        "safety": {"get_safety_status", "halt_trading"},
        "watchlists": {"list_watchlists", "edit_watchlist"},
    }


def test_eight_tools_are_lite() -> None:
    """Enough to look at an account and to trade, in a quarter of the context."""
    assert [item.name for item in MENU if item.lite] == [
        "list_accounts",
        "get_balances",
        "list_positions",
        "get_quotes",
        "get_option_chain",
        "preview_order",
        "confirm_order",
        "get_safety_status",
    ]


def test_every_description_begins_with_what_the_tool_does() -> None:
    """One sentence on one line; a model that reads no further has read enough."""
    for item in MENU:
        first = str(strict_tool(item).description).splitlines()[0]

        assert first.endswith("."), item.name
        assert first.split()[0].istitle(), item.name
        assert len(first) <= 100, item.name
