"""Logs: one line of JSON each, on stderr, without a secret in any spelling."""

import asyncio
import base64
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from strikedesk.domain.secret import Secret
from strikedesk.logs.known import SECRET_MIN, Known
from strikedesk.logs.lines import configure
from strikedesk.logs.loops import quiet_loop
from strikedesk.logs.redaction import LINE_MAX, Redactor
from strikedesk.logs.scrubber import Scrubber

HUNTER = "hunter2-and-more"


def redactor(*secrets: str | bytes) -> Redactor:
    """Return one that knows these."""
    known = Known()
    for secret in secrets:
        known.hear(Secret(secret))
    return Redactor(Scrubber(known))


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Log into memory, and leave the root logger as it was."""
    root, own = logging.getLogger(), logging.getLogger("strikedesk")
    before = (root.handlers[:], root.level, own.level)
    written = io.StringIO()
    configure(redactor(HUNTER), written)
    yield written
    root.handlers[:], root.level, own.level = before


def read(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def refuse() -> None:
    raise RuntimeError(f"401 for https://me:{HUNTER}@broker/ with Bearer abcdefghijkl")


def test_a_line_is_json_with_its_level_its_logger_and_its_time(lines: io.StringIO) -> None:
    logging.getLogger("strikedesk.orders").info("sent %s", 3, extra={"order_id": "o-1"})

    (line,) = read(lines)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "sent 3",
        "level": "info",
        "logger": "strikedesk.orders",
        "order_id": "o-1",
    }


def test_libraries_speak_from_warning_on(lines: io.StringIO) -> None:
    logging.getLogger("mcp.server").info("chatter")
    logging.getLogger("mcp.server").warning("trouble")

    assert [line["event"] for line in read(lines)] == ["trouble"]


@pytest.mark.promise("secrets")
def test_a_traceback_is_one_line_and_tells_no_secret(lines: io.StringIO) -> None:
    """Exceptions of libraries quote headers, URLs and bodies."""
    try:
        refuse()
    except RuntimeError:
        logging.getLogger("strikedesk").exception("failed")

    (line,) = read(lines)
    assert line["exception"].startswith("RuntimeError, at\n  ")
    assert line["exception"].endswith("in refuse")
    assert HUNTER not in lines.getvalue()
    assert "abcdefghijkl" not in lines.getvalue()


def failed(*others: Exception) -> None:
    """Break with words of somebody else's in all that an exception can carry."""
    error = ExceptionGroup("words of theirs", [ValueError("words of theirs"), *others])
    error.add_note("words of theirs")
    raise error from KeyError("words of theirs")


@pytest.mark.promise("secrets")
def test_an_exception_is_told_by_its_kind_and_its_places_in_no_words_of_its_own(
    lines: io.StringIO,
) -> None:
    """What nobody knows for a secret, an address for instance, cannot be searched for."""
    try:
        failed(ExceptionGroup("words of theirs", [OSError(5, "words of theirs")]))
    except ExceptionGroup:
        logging.getLogger("strikedesk").exception("failed")

    (line,) = read(lines)
    kinds = [kind for kind in line["exception"].splitlines() if not kind.startswith(" ")]
    assert kinds == ["KeyError, at", "ExceptionGroup (ValueError, ExceptionGroup (OSError)), at"]
    assert "words of theirs" not in lines.getvalue()


def test_of_a_long_chain_of_causes_the_latest_are_told(lines: io.StringIO) -> None:
    error: Exception | None = None
    for number in range(30):
        later = ValueError(number)
        later.__cause__ = error
        error = later
    logging.getLogger("strikedesk").error("failed", exc_info=error)

    (line,) = read(lines)
    assert line["exception"].count("ValueError") == 8


@pytest.mark.promise("secrets")
async def test_what_breaks_in_a_loop_with_nobody_waiting_is_told_by_its_place(
    lines: io.StringIO,
) -> None:
    """The loop itself would show the callback, and the exception in words."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    quiet_loop()

    loop.call_soon(refuse)
    await asyncio.sleep(0)
    loop.set_exception_handler(before)

    (line,) = read(lines)
    assert line["event"] == "a task or a callback broke"
    assert line["exception"].endswith("in refuse")
    assert "401" not in lines.getvalue()


@pytest.mark.promise("secrets")
def test_a_field_that_is_called_a_secret_is_masked_whatever_it_holds(lines: io.StringIO) -> None:
    extra = {"Authorization": "x", "refresh_token": ["y"], "nonce": 5, "held": Secret("zzzzzz")}
    logging.getLogger("strikedesk").info("asked", extra=extra)

    (line,) = read(lines)
    assert {name: line[name] for name in extra} == dict.fromkeys(extra, "***")


@pytest.mark.promise("secrets")
@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer sk-live-0123456789",
        "authorization: basic dXNlcjpwYXNzd29yZA==",
        "postgresql://desk:sk-live-0123456789@db/desk",
        "refresh_token=sk-live-0123456789&x=1",
        '{"access_token": "sk-live-0123456789"}',
        r"{\"client_secret\":\"sk-live-0123456789\"}",
        "password: sk-live-0123456789",
        "sdt_sk-live-0123456789 was refused",
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str) -> None:
    line = redactor().line(text)

    assert "***" in line
    assert "sk-live-0123456789" not in line
    assert "dXNlcjpwYXNzd29yZA" not in line


@pytest.mark.promise("secrets")
@given(secret=st.text(st.characters(exclude_categories=["Cs"]), min_size=6, max_size=40))
def test_a_known_secret_is_taken_out_in_its_usual_spellings(secret: str) -> None:
    assume(len("".join(secret.replace("\0", "").split())) >= SECRET_MIN)
    assume("://" not in secret and "," not in secret)
    assume("before [redacted] after".find(secret) < 0)  # The mask itself tells nothing of it.
    whole = redactor(secret)
    spellings = [
        secret,
        json.dumps(secret),
        secret.encode().hex(),
        base64.b64encode(secret.encode()).decode(),
        base64.urlsafe_b64encode(secret.encode()).decode(),
    ]

    for spelling in spellings:
        assert spelling not in whole.line(f"before {spelling} after")


def test_what_is_too_short_to_be_a_secret_is_left_alone() -> None:
    """Masking every `a` would leave no line to read."""
    assert redactor("a", b"\xff\xfe").line("a plain line") == "a plain line"


def test_a_line_has_an_end() -> None:
    assert len(redactor().line("x" * 1_000_000)) == LINE_MAX
    assert len(redactor().line("token" * 200_000)) <= LINE_MAX
