"""Showing the checks, as they are made or as one JSON document."""

from rich.text import Text

from strikedesk.cli.doctor.examine import examine
from strikedesk.cli.doctor.report import Check, Outcome, Report, fail
from strikedesk.cli.showing import busy, screen
from strikedesk.cli.speech import FAILED, FINE, MISUSED
from strikedesk.domain.errors import Misconfigured

COLOURS = {Outcome.OK: "green", Outcome.WARN: "yellow", Outcome.FAIL: "bold red"}


async def visit(*, as_json: bool) -> int:
    """Make every check and tell it; return the exit code: 1 for a failed check, 2 for settings."""
    report, misused = await _examined(aloud=not as_json)
    if as_json:
        screen().print(report.as_json(), soft_wrap=True, markup=False)
    if misused:
        return MISUSED
    return FAILED if report.outcome is Outcome.FAIL else FINE


async def _examined(*, aloud: bool) -> tuple[Report, bool]:
    checks: list[Check] = []
    try:
        with busy("looking"):
            async for check in examine():
                checks.append(check)
                _tell(check, aloud=aloud)
    except Misconfigured as error:
        checks.append(fail("configuration", str(error)))
        _tell(checks[-1], aloud=aloud)
        return Report(tuple(checks)), True
    return Report(tuple(checks)), False


def _tell(check: Check, *, aloud: bool) -> None:
    if aloud:
        outcome = Text(f"{check.outcome.value:<5}", COLOURS[check.outcome])
        screen().print(outcome + Text(f"{check.name:<14}{check.told}"), soft_wrap=True)
