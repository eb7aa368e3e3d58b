"""An owner's strategies: files that count once saved, and bad ones that stop nothing."""

import os
import re
from pathlib import Path

import pytest

from strikedesk.domain.errors import Misconfigured
from strikedesk.quant.strategies.patterns import PATTERNS
from strikedesk.wiring import own_strategies
from strikedesk.wiring.own_strategies import BYTES_MAX, Known, OwnStrategies

PAGE = Path(__file__).parents[2] / "docs" / "own-strategies.md"


def a_file(name: str, legs: str) -> str:
    return f'[[strategy]]\nname = "{name}"\nlegs = "{legs}"\n'


@pytest.fixture
def own(tmp_path: Path) -> OwnStrategies:
    (tmp_path / "strategies").mkdir()
    return OwnStrategies(tmp_path / "strategies")


def names(known: Known) -> list[str]:
    return [pattern.name for pattern in known.patterns[len(PATTERNS) :]]


def test_without_a_folder_the_usual_strategies_are_known(tmp_path: Path) -> None:
    assert OwnStrategies(tmp_path / "strategies").known() == Known()


def test_a_file_counts_from_when_it_is_saved_and_is_read_once(own: OwnStrategies) -> None:
    """Nobody starts a server anew for a name."""
    (own.folder / "b.toml").write_text(a_file("one by four", "+P2 -4P1"))
    (own.folder / "notes.txt").write_text("no strategy")
    first = own.known()
    (own.folder / "a.toml").write_text(a_file("one by five", "+P2 -5P1"))
    second = own.known()

    assert (names(first), first.own) == (["one by four"], 1)
    assert names(second) == ["one by five", "one by four"]
    assert own.known() is second
    (own.folder / "a.toml").unlink()
    assert names(own.known()) == ["one by four"]


def test_the_example_of_the_documentation_is_read(own: OwnStrategies) -> None:
    (example,) = re.findall(r"^```toml\n(.+?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (own.folder / "example.toml").write_text(example)

    assert names(own.known()) == ["one by three", "lopsided fly"]
    assert own.known().told == []


def test_a_bad_file_is_left_out_and_the_others_stay(own: OwnStrategies, tmp_path: Path) -> None:
    """What cannot be read is told with its file, and its line where it has one."""
    (own.folder / "a.toml").write_text(a_file("one by four", "+P2 -4P1"))
    (own.folder / "b.toml").write_text(a_file("one by four", "+P2 -5P1"))
    (own.folder / "c.toml").write_bytes(b'name = "\xff"')
    (own.folder / "d.toml").write_text("#" * (BYTES_MAX + 1))
    (own.folder / "e.toml").mkdir()
    (own.folder / "f.toml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(own.folder / "g.toml")

    known = own.known()

    assert names(known) == ["one by four"]
    assert known.told == [
        "strategies/b.toml: line 2: this name is taken: choose another",
        "strategies/c.toml: it is not UTF-8",
        f"strategies/d.toml: it is longer than {BYTES_MAX} bytes",
        "strategies/e.toml: it is no plain file",
        "strategies/f.toml: it is no plain file",
        "strategies/g.toml: it is no plain file",
    ]


def test_a_file_that_goes_while_it_is_read_is_left_out(own: OwnStrategies) -> None:
    """An editor saves by renaming."""
    with pytest.raises(own_strategies.BadFile, match=r"cannot be read \(FileNotFoundError\)"):
        own._patterns("gone.toml", 10, PATTERNS, 0)  # pyright: ignore[reportPrivateUsage] -- a race


def test_only_so_many_files_are_read(own: OwnStrategies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_strategies, "FILES_MAX", 1)
    for name, ratio in (("a", 4), ("b", 5)):
        (own.folder / f"{name}.toml").write_text(a_file(f"one by {ratio}", f"+P2 -{ratio}P1"))

    assert names(own.known()) == ["one by 4"]
    assert own.known().told == ["strategies/b.toml: only the first 1 files are read"]


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "strategies").write_text("a file")

    known = OwnStrategies(tmp_path / "strategies").known()

    assert known.told == ["strategies: it cannot be looked into (NotADirectoryError)"]


def test_who_asks_for_an_unknown_name_hears_of_the_file_that_may_have_it(
    own: OwnStrategies,
) -> None:
    """A name that is known needs no file; with all files read there is nothing to blame."""
    (own.folder / "a.toml").write_text(a_file("one by four", "+P2 -4Q1"))
    known = own.known()

    known.check_named("Iron Condor, 30 DTE")
    Known().check_named("one by four")
    with pytest.raises(Misconfigured, match=re.escape("strategies/a.toml, problem=line 3: leg 2")):
        known.check_named("one by four, 30 DTE")
