"""An answer is set aside while the SDK makes its envelope, and put in once that is closed.

The SDK walks through every result three times: to dump it, to hold the dump against the protocol's
version, to dump that. An answer of ours is JSON already, one text and the same structured, which no
version tells otherwise; so an empty one takes that way in its place. That is two hundredths of the
price of an order. What is anything else (an error, a picture, a question) goes all the way itself.
"""

from contextvars import ContextVar
from typing import Any, Final

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.types import CallToolResult, InputRequiredResult, TextContent

_PLAIN: Final = frozenset({"type", "text"})
_EMPTY: Final = CallToolResult(content=[], structured_content={})
# What the request of this task has set aside; None where nobody will put it in.
_ASIDE: Final = ContextVar[list[dict[str, Any]] | None]("strikedesk_set_aside", default=None)


def set_aside(
    result: CallToolResult | InputRequiredResult,
) -> CallToolResult | InputRequiredResult:
    """Return an empty answer for one that will be put in, else the answer itself."""
    aside = _ASIDE.get()
    if aside is None or (answer := _as_sent(result)) is None:
        return result
    aside.append(answer)
    return _EMPTY


async def put_in(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Put what was set aside into the result of its request; the SDK's `ServerMiddleware`."""
    aside: list[dict[str, Any]] = []
    before = _ASIDE.set(aside)
    try:
        result = await call_next(ctx)
    finally:
        _ASIDE.reset(before)
    if aside and isinstance(result, dict):
        result.update(aside.pop())  # Whoever was started meanwhile holds on to the list.
    return result


def _as_sent(result: CallToolResult | InputRequiredResult) -> dict[str, Any] | None:
    """Return what of an answer stands in its envelope; None where that is not all."""
    if not isinstance(result, CallToolResult) or result.is_error or result.meta is not None:
        return None
    if result.structured_content is None or len(result.content) != 1:
        return None
    block = result.content[0]
    if not isinstance(block, TextContent) or block.model_fields_set - _PLAIN:
        return None
    content = [{"text": block.text, "type": block.type}]  # In the order that it is sent in.
    return {"content": content, "structuredContent": result.structured_content}
