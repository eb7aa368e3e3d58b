"""JSON schemas in few words: a model pays for every title and default that says nothing."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, cast

from strikedesk.domain.ledger import Json

Schema: TypeAlias = dict[str, Json]

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "number"}
INTEGER: Final[Schema] = {"type": "integer"}
# How much is too much is told by a refusal, and costs no context until then.
AT_LEAST_1: Final[Schema] = {"type": "integer", "minimum": 1}
BOOLEAN: Final[Schema] = {"type": "boolean"}
OBJECT: Final[Schema] = {"type": "object"}
LIST: Final[Schema] = {"type": "array"}


def maybe(schema: Schema) -> Schema:
    """Return the schema of a value that may be unknown."""
    return {**schema, "type": [schema["type"], "null"]}


def record_schema(**fields: Schema) -> Schema:
    """Return the schema of a record in which every one of these fields is always there."""
    return {"type": "object", "properties": {**fields}, "required": [*fields]}


def whole_schema(**fields: Schema) -> Schema:
    """Return the schema of a record in which every field is always there, and no other.

    How many there are says so without naming each a second time: in the tool list that costs a
    third of all that is said of answers.
    """
    shape: Schema = {"type": "object", "properties": {**fields}}
    return {**shape, "additionalProperties": False, "minProperties": len(fields)}


def with_optional(schema: Schema, **fields: Schema) -> Schema:
    """Return the schema of a record that may have these fields too."""
    known = cast("dict[str, Json]", schema["properties"])
    return {**schema, "properties": {**known, **fields}}


def either(schema: Schema, **fields: Schema) -> Schema:
    """Return the schema of a record, or of another answer with these fields: none is certain."""
    known = with_optional(schema, **fields)
    return {name: value for name, value in known.items() if name != "required"}


def table_schema(**about: Schema) -> Schema:
    """Return the schema of a page of rows, with further facts `about` them.

    What stands in a row is told by `columns`: a client that validates does so in no time.
    """
    rows: Schema = {"type": "array", "items": LIST}
    columns: Schema = {"type": "array", "items": TEXT}
    page = {"total": INTEGER, "returned": INTEGER, "next_page": maybe(INTEGER)}
    return whole_schema(**about, columns=columns, rows=rows, **page)


def lean(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object schema without titles, an optional value as a plain one.

    That an argument may be left out is said by `required`; sending null for it is still accepted.
    A default is shown where it says something.
    """
    properties = schema.get("properties", {})
    plain = {name: _plain(inner) for name, inner in properties.items()}
    return {key: value for key, value in schema.items() if key != "title"} | {"properties": plain}


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    said = {key: value for key, value in schema.items() if key != "title"}
    if said.get("default") in (None, []):
        said.pop("default", None)
    branches = [part for part in said.get("anyOf", ()) if part != {"type": "null"}]
    if len(branches) == 1:
        del said["anyOf"]
        said = cast("dict[str, Any]", branches[0]) | said
    return said
