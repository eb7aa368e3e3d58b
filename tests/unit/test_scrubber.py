"""The last sink: a known secret is taken out in every spelling, and JSON stays JSON."""

import base64
import hashlib
import html
import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from strikedesk.domain.secret import Secret
from strikedesk.logs.answers import Message, Receive, Scope, ScrubbedApp, Send
from strikedesk.logs.known import BROUGHT_MAX, Known
from strikedesk.logs.scrubber import Scrubber
from strikedesk.logs.streams import ScrubbedText, scrubbed
from strikedesk.server.shaping import untrusted
from tests.fakes.broker import ACCOUNT

CANARY = "sdt_Zk3+9/vQ-x_7Lw0pYt&5<8>rB\"2n'M4cH1j"
MASK = "[redacted]"

ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, one byte on": lambda text: base64.b64encode(b"x" + text.encode() + b"y").decode(),
    "base64, two bytes on": lambda text: base64.b64encode(b"xy" + text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "percent": lambda text: quote(text, safe=""),
    "every byte percent": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "every letter escaped": lambda text: "".join(f"\\u{ord(c):04X}" for c in text),
    "HTML": html.escape,
    "HTML by numbers": lambda text: "".join(f"&#x{ord(c):x};" for c in text),
    "UTF-16LE": lambda text: text.encode("utf-16-le", "surrogatepass").decode("utf-8", "replace"),
    "reversed": lambda text: text[::-1],
    "repr": lambda text: repr(text)[1:-1],
    "over two lines": lambda text: f"{text[:13]}\n{text[13:]}",
    "base64 over lines": lambda text: base64.encodebytes((text * 2).encode()).decode(),
    "half of it percent": lambda text: quote(text[:20], safe="") + text[20:],
}


def knowing(*values: str | bytes) -> Scrubber:
    """Return a scrubber that has heard of these."""
    known = Known()
    for value in values:
        known.hear(Secret(value))
    return Scrubber(known)


@pytest.mark.promise("secrets")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_secret_is_taken_out_in_every_encoding(encoding: str) -> None:
    """Inside a message, a plain text, and a JSON text inside JSON."""
    spelled = ENCODINGS[encoding](CANARY)
    said = {"at": f"before {spelled} after", spelled: 1, "deep": json.dumps({"x": spelled})}
    scrubber = knowing("another-secret-altogether", CANARY)

    read = json.loads(scrubber.json(json.dumps(said).encode()))
    plain = scrubber.plain(f"before {spelled} after".encode())

    assert MASK in read["at"]
    assert read["at"].startswith("before ")
    assert read["at"].endswith(" after")
    assert [key for key in read if MASK in key]
    assert MASK in read["deep"]
    assert MASK.encode() in plain
    assert spelled not in json.dumps(read, ensure_ascii=False)
    assert spelled.encode() not in plain


@pytest.mark.promise("secrets")
def test_what_is_no_text_is_taken_out_as_well() -> None:
    """Keys are bytes; whoever printed one would write it in one of these ways."""
    key = bytes(range(200, 232))
    scrubber = knowing(key)

    for spelled in (
        key,
        repr(key).encode(),
        json.dumps(key.decode("latin-1")).encode(),
        key.decode("latin-1").encode(),
        json.dumps(key.decode("utf-8", "surrogateescape")).encode(),
        key.hex().encode(),
        base64.b64encode(key),
    ):
        assert scrubber.plain(b"<" + spelled + b">") in {
            b"<[redacted]>",
            b'<"[redacted]">',
            b"<b'[redacted]'>",
            b"<[redacted]4=>",
            b"<[redacted]c=>",
        }, spelled


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(TEXTS, inside, max_size=3),
    max_leaves=6,
)


@pytest.mark.promise("secrets")
@example(secret="000000", around=("\x10", ""), rest=None, ascii_only=False)  # noqa: S106 -- made up
@example(secret="10000000", around=("\x10", ""), rest=None, ascii_only=True)  # noqa: S106 -- made up
@given(
    secret=st.text(st.sampled_from('nu0041"\\/ab%&#;x \n'), min_size=6, max_size=40),
    around=st.tuples(TEXTS | st.sampled_from(["\\", "\n", '"', "%", "&#", "\\u"]), TEXTS),
    rest=JSONS,
    ascii_only=st.booleans(),
)
def test_valid_json_stays_valid_whatever_a_secret_is_made_of(
    secret: str, around: tuple[str, str], rest: object, ascii_only: bool
) -> None:
    """Escapes on both sides stay whole, and what is no string is left as it is."""
    said = [f"{around[0]}{secret}{around[1]}", rest, 12345.5, None, {"n": 7}]
    data = json.dumps(said, ensure_ascii=ascii_only).encode()

    read = json.loads(knowing(secret).json(data))

    assert read[2:] == [12345.5, None, {"n": 7}]
    assert len(read) == len(said)


@pytest.mark.promise("secrets")
@given(
    secret=st.text(st.characters(codec="utf-8"), min_size=8, max_size=60),
    before=st.text(st.characters(codec="utf-8"), max_size=12),
    after=st.text(st.characters(codec="utf-8"), max_size=12),
)
def test_a_secret_of_any_letters_is_found_between_any_others(
    secret: str, before: str, after: str
) -> None:
    """Whatever stands in front of it, an escape that a hostile echo begins for instance."""
    assume(len(secret.strip()) >= 8 and "://" not in secret)
    assume(secret not in before + after)

    told = knowing(secret).plain(f"{before}{secret}{after}".encode()).decode()

    assert secret not in told or secret in MASK


@pytest.mark.promise("secrets")
@pytest.mark.parametrize("secret", ["pass-word-9x2", CANARY, "k" * 8 + "-middle-sized-" + "z" * 9])
def test_a_secret_is_found_wherever_a_line_breaks_it(secret: str) -> None:
    """The quick look sees one part of the two, and the search sees both."""
    scrubber = knowing(secret)

    for at in range(len(secret)):
        assert scrubber.line(f"{secret[:at]}\n  {secret[at:]}").strip() == MASK


@pytest.mark.promise("secrets")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_secret_that_was_cut_off_is_taken_out_as_far_as_it_stands(encoding: str) -> None:
    """Somebody else's words are cut to their longest, in the middle of a secret too."""
    cut = f"before {ENCODINGS[encoding](CANARY)[:-9]}…"

    read = json.loads(knowing(CANARY).json(json.dumps([cut]).encode()))
    plain = knowing(CANARY).plain(cut.encode()).decode()

    for told in (*read, plain):
        assert told.startswith("before ")
        assert told.endswith("…")
        assert MASK in told
        assert len(told) < len(f"before {MASK}…") + 8 + 7 * (len(cut) - 8) // len(CANARY)


@pytest.mark.promise("secrets")
def test_eight_letters_of_a_secret_are_taken_out_wherever_they_are_from() -> None:
    """In three rows of a table a whole key fits."""
    token = "Zk39vQx7Lw0pYt58rB2nM4cH1jUd6fEs"  # noqa: S105 -- made up
    scrubber = knowing(token)

    for at in range(len(token) - 7):
        piece = token[at : at + 8]
        for before in range(8):
            assert scrubber.line(f"{'-' * before}{piece}.") == f"{'-' * before}{MASK}."
        assert scrubber.json(b'["%s"]' % piece.encode()) == b'["[redacted]"]'


@pytest.mark.promise("secrets")
def test_a_piece_is_found_however_deep_its_quotes_are_quoted() -> None:
    """An answer is JSON, its text too, and a broker's words in that may be."""
    scrubber, told = knowing("Ei4d+P57u%VO1r\"LU7k'G20q=w8"), 'x %VO1r"LU y'

    for _ in range(3):
        told = json.dumps([told])
        assert "VO1r" not in scrubber.line(told)
        assert "VO1r" not in scrubber.json(told.encode()).decode()


def test_a_word_or_a_day_in_a_pass_phrase_is_no_piece_of_it() -> None:
    """Else whoever has a plain one for a password could read nothing about trading any more."""
    scrubber = knowing("trading-20261218-options-desk")

    told = "trading options on 20261218, for the desk"
    assert scrubber.line(told) == told
    assert scrubber.line("x trading-20261218-options-desk x") == f"x {MASK} x"
    assert scrubber.line("trading- 20261218 g-202612") == f"trading- 20261218 {MASK}"


def test_secrets_that_are_spelled_alike_are_each_taken_out() -> None:
    """Escaped, eight bytes hold a letter or two: with one of another secret, and the same."""
    first, second = "Zk39vQx7Lw0pYt58rB2n", "9Zk3Q9vxQ7Lwx0pL"
    scrubber = knowing(first, second)

    for secret in (first, second):
        told = scrubber.line("\\u0000".join(secret)[:64])
        assert MASK in told
        assert secret[:3] not in told.replace("\\u0000", "")


@pytest.mark.promise("secrets")
def test_a_letter_is_taken_out_whole() -> None:
    """What our answers write for a bracket begins like the dots that end a cut text."""
    told = knowing("Zk39vQx7Lw<0pYt58rB2").json('["a Zk39vQx7Lw… b"]'.encode())

    assert told.decode() == f'["a {MASK} b"]'


@pytest.mark.promise("secrets")
def test_what_our_answers_make_of_a_secret_is_still_one() -> None:
    """They turn markup around, double the quotes of a table, and end lines by spaces."""
    scrubber = knowing('Zk39<vQ>x7"Lw0p')
    opened = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
    closed = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"

    assert scrubber.line(f'a Zk39{opened}vQ{closed}x7""Lw  0p b') == f"a {MASK} b"
    assert scrubber.line(f'{{"a": "Zk39{opened}vQ{closed}  x7\\"Lw0p"}}') == f'{{"a": "{MASK}"}}'


@pytest.mark.promise("secrets")
@settings(max_examples=50)  # Each takes a search of its own.
@given(
    secret=st.text(st.sampled_from('nuAZ0041"\\/ab%<>é'), min_size=12, max_size=40),
    cut=st.integers(8, 40),
    after=st.sampled_from(["", "…", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", "è", "\\"]),
    before=st.sampled_from(["", "\\", "\0", "\x1f", "é", "\\\\", '"']),
    ascii_only=st.booleans(),
)
def test_valid_json_stays_valid_where_only_a_part_of_a_secret_stands(
    secret: str, cut: int, before: str, after: str, ascii_only: bool
) -> None:
    """A piece may begin or end in the middle of an escape, or of a letter."""
    parts = (secret[:cut], secret[-cut:], "\0".join(secret)[:cut], untrusted(secret)[:cut])
    said = [f"{before}{part}{after}" for part in parts]
    data = json.dumps([*said, 7], ensure_ascii=ascii_only).encode()

    read = json.loads(knowing(secret).json(data))

    assert len(read) == 5
    assert read[4] == 7


def test_what_holds_no_secret_is_the_same_object() -> None:
    """It costs no copy."""
    data = json.dumps({"rows": [["AAPL261218C00200000", 1.25, None]] * 50}).encode()

    assert knowing(CANARY).json(data) is data
    assert Scrubber(Known()).json(data) is data


@pytest.mark.promise("secrets")
def test_of_a_url_the_password_is_the_secret() -> None:
    """Where the database is may be told; how it is opened may not."""
    scrubber = knowing(
        "postgresql+asyncpg://desk:pa%2Fss-word-9@db.example/desk?sslpassword=keykey1"
    )

    told = scrubber.line("db.example desk pa%2Fss-word-9 pa/ss-word-9 keykey1")

    assert told == f"db.example desk {MASK} {MASK} {MASK}"


@pytest.mark.promise("secrets")
def test_a_list_of_keys_is_one_secret_each() -> None:
    first, second = "A" * 5 + "first-key-0001", "second-key-0002"

    assert knowing(f"{first},{second}").line(f"{second} {first}") == f"{MASK} {MASK}"


def test_what_is_everywhere_is_no_secret() -> None:
    """A short word: masking it would leave no answer to read."""
    assert knowing("desk").line("the desk") == "the desk"


def test_a_number_of_json_stays_one() -> None:
    """A mask in its place would be no JSON; a text of the same digits is masked."""
    assert (
        knowing("123456").line('{"a": 123456, "b": "123456"}') == '{"a": 123456, "b": "[redacted]"}'
    )


@pytest.mark.promise("secrets")
def test_a_secret_that_is_made_later_is_known_from_then_on() -> None:
    known = Known()
    scrubber = Scrubber(known)
    with known.listening():
        assert scrubber.line("late-secret-77") == "late-secret-77"
        held = Secret("late-secret-77")

    assert scrubber.line(f"late-secret-77 {held}") == f"{MASK} ***"
    Secret("made-after-the-end")
    assert scrubber.line("made-after-the-end") == "made-after-the-end"


@pytest.mark.promise("secrets")
def test_the_number_of_a_real_account_is_known_as_soon_as_there_is_one() -> None:
    """Whoever wrote the description of a line of its book may have quoted it."""
    known = Known()
    scrubber = Scrubber(known)
    with known.listening():
        account = replace(ACCOUNT, account_id="5WX48213907", simulated=False)
        replace(ACCOUNT, account_id="PAPER77701")

    told = scrubber.line(f"ACH from 5WX48213907, {account.masked}, PAPER77701")
    assert told == f"ACH from {MASK}, …3907, PAPER77701"


def test_of_what_callers_bring_the_latest_are_known() -> None:
    """A caller can come in with many tokens, and none of them pushes out a secret of ours."""
    known = Known()
    known.learn(b"ours-for-good")
    tokens = [hashlib.sha256(bytes([n])).hexdigest() for n in range(BROUGHT_MAX + 2)]
    for token in (*tokens[:-1], tokens[0], tokens[-1]):
        known.learn_brought(token.encode())

    told = Scrubber(known).line(f"ours-for-good {tokens[0]} {tokens[1]} {tokens[-1]}")

    assert told == f"{MASK} {MASK} {tokens[1]} {MASK}"


def test_a_scrubber_can_spare_what_its_own_sink_is_for() -> None:
    known = Known()
    known.learn(b"form-token-of-the-page")
    known.learn(b"some-other-secret")

    told = Scrubber(known, spared=[b"form-token-of-the-page"]).line(
        "form-token-of-the-page some-other-secret"
    )

    assert told == f"form-token-of-the-page {MASK}"


@pytest.mark.promise("secrets")
def test_what_is_printed_in_pieces_is_searched_as_a_line() -> None:
    under = io.StringIO()
    stream = ScrubbedText(under, knowing(CANARY))

    for piece in ("a ", CANARY[:9], CANARY[9:], " b\n", "unfinished ", CANARY):
        stream.write(piece)
    assert under.getvalue() == f"a {MASK} b\n"
    stream.flush()

    assert under.getvalue() == f"a {MASK} b\nunfinished {MASK}"


def test_a_letter_that_the_terminal_does_not_have_is_told_by_its_number() -> None:
    """Where output goes to a file or a pipe, many a machine still has no UTF-8."""
    under = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    stream = ScrubbedText(under, knowing(CANARY))

    stream.write(f"…1234 {CANARY}\n")
    under.flush()

    assert under.buffer.getvalue() == rf"\u20261234 {MASK}".encode() + b"\n"


@pytest.mark.promise("secrets")
def test_both_streams_are_searched_until_the_process_is_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = sys.stdout, sys.stderr
    known = Known()
    known.learn(CANARY.encode())

    with scrubbed(known):
        sys.stdout.write(f"out {CANARY}")
        sys.stderr.write(f"err {CANARY}")

    assert (sys.stdout, sys.stderr) == before
    said = capsys.readouterr()
    assert (said.out, said.err) == (f"out {MASK}", f"err {MASK}")


async def answered(*messages: Message, path: str = "/mcp") -> list[Message]:
    """Return what an app's answer becomes on its way out."""
    sent: list[Message] = []

    async def app(_: Scope, __: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    async def keep(message: Message) -> None:
        sent.append(message)

    apart = {"/own": Scrubber(Known())}
    await ScrubbedApp(app, knowing(CANARY), apart)({"type": "http", "path": path}, nothing, keep)
    return sent


def start(*headers: tuple[bytes, bytes]) -> Message:
    return {"type": "http.response.start", "status": 200, "headers": [*headers]}


def body(data: str, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data.encode(), "more_body": more}


JSON_TYPE = (b"content-type", b"application/json")


@pytest.mark.promise("secrets")
async def test_an_answer_over_http_tells_its_new_length_and_hides_its_headers_too() -> None:
    said = json.dumps({"error": CANARY})
    told = json.dumps({"error": MASK})
    length = (b"content-length", b"%d" % len(said))

    head, whole = await answered(start(JSON_TYPE, length, (b"x-echo", b"a b")), body(said))

    assert whole["body"].decode() == told
    assert dict(head["headers"])[b"content-length"] == b"%d" % len(told)
    echo = start((b"x-echo", quote(CANARY).encode()))
    assert (await answered(echo, body("")))[0]["headers"] == [(b"x-echo", MASK.encode())]


@pytest.mark.promise("secrets")
async def test_an_event_is_scrubbed_and_its_head_does_not_wait_for_it() -> None:
    """A client waits for the head before it asks anything."""
    events = (b"content-type", b"text/event-stream; charset=utf-8")
    event = f"event: message\r\ndata: {json.dumps({'x': CANARY})}\r\n\r\n"

    assert await answered(start(events)) == [start(events)]
    _, told, last = await answered(start(events), body(event, more=True), body(""))

    assert json.loads(told["body"].split(b"data: ")[1]) == {"x": MASK}
    assert last == body("")


@pytest.mark.promise("secrets")
async def test_a_secret_in_a_header_alone_is_hidden_where_the_head_waits_for_its_body() -> None:
    echo, length = (b"x-echo", CANARY.encode()), (b"content-length", b"2")

    head, whole = await answered(start(JSON_TYPE, echo, length), body("{}"))

    assert head["headers"] == [JSON_TYPE, (b"x-echo", MASK.encode()), (b"content-length", b"2")]
    assert whole == body("{}")


@pytest.mark.promise("secrets")
async def test_what_is_left_of_a_secret_is_found_wherever_it_stands_among_other_letters() -> None:
    """Only runs of letters that a secret has are looked at, so nothing may hide at their ends."""
    plain = "sdt_Zk39vQ7Lw0pYtM4cH1jRb8"
    scrubber = knowing(plain)
    for start in range(len(plain) - 7):
        piece = plain[start : start + 8]
        for around in ("{}", '"{}"', "a {} b", "zz{}zz", "1,{},2", "\u00e9{}\u00e9", ":::{}"):
            assert not scrubber.is_clean(around.format(piece).encode()), (piece, around)


async def test_a_length_that_nobody_can_know_yet_is_left_out() -> None:
    head, *_ = await answered(
        start((b"content-length", b"8")), body("abcd", more=True), body("efgh")
    )

    assert head == start()


async def test_a_path_of_its_own_has_its_own_scrubber() -> None:
    told = await answered(start(), body(CANARY), path="/own")

    assert told[1] == body(CANARY)
