"""No spans: what they carry would leave the process without having been searched."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from mcp.shared import _otel
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind

from tests.tools.core_door import ERAS, CoreDoor, Era


class ListeningTracer:
    """Keeps which spans a server begins."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    @contextmanager
    def start_as_current_span(
        self, name: str, *args: Any, kind: SpanKind = SpanKind.INTERNAL, **said: Any
    ) -> Generator[Span]:
        """Begin none."""
        if kind is SpanKind.SERVER:
            self.begun.append(name)
        yield INVALID_SPAN


@pytest.mark.promise("secrets")
@pytest.mark.parametrize("era", ERAS)
async def test_a_call_that_breaks_tells_no_tracer(
    era: Era, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracer = ListeningTracer()
    monkeypatch.setattr(_otel, "_tracer", tracer)

    assert (await CoreDoor().call("crash", era=era)).is_error

    assert tracer.begun == []
