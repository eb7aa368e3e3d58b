"""All checks, in the order in which one thing needs another."""

from collections.abc import AsyncGenerator

from strikedesk.cli.doctor.desk import check_desk, check_store
from strikedesk.cli.doctor.ground import (
    check_clients,
    check_folders,
    check_settings,
    check_strategies,
    check_vault,
)
from strikedesk.cli.doctor.report import Check
from strikedesk.cli.doctor.tools import check_tools
from strikedesk.settings import load


async def examine() -> AsyncGenerator[Check]:
    """Yield each check as soon as it is made. What is opened here is what a start would open.

    Raises:
        Misconfigured: the settings cannot be read, so that there is no desk to look at.
    """
    settings = load()
    yield check_settings(settings)
    yield check_folders(settings.folders)
    yield check_strategies(settings.folders)
    yield await check_vault(settings)
    for checks in (check_store, check_desk):
        for check in await checks(settings):
            yield check
    yield await check_tools(settings)
    yield check_clients()
