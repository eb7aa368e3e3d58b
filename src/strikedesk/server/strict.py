"""Tools that take exactly what they say: nothing unknown, nothing coerced, nothing parsed twice."""

import inspect
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, cast, get_args, get_origin, get_type_hints

from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from strikedesk.domain.errors import Denied
from strikedesk.domain.reasons import Reason
from strikedesk.server.arguments import Argument
from strikedesk.server.menu import MenuItem
from strikedesk.server.schemas import Schema, lean
from strikedesk.server.shaping import clean

NAME_SHOWN: Final = 40
NAMES_SHOWN: Final = 12
# A nonce that was taken for a name is no name.
_NAME: Final = re.compile(r"[A-Za-z_]{1,40}", re.ASCII)


class StrictArguments(FuncMetadata):
    """Reads the arguments of one tool.

    The SDK's own reading drops what it does not know, and tries every text as JSON first, so that
    a typing error loses a limit price and the text `null` becomes nothing.
    """

    def validate_arguments(self, arguments_to_validate: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments as the tool takes them.

        Raises:
            Denied: an argument is unknown, missing, or not what is allowed.
        """
        known = self.arg_model.model_fields
        if unknown := [name for name in arguments_to_validate if name not in known]:
            allowed = ", ".join([*known][:NAMES_SHOWN]) or "no arguments"
            shown = unknown[0] if _NAME.fullmatch(unknown[0]) else "not a name"
            raise Denied(
                Reason.INVALID_ARGUMENT, argument=shown, problem="unknown", allowed=allowed
            )
        try:
            return self.arg_model.model_validate(arguments_to_validate).model_dump_one_level()
        except ValidationError as error:
            raise _explained(error.errors(include_url=False, include_input=False)[0]) from None


def strict_tool(item: MenuItem) -> Tool:
    """Build the tool behind a menu item, with lean schemas and strict arguments.

    Raises:
        TypeError: a parameter without a reader of `server.arguments`, an answer without a schema,
            or no docstring: a mistake in the tool.
    """
    hints = get_type_hints(item.tool, include_extras=True)
    returns = _schema_of_answer(item.name, hints.pop("return", None))
    tool = Tool.from_function(
        item.tool,
        description=_description(item),
        annotations=item.access.annotations,
        structured_output=False,
    )
    _check_readers(item.name, hints, tool.fn_metadata.arg_model.model_fields)
    tool.parameters = lean(tool.parameters) | {"additionalProperties": False}
    tool.fn_metadata = StrictArguments(
        arg_model=tool.fn_metadata.arg_model, output_schema=cast("dict[str, Any]", returns)
    )
    return tool


def _check_readers(name: str, hints: Mapping[str, Any], fields: Mapping[str, object]) -> None:
    """A plain `int` would take true for 1: what pydantic reads by itself is refused here."""
    if loose := [field for field in fields if not _has_reader(hints.get(field))]:
        raise TypeError(f"{name}: no reader for {', '.join(loose)}")


def _has_reader(hint: object) -> bool:
    """Look for a reader in `Annotated[T, reader]`, or in that `| None`."""
    if get_origin(hint) is Annotated:
        return any(isinstance(extra, Argument) for extra in get_args(hint))
    return any(_has_reader(part) for part in get_args(hint))


def _schema_of_answer(name: str, hint: object) -> Schema:
    if get_origin(hint) is not Annotated or not isinstance(get_args(hint)[1], dict):
        raise TypeError(f"{name}: its answer has no schema")
    return cast("Schema", get_args(hint)[1])


def _description(item: MenuItem) -> str:
    text = inspect.getdoc(item.tool)
    if not text:
        raise TypeError(f"{item.name}: nothing tells the model what it is for")
    return text


def _explained(error: ErrorDetails) -> Denied:
    """Name the argument and pydantic's name for what is wrong; its prose quotes the input."""
    argument = clean(".".join(str(part) for part in error["loc"]), NAME_SHOWN)
    return Denied(Reason.INVALID_ARGUMENT, argument=argument, problem=error["type"])
