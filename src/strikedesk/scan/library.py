"""The rule sets that come with the desk."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from strikedesk.scan.definition import Scan
from strikedesk.scan.reading import scan_of


@cache
def starter_texts() -> Mapping[str, str]:
    """Return the definition of each starter, by name."""
    found = (each for each in (files("strikedesk.scan") / "starters").iterdir())
    texts = [each.read_text(encoding="utf-8") for each in found if each.name.endswith(".toml")]
    by_name = {scan_of(text).name: text for text in texts}
    return MappingProxyType({name: by_name[name] for name in sorted(by_name)})


@cache
def starters() -> Mapping[str, Scan]:
    """Return each starter, by name."""
    return MappingProxyType({name: scan_of(text) for name, text in starter_texts().items()})
