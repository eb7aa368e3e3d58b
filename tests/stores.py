"""Databases for tests: a file of their own, or a PostgreSQL database of their own, gone after."""

import os
import shutil
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from strikedesk.store.database import Database, upgrade

POSTGRES_URL: Final = os.environ.get("STRIKEDESK_TEST_POSTGRES_URL")  # noqa: TID251 -- tests have no settings

on_postgres: Final = (
    pytest.mark.postgres,
    pytest.mark.skipif(POSTGRES_URL is None, reason="STRIKEDESK_TEST_POSTGRES_URL is not set"),
)
DATABASES: Final = ("sqlite", pytest.param("postgres", marks=on_postgres))
STORES: Final = ("memory", *DATABASES)


@asynccontextmanager
async def a_database(kind: str, folder: Path) -> AsyncGenerator[Database]:
    """Open a new, empty database of this kind."""
    async with a_url(kind, folder) as url, opened(url) as database:
        yield database


@asynccontextmanager
async def a_url(kind: str, folder: Path) -> AsyncGenerator[str]:
    """Yield the URL of a new database of this kind, its tables made."""
    if kind == "sqlite":
        shutil.copy(await _migrated_file(folder.parent), folder / "desk.db")
        yield f"sqlite:///{folder / 'desk.db'}"
        return
    async with a_postgres_database() as url:
        await upgrade(url)
        yield url


@asynccontextmanager
async def a_postgres_database() -> AsyncGenerator[str]:
    """Yield the URL of a PostgreSQL database without tables, beside the one given to tests."""
    given = make_url(POSTGRES_URL or "")
    name = f"{given.database}_{uuid.uuid4().hex[:12]}"
    await _administer(given, f'CREATE DATABASE "{name}"')
    try:
        yield given.set(database=name).render_as_string(hide_password=False)
    finally:
        await _administer(given, f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Database]:
    """Open a database that there is."""
    database = await Database.open(url)
    try:
        yield database
    finally:
        await database.close()


async def _migrated_file(folder: Path) -> Path:
    """Return a file with all tables and no rows, made once a run."""
    template = folder / "template.db"
    if not template.exists():
        await upgrade(f"sqlite:///{template}")
    return template


async def _administer(given: URL, statement: str) -> None:
    engine = create_async_engine(
        given.set(drivername="postgresql+asyncpg", database="postgres"),
        isolation_level="AUTOCOMMIT",
    )
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
