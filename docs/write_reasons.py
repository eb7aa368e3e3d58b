"""Write `docs/reasons.md` from the reasons themselves; `make docs` runs it."""

from itertools import groupby
from pathlib import Path
from typing import Final

from strikedesk.domain.reasons import Reason

PAGE: Final = Path(__file__).with_name("reasons.md")

FAMILIES: Final = {
    1: "Access",
    2: "Orders and risk",
    3: "Market data",
    4: "Broker",
    5: "Configuration",
}

INTRODUCTION: Final = """# Reasons

Generated from `strikedesk/domain/reasons.py` by `make docs`; a test compares the two.

Whenever the desk says no, it names a reason, its number, the figures that led to it, and the next
step. A number keeps its meaning for ever.
"""


def page() -> str:
    """Return the whole page: one table for each family of reasons."""
    by_code = sorted(Reason, key=lambda reason: reason.code)
    families = groupby(by_code, key=lambda reason: reason.code // 1000)
    return INTRODUCTION + "".join(_table(FAMILIES[number], list(rows)) for number, rows in families)


def _table(title: str, reasons: list[Reason]) -> str:
    rows = "".join(f"| {r.code} | `{r.name}` | {r.next_step} |\n" for r in reasons)
    return f"\n## {title}\n\n| code | reason | next step |\n|---|---|---|\n{rows}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
