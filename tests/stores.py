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

# A variable that is set to nothing names no database.
POSTGRES_URL: Final = os.environ.get("STRIKEDESK_TEST_POSTGRES_URL") or None  # noqa: TID251 -- tests have no settings

on_postgres: Final = (
    pytest.mark.postgres,
    pytest.mark.skipif(POSTGRES_URL is None, reason="STRIKEDESK_TEST_POSTGRES_URL is not set"),
)
DATABASES: Final = ("sqlite", pytest.param("postgres", marks=on_postgres))
STORES: Final = ("memory", *DATABASES)
_migrated: Final[list[str]] = []


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
    async with a_postgres_database(like=await _migrated_postgres()) as url:
        yield url


@asynccontextmanager
async def a_postgres_database(*, like: str = "template1") -> AsyncGenerator[str]:
    """Yield the URL of a PostgreSQL database of its own, without tables or `like` another."""
    given = _given()
    name = f"{given.database}_{uuid.uuid4().hex[:12]}"
    await _administer(given, f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
    try:
        yield _url_of(name)
    finally:
        await _administer(given, f'DROP DATABASE "{name}" WITH (FORCE)')


async def forget_postgres() -> None:
    """Drop the database that the others of this process were made like, where there was one."""
    while _migrated:
        await _administer(_given(), f'DROP DATABASE "{_migrated.pop()}" WITH (FORCE)')


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


async def _migrated_postgres() -> str:
    """Return the name of a database with all tables and no rows, made once a process.

    To migrate one takes twice as long as to copy it, and hundreds of tests want one.
    """
    if not _migrated:
        name = f"{_given().database}_{uuid.uuid4().hex[:12]}"
        await _administer(_given(), f'CREATE DATABASE "{name}"')
        _migrated.append(name)
        await upgrade(_url_of(name))
    return _migrated[0]


def _given() -> URL:
    return make_url(POSTGRES_URL or "")


def _url_of(name: str) -> str:
    return _given().set(database=name).render_as_string(hide_password=False)


async def _administer(given: URL, statement: str) -> None:
    engine = create_async_engine(
        given.set(drivername="postgresql+asyncpg", database="postgres"),
        isolation_level="AUTOCOMMIT",
    )
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
