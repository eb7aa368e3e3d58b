"""A world in a file: read as it was written, or refused whole with the line."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from strikedesk.brokers.paper.world_file import WorldFile, read_world_file, write_world_file
from strikedesk.domain.errors import Denied, Misconfigured
from strikedesk.domain.ports import WholeWorld, WorldRows
from strikedesk.domain.reasons import Reason
from strikedesk.exchange.rows import change_of
from tests.builders import NOON
from tests.unit.exchange_floor import CALL, FAR_CALL, Floor, an_order

Lines = list[str]


@pytest.fixture
def file() -> WorldFile:
    """A world with a position, a working order, and an order that has ended."""
    floor = Floor()
    floor.quote("AAPL", "199.90", "200.10")
    floor.quote(CALL, "6.00", "6.20")
    floor.quote(FAR_CALL, "2.00", "2.10")
    floor.place(an_order(f"buy_to_open 2 {CALL}", net="6.20"), "filled")
    floor.place(an_order(f"sell_to_open 1 {FAR_CALL}", net="-3.00"), "works")
    change = change_of(floor.world)
    rows = WorldRows(header=change.header or {}, accounts=change.accounts, orders=change.orders)
    whole = WholeWorld(rows=rows, lines=change.lines)
    return WorldFile(name="floor", at=NOON + timedelta(hours=1), whole=whole)


def sealed(lines: Lines) -> str:
    """Return a file of these lines with the sum that fits them."""
    text = "".join(f"{line}\n" for line in lines)
    return text + json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest()}) + "\n"


def test_a_world_is_read_as_it_was_written(file: WorldFile, tmp_path: Path) -> None:
    path = tmp_path / "floor.jsonl"

    write_world_file(path, file)

    assert read_world_file(path) == file
    assert [each.name for each in tmp_path.iterdir()] == ["floor.jsonl"]
    assert len(file.whole.rows.orders) == 1
    assert len(file.whole.lines) > 3


@pytest.mark.parametrize("keep", range(1, 60, 7))
def test_a_file_that_was_cut_short_is_refused(file: WorldFile, tmp_path: Path, keep: int) -> None:
    """A copy over a bad line looks like a copy."""
    path = tmp_path / "floor.jsonl"
    write_world_file(path, file)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * keep // 60])

    with pytest.raises(Misconfigured) as refused:
        read_world_file(path)

    assert refused.value.reason is Reason.SNAPSHOT_UNREADABLE


def test_a_place_that_cannot_be_written_to_is_told_as_that(file: WorldFile, tmp_path: Path) -> None:
    with pytest.raises(Denied) as refused:
        write_world_file(tmp_path / "nowhere" / "floor.jsonl", file)

    assert refused.value.facts["rule"] == "snapshot_can_be_written"
    assert not (tmp_path / "nowhere").exists()


def test_one_changed_figure_is_noticed(file: WorldFile, tmp_path: Path) -> None:
    path = tmp_path / "floor.jsonl"
    write_world_file(path, file)
    path.write_text(path.read_text().replace("100000.00", "900000.00", 1))

    with pytest.raises(Misconfigured):
        read_world_file(path)


DAMAGE: dict[str, tuple[Callable[[Lines], Lines], int | None]] = {
    "another program's file": (lambda _: ['{"format":"else","version":1}'], 1),
    "a newer version": (lambda x: [x[0].replace('"version":1', '"version":2'), *x[1:]], 1),
    "no beginning": (lambda x: x[1:], 1),
    "a stranger's line": (lambda x: [*x, '{"hello":1}'], -1),
    "a line that is no object": (lambda x: [*x, "[1]"], -1),
    "a line that is no JSON": (lambda x: [*x, "{"], -1),
    "a deep line": (lambda x: [*x, "[" * 100_000], -1),
    "a line of a book twice": (lambda x: [*x, x[-1]], -1),
    "an order of no state": (lambda x: [*x[:-1], x[-1].replace('"filled"', '"f"')], -1),
    "a missing account": (lambda x: [x[0], x[1], *x[3:]], None),
    "no header": (lambda x: [x[0], *x[2:]], None),
    "a header of nobody": (lambda x: [x[0], '{"header":{"name":"x"}}', *x[2:]], None),
    "an account of nobody": (lambda x: [x[0], x[1], '{"account":"a","document":{}}', *x[3:]], None),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_what_makes_no_world_is_refused_with_its_line(
    what: str, file: WorldFile, tmp_path: Path
) -> None:
    """Also where the sum fits: somebody wrote it so."""
    path = tmp_path / "floor.jsonl"
    write_world_file(path, file)
    damage, place = DAMAGE[what]
    lines = damage(path.read_text().splitlines()[:-1])
    path.write_text(sealed(lines))

    with pytest.raises(Misconfigured) as refused:
        read_world_file(path)

    assert refused.value.reason is Reason.SNAPSHOT_UNREADABLE
    if place is not None:
        assert refused.value.facts["line"] == (len(lines) if place < 0 else place)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"{}", b"{}\n{}\n"])
def test_what_is_no_copy_at_all_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)

    with pytest.raises(Misconfigured):
        read_world_file(path)


def test_a_file_that_cannot_be_written_leaves_the_old_one(file: WorldFile, tmp_path: Path) -> None:
    path = tmp_path / "floor.jsonl"
    path.write_text("old")
    (tmp_path / "floor.jsonl.partial").mkdir()

    with pytest.raises(Denied) as refused:
        write_world_file(path, file)

    assert refused.value.facts["rule"] == "snapshot_can_be_written"
    assert path.read_text() == "old"
