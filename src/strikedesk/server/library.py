"""Prompts and documents: laid out when first asked for, and their errors in our words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from mcp import MCPError
from mcp.server.mcpserver import MCPServer, Message
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.resources import FunctionResource
from mcp.types import INVALID_PARAMS

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.server.call import Door
from strikedesk.server.prompts.explain_this_order import explain_this_order
from strikedesk.server.prompts.morning_briefing import morning_briefing
from strikedesk.server.prompts.pre_trade_checklist import pre_trade_checklist
from strikedesk.server.resources import guide
from strikedesk.server.shaping import clean
from strikedesk.server.speech import as_data, sentence

PromptFunction: TypeAlias = Callable[..., str | Sequence[Message]]

NAME_SHOWN: Final = 80
ARGUMENT_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text to read: at `uri`, written by `text`, described by its docstring."""

    uri: str
    title: str
    text: Callable[[], str]
    mime_type: str = "text/markdown"


# A prompt is a function of texts that returns what to say; its docstring describes it.
PROMPTS: Final[tuple[PromptFunction, ...]] = (
    morning_briefing,
    pre_trade_checklist,
    explain_this_order,
)
DOCUMENTS: Final = tuple(
    Document(uri=f"strikedesk://guide/{name}", title=title, text=text)
    for name, title, text in (
        ("order-flow", "How an order leaves", guide.order_flow),
        ("symbology", "How symbols are spelled", guide.symbology),
        ("strategies", "Strategies and their legs", guide.strategies),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The prompts and documents of one server."""

    prompts: Mapping[str, Prompt]
    documents: Mapping[str, Document]

    def lay_out(self, server: MCPServer[Door]) -> None:
        """Register everything with the SDK, which lists and reads it from then on."""
        for prompt in self.prompts.values():
            server.add_prompt(prompt)
        for document in self.documents.values():
            server.add_resource(_resource(document))

    def check_prompt(self, name: str, arguments: Mapping[str, object]) -> None:
        """Refuse what the SDK would answer with an error that says nothing.

        Raises:
            Denied: no such prompt, or an argument that is missing, unknown, or no short text.
        """
        prompt = self.prompts.get(name)
        if prompt is None:
            raise _refused("name", f"one of {', '.join(self.prompts)}")
        takes = {argument.name: argument.required for argument in prompt.arguments or ()}
        for unknown in [given for given in arguments if given not in takes]:
            raise _refused(clean(unknown, NAME_SHOWN), "nothing of that name")
        for missing in [
            needed for needed, must in takes.items() if must and needed not in arguments
        ]:
            raise _refused(missing, "a text: it is required")
        for given, value in arguments.items():
            if not _is_line(value):
                raise _refused(given, f"one line of 1 to {ARGUMENT_MAX} characters")

    def check_uri(self, uri: str) -> None:
        """Refuse a document that there is not.

        Raises:
            MCPError: INVALID_PARAMS, with the URI in its data, as the protocol asks.
        """
        if uri not in self.documents:
            denied = _refused("uri", "what resources/list returns")
            data = as_data(denied) | {"uri": clean(uri, NAME_SHOWN)}
            raise MCPError(INVALID_PARAMS, sentence(denied), data)


def collect(
    prompts: Sequence[PromptFunction] = PROMPTS, documents: Sequence[Document] = DOCUMENTS
) -> Library:
    """Build the library out of these functions."""
    built = [Prompt.from_function(prompt) for prompt in prompts]
    return Library(
        prompts={prompt.name: prompt for prompt in built},
        documents={document.uri: document for document in documents},
    )


def _resource(document: Document) -> FunctionResource:
    return FunctionResource.from_function(
        document.text, document.uri, title=document.title, mime_type=document.mime_type
    )


def _is_line(value: object) -> bool:
    """Tell whether a prompt may repeat this: some text that cannot pass for more than one line."""
    return (
        isinstance(value, str) and value.isprintable() and 1 <= len(value.strip()) <= ARGUMENT_MAX
    )


def _refused(argument: str, allowed: str) -> Denied:
    return Denied(Reason.INVALID_ARGUMENT, argument=argument, allowed=allowed)
