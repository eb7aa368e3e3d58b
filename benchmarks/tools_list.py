"""What the tool list costs a model: bytes in all, and tokens as a quarter of the characters."""

import json

from benchmarks.pipe_client import OURS, Pipe, a_home, own_home
from benchmarks.report import Figure, report

CHARACTERS_A_TOKEN = 4


def main() -> None:
    """Ask the whole server and the light one."""
    with a_home() as home:
        everything = tools(own_home(home))
        light = tools(own_home(home, STRIKEDESK_TOOLSETS="lite"))
    figures = [
        Figure(
            name=f"tools/list, {len(everything)} tools",
            ours=len(json.dumps(everything, separators=(",", ":")).encode()) / 1000,
            unit="kB",
            held_to="<= 40",
        ),
        Figure(name="tokens read by a model", ours=tokens(everything), unit="", held_to="<= 6000"),
        Figure(
            name=f"tokens of lite, {len(light)} tools",
            ours=tokens(light),
            unit="",
            held_to="<= 1500",
        ),
    ]
    report("tools_list", figures, floor="none; a token is taken as four characters")


def tools(environment: dict[str, str]) -> list[dict[str, object]]:
    """Return the tools that a server shows."""
    with Pipe(OURS, environment) as pipe:
        pipe.initialize()
        return pipe.ask("tools/list", {})["tools"]


def tokens(listed: list[dict[str, object]]) -> float:
    """Return the tokens of names, descriptions and input schemas."""
    read = [[tool["name"], tool["description"], tool["inputSchema"]] for tool in listed]
    return sum(len(json.dumps(part, separators=(",", ":"))) for part in read) / CHARACTERS_A_TOKEN


if __name__ == "__main__":
    main()
