"""A mutant for each safety line: with the line broken, a named test must fail.

A safety check whose removal no test notices is a decoration.
"""

import compileall
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode

import pytest

ROOT = Path(__file__).parents[2]
CONFIRM, PREVIEW, RECONCILE, CHANGE = (
    f"tests/unit/test_orders_{name}.py" for name in ("confirm", "preview", "reconcile", "change")
)
STORM = "tests/unit/test_orders_storm.py"
SETTLE = "tests/unit/test_orders_settle.py"
CONSENT, WORDING = "tests/unit/test_orders_consent.py", "tests/unit/test_orders_wording.py"
CONSENT_TOOLS = "tests/tools/test_consent_tools.py"
PAGE = "tests/tools/test_approvals_page.py"
APPROVALS = "tests/contracts/test_approvals.py"
SETTINGS = "tests/unit/test_settings_consent.py"
LIMITS, WORST = "tests/unit/test_limits.py", "tests/unit/test_worst_case.py"
USED, LEDGER = "tests/unit/test_orders_limits.py", "tests/contracts/test_ledger.py"
CHANGED = "tests/unit/test_orders_change.py"
FILED, OWNER = "tests/unit/test_store_halt_file.py", "tests/unit/test_cli_owner.py"
BREAKER, BREAKER_AT_REST = "tests/contracts/test_breaker.py", "tests/unit/test_store_breaker.py"
BREAKER_SET, OPENING = "tests/unit/test_settings.py", "tests/unit/test_server_opening.py"
WITHDRAW = "tests/unit/test_orders_withdraw.py"
HALTING = "tests/tools/test_halting_page.py"
CLI = "tests/unit/test_cli_limits.py"
WALK, AUDIT = "tests/unit/test_store_trail_walk.py", "tests/unit/test_cli_audit.py"
TRAIL, DATABASE = "tests/unit/test_store_trail.py", "tests/unit/test_store_database.py"
REPLAY, REPLAYS = "tests/unit/test_replay.py", "tests/unit/test_store_replays.py"
TRACES, KEEPER = "tests/tools/test_traces.py", "tests/unit/test_paper_keeper.py"
SCRUBBER, SINK = "tests/unit/test_scrubber.py", "tests/tools/test_last_sink.py"
LOGS, FILE = "tests/unit/test_logs.py", "tests/unit/test_settings.py"
WIRE = "tests/unit/test_server_wire.py"
GROUPS, GROUPED = "tests/unit/test_orders_groups.py", "tests/contracts/test_ledger_groups.py"
NETWORK = "tests/tools/test_http.py"
QUOTAS = "tests/unit/test_tastytrade_client.py"
CRASHES = "tests/unit/test_crashes.py"
COMMANDS = "tests/unit/test_cli_serving.py"
HOLDINGS, ADAPTED = "tests/unit/test_tastytrade_reads.py", "tests/unit/test_tastytrade_orders.py"
MEMORY = "tests/unit/test_exchange_memory.py"
WRITER, ALONE = "tests/unit/test_store_writer.py", "tests/unit/test_store_alone.py"
SQLITE_STORE = "tests/unit/test_store_sqlite.py"
KEY_FILE, ROTATION = "tests/unit/test_vault_file_home.py", "tests/unit/test_vault_rotation.py"

SCANS, SCANNER = "tests/unit/test_scan_reading.py", "tests/unit/test_scanner.py"
LISTING, SCANNED = "tests/unit/test_scan_listing.py", "tests/tools/test_scan_tools.py"
ROUNDS, SHELF = "tests/unit/test_scan_rounds.py", "tests/unit/test_scan_book.py"
AT_ONCE = "tests/unit/test_orders_marketable.py"
LAWFUL, HOURS = "tests/unit/test_orders.py", "tests/unit/test_trading_hours.py"
EXTENDED, EVENING = "tests/unit/test_orders_extended.py", "tests/unit/test_exchange_extended.py"
AMOUNTS, BY_VALUE = "tests/unit/test_by_value.py", "tests/unit/test_orders_by_value.py"
PAPER_PIECES = "tests/unit/test_paper_by_value.py"
PIECES, DOLLARS = (f"tests/unit/test_{name}_by_value.py" for name in ("exchange", "tastytrade"))
LEASES, RUNS = "tests/contracts/test_leases.py", "tests/contracts/test_scan_runs.py"


class Judge:
    """Says how tests end on a copy of the house. A copy that hangs is ended by pytest's timeout."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, copy: Path, *tests: str) -> tuple[int, str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(copy), *tests]) + "\n")
        self._process.stdin.flush()
        code, said = json.loads(self._process.stdout.readline())
        return code, said


@dataclass(frozen=True)
class Mutant:
    """A safety line, what it is broken into, and who must notice."""

    file: str
    line: str
    broken: str
    test: str


MUTANTS = [
    Mutant("orders/submit.py", "if halt and not (withdraws and", "if False and (", CONFIRM),
    Mutant("store/halt_file.py", "except FileNotFoundError:", "except OSError:", FILED),
    Mutant(
        "store/halt_file.py",
        "except (OSError, ValueError):\n            return self",
        "except (OSError, ValueError):\n            return None and self",
        FILED,
    ),
    Mutant("store/halt_file.py", "if there else", "if True else", FILED),
    Mutant("store/halt_file.py", "os.lstat(", "os.stat(", FILED),
    Mutant("store/halt_file.py", "filed is None or stored is None", "True", FILED),
    Mutant("store/halt_file.py", "return stored or filed", "return stored", FILED),
    Mutant("store/halt_file.py", "OverflowError, ", "", FILED),
    Mutant(
        "wiring/ground.py",
        "FiledHaltSwitch(stored, settings.folders.halt_file, clock=clock)",
        "stored",
        OWNER,
    ),
    Mutant("cli/stopping.py", "if left is not None:", "if False:", OWNER),
    Mutant(
        "domain/breaker.py",
        "{OrderState.UNKNOWN, OrderState.REJECTED}",
        "{OrderState.REJECTED}",
        BREAKER,
    ),
    Mutant(
        "domain/breaker.py",
        "OrderState.UNKNOWN and before.state in _UNTOLD",
        "OrderState.UNKNOWN",
        BREAKER,
    ),
    Mutant(
        "domain/breaker.py",
        "before.state in _UNTOLD and after.state not in",
        "after.state not in",
        BREAKER,
    ),
    Mutant("domain/breaker.py", "    OrderState.LAPSED,\n", "", BREAKER),
    Mutant("store/breaker.py", "if known is None or", "if", BREAKER_AT_REST),
    Mutant(
        "store/breaker.py",
        "[] if after.order_id in (known or ()) else",
        "[] if False else",
        BREAKER,
    ),
    Mutant("store/breaker.py", "len(failed) >= halts_at", "len(failed) > halts_at", BREAKER),
    Mutant(
        "store/breaker.py", "{FAILURES}{environment.value}:{broker}", "{FAILURES}{broker}", BREAKER
    ),
    Mutant(
        "store/ledger.py", "    count_outcome(connection,", "    str(connection) or print(", BREAKER
    ),
    Mutant("store/halts.py", "connection.execute(_COUNTED)", "pass", BREAKER),
    Mutant(
        "settings/sections.py",
        "failures_in_row_max: Annotated[Integer, Field(ge=1,",
        "failures_in_row_max: Annotated[Integer, Field(ge=0,",
        BREAKER_SET,
    ),
    Mutant("wiring/desk.py", ", halts_at=settings.safety.failures_in_row_max", "", OPENING),
    Mutant("orders/submit.py", "withdraws and _takes", "_takes", WITHDRAW),
    Mutant(
        "orders/submit.py", "withdraws and _takes_back_an_opening(intent)", "withdraws", WITHDRAW
    ),
    Mutant(
        "orders/submit.py",
        "TicketKind.CANCEL and intent.order.only_opens",
        "TicketKind.CANCEL",
        WITHDRAW,
    ),
    Mutant("orders/submit.py", "intent.kind is TicketKind.CANCEL and", "", WITHDRAW),
    Mutant(
        "domain/orders.py",
        "all(leg.action.opens is True",
        "all(leg.action.opens is not False",
        WITHDRAW,
    ),
    Mutant(
        "domain/orders.py", "return all(leg.action.opens", "return any(leg.action.opens", WITHDRAW
    ),
    Mutant("orders/withdraw.py", "if halt is None:", "if False:", WITHDRAW),
    Mutant("orders/withdraw.py", "if row.order_id not in tried", "", WITHDRAW),
    Mutant("orders/withdraw.py", "_UNTOLD if again else _LEFT_THE_DESK", "_UNTOLD", WITHDRAW),
    Mutant("orders/withdraw.py", "if row.created_at >= halt.since", "", WITHDRAW),
    Mutant("orders/withdraw.py", "if row.order.only_opens and not", "if not", WITHDRAW),
    Mutant("orders/withdraw.py", "offset += _PAGE", "break", WITHDRAW),
    Mutant("orders/stop.py", "if not self.cancels_opening:", "if False:", WITHDRAW),
    Mutant("orders/stop.py", "except DeskError:", "except ZeroDivisionError:", WITHDRAW),
    Mutant("orders/watch.py", "await self.safety.take_back(", "print(", WITHDRAW),
    # The one writer: who fails takes back its own alone, and nobody is told "done" too soon.
    Mutant(
        "store/transaction.py",
        "        if not job.attempt(self._connection):\n            self._roll_back()\n",
        "        if not job.attempt(self._connection):\n",
        WRITER,
    ),
    Mutant(
        "store/transaction.py",
        "            self._roll_back()\n            self.begin()\n",
        "            self._roll_back()\n",
        WRITER,
    ),
    Mutant("store/transaction.py", "elif not self._driver.in_transaction:", "elif False:", WRITER),
    Mutant("store/transaction.py", 'self._driver.execute("ROLLBACK TO job")', "pass", WRITER),
    Mutant("store/transaction.py", 'self._driver.execute("SAVEPOINT job")', "pass", WRITER),
    Mutant(
        "store/transaction.py",
        "        if job.is_abandoned:\n            return\n        if not",
        "        if not",
        WRITER,
    ),
    Mutant(
        "store/transaction.py",
        "        if job.is_abandoned:\n            return\n        self._driver",
        "        self._driver",
        WRITER,
    ),
    Mutant(
        "store/transaction.py",
        "            self._roll_back()\n            fail(batch, as_lost(error))\n",
        "            self._roll_back()\n",
        WRITER,
    ),
    # Brief jobs: the loop does not stand still for a slow disk, nor for another loop's job.
    Mutant("store/alone.py", "else self._slow + 1", "else self._slow", ALONE),
    Mutant("store/alone.py", "if self._rests <= _RESTS:", "if False:", ALONE),
    Mutant("store/alone.py", "return self._loop is loop", "return True", ALONE),
    Mutant("store/alone.py", "if other is not job]", "]", ALONE),
    Mutant("store/alone.py", "self._had is not None and self._had is not task", "False", ALONE),
    Mutant("store/alone.py", " and self._had is not task", "", ALONE),
    # A line follows the head that is there, and not the one that somebody remembers.
    Mutant("store/event_rows.py", "if not _MOVE_HEAD.run(connection, told)", "if False", TRAIL),
    Mutant(
        "store/event_rows.py",
        'heads.c.sequence == bindparam("was_sequence"), heads.c.digest == bindparam("was_digest")',
        "heads.c.chain == 1",
        TRAIL,
    ),
    Mutant("store/sqlite.py", "            jotter.exec_driver_sql(_IMPATIENT)\n", "", SQLITE_STORE),
    # What looks in passing changes nothing, and no other loop stands on its connection.
    Mutant("store/transaction.py", "if self._driver.total_changes != before", "if False", DATABASE),
    Mutant(
        "store/sqlite.py",
        "if not self._alone.is_at_home(asyncio.get_running_loop()):",
        "if False:",
        DATABASE,
    ),
    Mutant("brokers/paper/keeper.py", "copy is not None and not copy.is_due(", "not (", KEEPER),
    # A broker's own names of what is no symbol of the desk: cut, and of few letters.
    Mutant(
        "brokers/tastytrade/beside.py",
        '_ODD_SYMBOL.sub("", told.symbol or "")[:_SYMBOL_MAX]',
        '(told.symbol or "")',
        HOLDINGS,
    ),
    Mutant(
        "brokers/tastytrade/beside.py",
        '_ODD_KIND.sub("_", (told.instrument_type or "").lower())',
        '(told.instrument_type or "").lower()',
        HOLDINGS,
    ),
    Mutant(
        "brokers/tastytrade/margins.py",
        '_ODD.sub("", told.underlying_symbol or told.code or "")[:_NAME_MAX]',
        "told.underlying_symbol",
        "tests/unit/test_tastytrade_margin.py",
    ),
    Mutant("web/halting.py", "if before.since.isoformat() != seen:", "if False:", HALTING),
    Mutant("web/halting.py", "if left is not None:", "if False:", HALTING),
    Mutant("web/halting.py", "escape(halt.why)", "halt.why", HALTING),
    Mutant("web/halting.py", "escape(halt.actor)", "halt.actor", HALTING),
    Mutant("web/halting.py", "if halt.held_by is HeldBy.FILE:", "if False:", HALTING),
    Mutant("web/approvals.py", "or not self._knows(request):", ":", HALTING),
    Mutant("web/approvals.py", "not _is_own_form(request) or", "", HALTING),
    Mutant("server/guard.py", "isinstance(read := read_message(body), Fault)", "False", NETWORK),
    Mutant("server/wire.py", "self._scrubber.json(_line(message))", "_line(message)", WIRE),
    Mutant("server/wire.py", "if scrubbed is not line:", "if False:", WIRE),
    Mutant("server/auth.py", "self._known.learn_brought(token.encode())", "pass", SINK),
    Mutant(
        "server/http.py",
        "Middleware(ScrubbedApp, scrubber=Scrubber(server.door.known), apart=apart),",
        "",
        SINK,
    ),
    Mutant("web/standing.py", "middleware=[Middleware(ScrubbedApp, scrubber=scrubber)],", "", SINK),
    Mutant(
        "logs/redaction.py",
        "self._shaped(self._scrubber.line(text)[:LINE_MAX])",
        "self._shaped(text[:LINE_MAX])",
        LOGS,
    ),
    Mutant("logs/streams.py", "self._scrubber.line(held)", "held", SCRUBBER),
    Mutant("logs/answers.py", "self._scrubber.plain(value)", "value", SCRUBBER),
    Mutant("logs/answers.py", "self._scrubber.json(body)", "body", SCRUBBER),
    Mutant(
        "logs/answers.py", '[*values, body.get("body", b"")]', '[body.get("body", b"")]', SCRUBBER
    ),
    Mutant("logs/answers.py", '[*values, body.get("body", b"")]', "values", SCRUBBER),
    Mutant("logs/scrubber.py", 'b"[%s]{%d,}"', 'b"[%s]{1%d,}"', SCRUBBER),
    Mutant("server/app.py", "        self._trace_nothing()\n", "", TRACES),
    Mutant("brokers/paper/keeper.py", "self._copy or self._settled", "self._copy", KEEPER),
    Mutant(
        "brokers/paper/keeper.py",
        "            self._copy = None\n            raise",
        "            raise",
        KEEPER,
    ),
    Mutant("brokers/paper/keeper.py", "self._copy and self._turn == turn:", "self._copy:", KEEPER),
    Mutant("brokers/paper/keeper.py", "        self._newest = None\n", "", KEEPER),
    Mutant("logs/scrubber.py", "!= self._known.version:", "> self._known.version:", SCRUBBER),
    Mutant("logs/scrubber.py", "    yield form[half:]", "    yield form[:half]", SCRUBBER),
    Mutant(
        "logs/scrubber.py",
        "for value in self._caught(data):\n            data = _TEXT",
        "for value in ():\n            data = _TEXT",
        SCRUBBER,
    ),
    Mutant(
        "logs/scrubber.py",
        "for value in self._caught(data):\n            data = _cut",
        "for value in ():\n            data = _cut",
        SCRUBBER,
    ),
    Mutant("logs/remains.py", "if length > PIECE or is_telling(piece):", "if True:", SCRUBBER),
    Mutant("logs/remains.py", "text[end] & _OF_LETTER == _WITHIN", "False", SCRUBBER),
    Mutant("logs/lines.py", "return told(exc_info[1])", "return repr(exc_info[1])", LOGS),
    Mutant("server/stdio.py", "    quiet_loop()\n", "", SINK),
    Mutant("server/http.py", "    quiet_loop()\n", "", SINK),
    Mutant(
        "brokers/tastytrade/pace.py",
        "with suppress(DeskError, TimeoutError):",
        "with suppress(TimeoutError):",
        QUOTAS,
    ),
    Mutant(
        "brokers/tastytrade/pace.py",
        "await self._queue(family).insist()",
        "await self._queue(family).turn()",
        QUOTAS,
    ),
    Mutant(
        "brokers/tastytrade/wire.py",
        "ssl.create_default_context(cafile=certifi.where())",
        "None",
        QUOTAS,
    ),
    Mutant(
        "brokers/tastytrade/wire.py",
        "asyncio.timeout(self._deadline_s)",
        "asyncio.timeout(None)",
        QUOTAS,
    ),
    Mutant(
        "brokers/tastytrade/orders/clerk.py", "await self._check_nights(orders)", "pass", ADAPTED
    ),
    Mutant(
        "brokers/tastytrade/orders/rules.py", "if shares.overnight is None:", "if False:", ADAPTED
    ),
    Mutant("brokers/tastytrade/orders/rules.py", "if not shares.overnight:", "if False:", ADAPTED),
    Mutant("brokers/tastytrade/unpacking.py", "if len(part) > left:", "if False:", QUOTAS),
    Mutant("brokers/tastytrade/unpacking.py", "(chunk, most)", "(chunk)", QUOTAS),
    Mutant(
        "orders/outcome.py", "if plain_number(seen.broker_order_id) is None:", "if False:", CONFIRM
    ),
    Mutant("domain/errors.py", '{"code": plain_code(str(code))} if code else {}', "{}", CONFIRM),
    Mutant("domain/accounts.py", "if not self.simulated:", "if False:", SCRUBBER),
    Mutant("domain/secret.py", "            listener(self)", "            pass", SCRUBBER),
    Mutant("settings/environment.py", "at {where[1] if where", "{error} {where[1] if where", FILE),
    Mutant("cli/__init__.py", "as known, scrubbed(known), quiet", "as known, quiet", COMMANDS),
    Mutant("cli/__init__.py", ", quiet_crashes():", ":", CRASHES),
    Mutant("cli/__init__.py", "        keep_no_core()", "        pass", CRASHES),
    Mutant("logs/crashes.py", "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))", "", CRASHES),
    Mutant("logs/crashes.py", "prctl(_PR_SET_DUMPABLE, 0,", "prctl(_PR_SET_DUMPABLE, 1,", CRASHES),
    Mutant("logs/crashes.py", "{type(error).__name__}{place}", "{error!r}{place}", CRASHES),
    Mutant("orders/submit.py", "> SEND_WITHIN:", "> SEND_WITHIN * 99:", CONFIRM),
    Mutant(
        "orders/submit.py", "abs(self.clock.now() - intent", "(self.clock.now() - intent", CONFIRM
    ),
    Mutant(
        "orders/confirm.py",
        "async with self.under_way.turn(preview.record, preview.others):",
        "if True:",
        CONFIRM,
    ),
    Mutant("orders/outcome.py", "record.kind is TicketKind.PLACE:", "True:", CHANGE),
    Mutant(
        "orders/reconcile.py",
        "abs(now - record.updated_at) > GRACE",
        "(now - record.updated_at) > GRACE",
        RECONCILE,
    ),
    Mutant("orders/confirm.py", "if intent is None:", "if False:", CONFIRM),
    Mutant(
        "orders/confirm.py",
        "if not _same(preview.nonce_hash, hashed):",
        "if False:",
        CONFIRM,
    ),
    Mutant(
        "orders/confirm.py",
        "if not _same(preview.binding, binding_of(record, preview.others)):",
        "if False:",
        CONFIRM,
    ),
    Mutant(
        "orders/confirm.py",
        "if not _same(record.caller, caller):",
        "if False:",
        CONFIRM,
    ),
    Mutant("orders/confirm.py", "self.clock.now() >= preview.expires_at", "False", CONFIRM),
    Mutant(
        "orders/confirm.py",
        "await self.limits_again(preview.record, preview.others)",
        "None",
        CONFIRM,
    ),
    Mutant(
        "orders/confirm.py",
        "policy = self.consent.policy_for(preview)",
        "policy = ConsentPolicy.MODEL",
        CONFIRM,
    ),
    Mutant("orders/confirm.py", "if policy is not ConsentPolicy.MODEL:", "if False:", CONSENT),
    Mutant("orders/confirm.py", "await self.approvals.current(record)", "record", CONSENT),
    Mutant("orders/consent.py", "environment is not self.environment or alone", "False", CONFIRM),
    Mutant("orders/consent.py", "len(known) < len(cash) + 1 or", "", CONSENT),
    Mutant("orders/consent.py", "max(known) > self.click_above_usd", "False", CONSENT),
    Mutant("orders/preview.py", "nonce=None if pending else nonce", "nonce=nonce", CONSENT),
    Mutant("orders/preview.py", "self.consent.wants_click(stored)", "False", CONSENT),
    Mutant(
        "orders/preview.py",
        "await self.ledger.void(stored.record",
        "await _n(stored.record",
        CONSENT,
    ),
    Mutant(
        "orders/approve.py",
        "if not is_at(record, broker):",
        "if False:",
        CONSENT,
    ),
    Mutant("orders/approve.py", "if not pending.is_as_asked:", "if False:", CONSENT),
    Mutant("orders/approve.py", "self._check_voice(pending, said)", "pass", CONSENT),
    Mutant("orders/approve.py", "if weaker or", "if", CONSENT),
    Mutant("orders/approve.py", "not pending.approval.admits(said.voice)", "False", CONSENT),
    Mutant("orders/approve.py", "if said.digest not in {None,", "if said.digest in {0,", CONSENT),
    Mutant(
        "orders/approve.py",
        "await self.confirmer.limits_again(record, pending.preview.others)",
        "None",
        CONSENT,
    ),
    Mutant(
        "orders/approve.py",
        "async with self.confirmer.under_way.turn(record, others):",
        "if True:",
        CONSENT,
    ),
    Mutant("orders/approve.py", "if intent is None:", "if False:", CONSENT),
    Mutant(
        "orders/approve.py",
        "if not await self.approvals.ledger.try_code",
        "if await self.approvals.ledger.try_code",
        CONSENT,
    ),
    Mutant("orders/approvals.py", 'events[0].body.get("shown") != preview.shown', "False", CONSENT),
    Mutant("orders/approvals.py", "same_text and", "", CONSENT),
    Mutant("orders/approvals.py", "and bound_to == self.preview.binding", "", CONSENT),
    Mutant(
        "orders/approvals.py", 'f"{record.order_id}:{_letters(code)}"', "_letters(code)", CONSENT
    ),
    Mutant("orders/reconcile.py", "<= now < approval.expires_at", "<= now", CONSENT),
    Mutant(
        "domain/approvals.py",
        "self.requested_at <= now < self.expires_at",
        "now < self.expires_at",
        CONSENT,
    ),
    Mutant(
        "domain/approvals.py",
        "self.requested_at <= now < self.expires_at",
        "self.requested_at <= now",
        CONSENT,
    ),
    Mutant("domain/approvals.py", "and self.unheard is None", "", CONSENT),
    Mutant(
        "domain/approvals.py", "return self.policy is ConsentPolicy.CODE", "return True", CONSENT
    ),
    Mutant("orders/wording.py", '_STRANGE.sub("?", text[:_NAME_MAX])', "text", WORDING),
    Mutant("orders/wording.py", 'f"Name: {short_name(record, preview.others)}",', "", WORDING),
    Mutant("store/approval_rows.py", '["count"] > PENDING_MAX', '["count"] > 99', APPROVALS),
    Mutant("store/approval_rows.py", "or approval.tries_left < 1", "", APPROVALS),
    Mutant("store/consenting.py", "not approval.is_current(now) or", "", APPROVALS),
    Mutant("store/consenting.py", "or approval.digest != digest", "", APPROVALS),
    Mutant("store/consenting.py", "take(connection, found)", "pass", APPROVALS),
    Mutant(
        "store/consenting.py", "max(approval.tries_left - 1, 0)", "approval.tries_left", APPROVALS
    ),
    Mutant(
        "store/consenting.py", "or found.state is not OrderState.AWAITING_CONSENT", "", APPROVALS
    ),
    Mutant("settings/reading.py", "    if key is not None:", "    if False:", SETTINGS),
    Mutant(
        "settings/sections.py",
        "if policy is ConsentPolicy.MODEL:",
        "if False:",
        SETTINGS,
    ),
    Mutant("web/approvals.py", "not _is_local(request) or", "", PAGE),
    Mutant("web/approvals.py", "not _is_own_form(request) or", "", PAGE),
    Mutant("web/approvals.py", "or not self._knows(request):", ":", PAGE),
    Mutant("web/approvals.py", "if not self._knows(request):", "if False:", PAGE),
    Mutant(
        "web/approvals.py",
        'if not _same(said.get("token", ""), self.keys.form):',
        "if False:",
        PAGE,
    ),
    Mutant("web/approvals.py", "if not _same(key, self.keys.link):", "if False:", PAGE),
    Mutant("web/approvals.py", '_check_typed(pending, said.get("typed", ""))', "pass", PAGE),
    Mutant("web/approvals.py", "return named and", "return", PAGE),
    Mutant("web/approvals.py", "not proxied and", "", PAGE),
    Mutant("web/approvals.py", "and _loopback(request.client.host)", "", PAGE),
    Mutant("web/approvals.py", 'methods=["GET"]', 'methods=["GET", "PUT"]', PAGE),
    Mutant("web/approvals_page.py", "escape(pending.record.caller)", "pending.record.caller", PAGE),
    Mutant(
        "server/asking.py", "AGREED if outcome.data.approve else REFUSED", "AGREED", CONSENT_TOOLS
    ),
    Mutant("server/asking.py", "not pending.approval.admits(Voice.CLIENT) or", "", CONSENT_TOOLS),
    Mutant("server/asking.py", "except (MCPError, ValueError):", "except KeyError:", CONSENT_TOOLS),
    Mutant("server/asking.py", "or not can_ask(call)", "", CONSENT_TOOLS),
    Mutant("server/asking.py", "move_on_after(left_s)", "move_on_after(99)", CONSENT_TOOLS),
    Mutant(
        "server/tools/confirm_order.py",
        "if word == AGREED:",
        "if word != NOT_ASKED:",
        CONSENT_TOOLS,
    ),
    Mutant("server/tools/confirm_order.py", "if word == REFUSED:", "if False:", CONSENT_TOOLS),
    Mutant("orders/under_way.py", "asyncio.shield(submission.task)", "submission.task", CONFIRM),
    Mutant("orders/confirm.py", "or not is_at(preview.record, self.submit.broker)", "", CONFIRM),
    Mutant("orders/under_way.py", "not submission.waiting and", "False and", CONFIRM),
    Mutant("orders/under_way.py", "and not submission.begun:", ":", CONFIRM),
    Mutant("orders/under_way.py", "and submission.task is task:", ":", CONFIRM),
    Mutant("orders/submit.py", "if binding_of(intent, others) != binding:", "if False:", CONFIRM),
    Mutant("orders/submit.py", "only_from={OrderState.UNKNOWN}", "only_from=set()", CONFIRM),
    Mutant("orders/submit.py", "row.state is OrderState.LAPSED and", "False and", CONFIRM),
    Mutant("orders/outcome.py", ", OrderState.SUBMITTING}:", "}:", CONFIRM),
    Mutant("domain/codes.py", "and _CODE.fullmatch(code) else", "else", CONFIRM),
    Mutant("orders/outcome.py", "if record.kind is TicketKind.CANCEL:", "if False:", RECONCILE),
    Mutant("orders/outcome.py", "and filled < record.filled_units:", "and False:", RECONCILE),
    Mutant(
        "orders/outcome.py",
        "seen.filled_units + filled_before",
        "seen.filled_units + 0 * filled_before",
        RECONCILE,
    ),
    Mutant("orders/outcome.py", "and not went_away:", ":", CONFIRM),
    Mutant("orders/preview.py", "deny_failed(appraisal.checks)", "pass", PREVIEW),
    Mutant("orders/preview.py", "deny_refused(appraisal.preflight)", "pass", PREVIEW),
    Mutant("orders/preview.py", "check_stop(row.order, figures)", "pass", PREVIEW),
    Mutant("orders/targets.py", "or not is_at(target, broker)", "", CHANGE),
    Mutant("orders/targets.py", "if not seen.state.is_open:", "if False:", CHANGE),
    Mutant("orders/appraise.py", "around.check_closes(counted)", "pass", PREVIEW),
    Mutant("orders/appraise.py", "rest = rest_of(order, filled)", "rest = order", CHANGE),
    Mutant("orders/surroundings.py", "or leg.action is Action.SELL", "", PREVIEW),
    Mutant("orders/surroundings.py", "held - promised:", "held:", PREVIEW),
    Mutant("brokers/surveying.py", "if o.state.is_open)", "if False)", PREVIEW),
    Mutant(
        "orders/figures.py",
        "max(known) if len(known) == len(risks)",
        "min(known) if known",
        PREVIEW,
    ),
    Mutant("orders/reconcile.py", "not self._is_old(record)", "False", RECONCILE),
    Mutant(
        "orders/reconcile.py", "- first < SECOND_SCAN_AFTER:", "- first < GRACE * 0:", RECONCILE
    ),
    Mutant("orders/reconcile.py", "if status is LookupStatus.INCOMPLETE:", "if False:", RECONCILE),
    Mutant("orders/reconcile.py", "elif event.kind == _NOT_COMPLETE:", "elif False:", RECONCILE),
    Mutant("orders/reconcile.py", "if anywhere or is_at(row, self.broker)", "if True", RECONCILE),
    Mutant("orders/reconcile.py", "if is_at(record, self.broker) else record", "", RECONCILE),
    Mutant("orders/reconcile.py", "if says_nothing(record, target):", "if False:", RECONCILE),
    Mutant("orders/reconcile.py", "- first < SECOND_SCAN_AFTER:", "- first < GRACE * 0:", STORM),
    Mutant("orders/submit.py", "if halt and not (withdraws and", "if False and (", STORM),
    Mutant("orders/outcome.py", "Unavailable | Denied | Misconfigured", "DeskError", STORM),
    Mutant("orders/reconcile.py", "sent or record.state is OrderState.UNKNOWN", "sent", RECONCILE),
    Mutant("orders/reconcile.py", "return sent or", "return", RECONCILE),
    Mutant("orders/appraise.py", "silent_since=now - SEND_WITHIN", "silent_since=now", RECONCILE),
    Mutant("orders/appraise.py", "ahead_since=now + SEND_WITHIN", "ahead_since=now", CONFIRM),
    Mutant("orders/showing.py", "or abs(amount) > _AMOUNT_MAX", "", WORDING),
    Mutant("orders/settle.py", "if other is not None:", "if False:", SETTLE),
    Mutant("orders/settle.py", "if not _could_be(record, seen):", "if False:", SETTLE),
    Mutant("orders/settle.py", "record.state not in _DOUBT or (", "(", SETTLE),
    Mutant("orders/settle.py", "not is_abandoned(record, self.clock.now())", "False", SETTLE),
    Mutant("orders/settle.py", "only_from={record.state}", "only_from=set(OrderState)", SETTLE),
    Mutant("orders/settle.py", "or not is_at(record, self.reconciler.broker)", "", SETTLE),
    Mutant("orders/settle.py", "seen.client_order_id == record.client_order_id", "True", SETTLE),
    Mutant("risk/doubt.py", "passed = earlier is None", "passed = True", LIMITS),
    Mutant("risk/verdict.py", "[*in_doubt, *always,", "[*always,", LIMITS),
    Mutant(
        "store/doubt_rows.py",
        "or_(orders.c.state == OrderState.UNKNOWN, _SILENT)",
        "_SILENT",
        LEDGER,
    ),
    Mutant("store/doubt_rows.py", "and read_canonical", "or read_canonical", LEDGER),
    Mutant("store/doubt_rows.py", 'row["environment"]) == here', "here[2]) == here", LEDGER),
    Mutant("store/doubt_rows.py", 'if (row["account_id"],', "if (here[0],", LEDGER),
    Mutant(
        "store/doubt_rows.py",
        'orders.c.updated_at > bindparam("ahead_since")',
        "False",
        LEDGER,
    ),
    Mutant(
        "store/use_rows.py",
        "like_in_doubt(connection, window) if counted",
        "None if counted",
        LEDGER,
    ),
    Mutant("risk/check.py", "if amount > most:", "if False:", LIMITS),
    Mutant("risk/check.py", "amount >= WARNED_FROM * most", "False", LIMITS),
    Mutant("risk/check.py", 'FAILED, facts={"missing"', 'PASSED, facts={"missing"', LIMITS),
    Mutant("risk/verdict.py", "if facts.closes else checks", "", LIMITS),
    Mutant("risk/verdict.py", "(pace.duplicate,)", "()", LIMITS),
    Mutant("risk/verdict.py", "*_of_pace(facts, facts.used, limits))", ")", LIMITS),
    Mutant("risk/verdict.py", "(_of_pace(facts, used,", "(_of_pace(facts, facts.used,", LIMITS),
    Mutant("risk/size.py", "allowed = limits.allow_undefined_risk", "allowed = True", LIMITS),
    Mutant("risk/size.py", "if added is None:", "if False:", LIMITS),
    Mutant("risk/size.py", "if amount is None:", "if False:", LIMITS),
    Mutant("risk/size.py", "if before is None or used is None:", "if False:", LIMITS),
    Mutant("risk/size.py", "if before is None or after is None:", "if False:", LIMITS),
    Mutant("risk/size.py", "if abs(after) <= abs(before):", "if True:", LIMITS),
    Mutant("risk/price.py", "not (unpriced and facts.has_options)", "True", LIMITS),
    Mutant("risk/price.py", "if age_s is None:", "if False:", LIMITS),
    Mutant("risk/price.py", "abs(age_s), most", "age_s, most", LIMITS),
    Mutant("risk/price.py", "if facts.market_net is None:", "if False:", LIMITS),
    Mutant("risk/place.py", 'lacking("account", "frozen")', 'unset("account")', LIMITS),
    Mutant(
        "scan/definition.py",
        "if value is None or math.isnan(value):\n            return False",
        "if value is None or math.isnan(value):\n            return True",
        SCANS,
    ),
    Mutant("risk/place.py", "if facts.market_open is None:", "if False:", LIMITS),
    Mutant("orders/cautions.py", "market is None or order.limit_net < market", "False", AT_ONCE),
    Mutant("orders/cautions.py", "if not figures.trades_now:", "if False:", AT_ONCE),
    Mutant(
        "orders/confirm.py",
        "check_marketable(record.order, appraisal.figures, waits=False)",
        "pass",
        AT_ONCE,
    ),
    Mutant("orders/cautions.py", "    if waits:", "    if False:", GROUPS),
    Mutant("domain/orders.py", "if self.has_options or len(self.legs) > 1:", "if False:", LAWFUL),
    Mutant("domain/orders.py", "if self.order_type is not OrderType.LIMIT:", "if False:", LAWFUL),
    Mutant("domain/groups.py", "if any(order.time_in_force.extended for", "if any(0 for", GROUPS),
    Mutant(
        "domain/trading_hours.py",
        "return None if at < span.known_from else True",
        "return True",
        HOURS,
    ),
    Mutant(
        "orders/figures.py",
        "closed = trades is False",
        "closed = not calendar.is_open(now)",
        EXTENDED,
    ),
    Mutant(
        "exchange/screen.py", "trades_at(request.time_in_force, self.at) is False", "False", EVENING
    ),
    Mutant("exchange/reach.py", "and net <= order.limit)", ")", EVENING),
    Mutant("exchange/memory.py", "now >= self.until", "False", MEMORY),
    Mutant("exchange/memory.py", "now < then or", "", MEMORY),
    Mutant("exchange/memory.py", "if found.refusal is None:", "if True:", MEMORY),
    Mutant("exchange/memory.py", 'if each.name != "screen"', 'if each.name == "request"', MEMORY),
    Mutant("exchange/memory.py", 'if each.name != "at"', 'if each.name == "quotes"', MEMORY),
    Mutant("exchange/gate.py", "and not market.has_extended_hours", "and False", EVENING),
    Mutant("scan/screening.py", "    if account is None:", "    if False:", SCANNER),
    Mutant("scan/screening.py", "if share is not None and amount is None:", "if False:", SCANNER),
    Mutant("scan/book.py", "    if scan.lacks_account:", "    if False:", SHELF),
    Mutant(
        "scan/screening.py",
        "rules.account if account is None else account",
        "rules.account or account",
        SCANNER,
    ),
    Mutant(
        "scan/rounds.py",
        "return await self.leases.take(LEASE, self.holder, self.clock.now(), TERM)",
        "return True",
        ROUNDS,
    ),
    Mutant("scan/rounds.py", "if await self._may_act():", "if True:", ROUNDS),
    Mutant(
        "scan/rounds.py",
        "if not await self.runs.begin(self.broker, name, now, last=due.last):",
        "if await self.runs.begin(self.broker, name, now, last=due.last) is None:",
        ROUNDS,
    ),
    Mutant("store/leases.py", "where=free,", "", LEASES),
    Mutant("store/leases.py", "leases.c.until <= now, ", "", LEASES),
    Mutant("store/leases.py", "leases.c.until <= now,", "leases.c.until <= until,", LEASES),
    Mutant("store/leases.py", ', leases.c.holder == bindparam("own")', "", LEASES),
    Mutant(
        "store/scan_runs.py",
        'scan_runs.c.ran_at == bindparam("last"',
        'scan_runs.c.ran_at >= bindparam("last"',
        RUNS,
    ),
    Mutant(
        "store/scan_runs.py",
        'scan_runs.c.ran_at == bindparam("instant"',
        'scan_runs.c.ran_at >= bindparam("instant"',
        RUNS,
    ),
    Mutant("store/scan_runs.py", "if ran and result is not None:", "if result is not None:", RUNS),
    Mutant("scan/rounds.py", "if kept and result is not None:", "if result is not None:", ROUNDS),
    Mutant("domain/scan_runs.py", "return None if same else", "return", ROUNDS),
    Mutant("domain/scan_runs.py", "known.get(each.legs, each) for", "each for", ROUNDS),
    Mutant("domain/scan_runs.py", "if each.underlying in unseen]", "if False]", ROUNDS),
    Mutant("scan/listing.py", "return None if own and same <", "return None if same <", LISTING),
    Mutant(
        "scan/listing.py",
        "if found is None or found >",
        "if found is not None and found >",
        LISTING,
    ),
    Mutant(
        "server/menu.py",
        "MenuItem(preview_candidates, Toolset.SCAN, PREVIEWS)",
        "MenuItem(preview_candidates, Toolset.SCAN, READS)",
        SCANNED,
    ),
    Mutant("risk/place.py", "not (limits.closing_only or told)", "not told", LIMITS),
    Mutant("risk/place.py", "not (limits.closing_only or told)", "not limits.closing_only", LIMITS),
    Mutant("risk/place.py", "ticker not in limits.forbidden_symbols and", "", LIMITS),
    Mutant("risk/place.py", "(not allowed or ticker in allowed)", "True", LIMITS),
    Mutant("risk/place.py", "facts.level_needed.rank <= level.rank", "True", LIMITS),
    Mutant("risk/place.py", "level = min(told", "level = max(told", LIMITS),
    Mutant("risk/place.py", "not (late or late_short)", "not late", LIMITS),
    Mutant("risk/place.py", "not (late or late_short)", "not late_short", LIMITS),
    Mutant("risk/place.py", "excess - max(used, Decimal(0))", "excess", LIMITS),
    Mutant("risk/pace.py", "before + adds, most", "before, most", LIMITS),
    Mutant("risk/pace.py", "orders_this_minute + facts.orders,", "orders_this_minute,", LIMITS),
    Mutant("risk/pace.py", "passed=twin is None", "passed=True", LIMITS),
    Mutant("risk/facts.py", "if facts.closes or", "if", LIMITS),
    Mutant("risk/facts.py", "max(loss, _NOTHING)", "loss", LIMITS),
    Mutant("orders/confirm.py", "allowance=allowance,", "", USED),
    Mutant("orders/confirm.py", "deny_refused(appraisal.preflight)", "pass", USED),
    Mutant("brokers/surveying.py", "if account.account_id == account_id)", "if True)", USED),
    Mutant("orders/appraise.py", "if seen.account is None:", "if False:", USED),
    Mutant(
        "orders/evidence.py", "closes=self.around.only_closes(self.counted)", "closes=True", USED
    ),
    Mutant("orders/surroundings.py", "leg.action.opens or leg.quantity > back", "False", USED),
    Mutant("orders/surroundings.py", "risk is not None and risk <= 0", "True", USED),
    Mutant("orders/exposure.py", "else:\n            return None", "else:\n            pass", USED),
    Mutant("store/use_rows.py", "(_REPLACED, most), ", "", LEDGER),
    Mutant("store/use_rows.py", "or_(_NOTHING, _OVER), orders", "_NOTHING, orders", LEDGER),
    Mutant("store/use_rows.py", "or_(_NOTHING, _OVER), orders", "_OVER, orders", LEDGER),
    Mutant("store/use_rows.py", 'day_from")), _REPLACED', 'day_from"))', LEDGER),
    Mutant("store/use_rows.py", "and_(_TODAY, *_HERE)", "and_(*_HERE)", LEDGER),
    Mutant("store/use_rows.py", "and_(_TODAY, *_HERE)", "_TODAY", LEDGER),
    Mutant("store/use_rows.py", "loss - _LESS.c.loss", "loss", LEDGER),
    Mutant("store/use_rows.py", "notional - _LESS.c.notional", "notional", LEDGER),
    Mutant("store/use_rows.py", "seen > filled", "seen < filled", LEDGER),
    Mutant("orders/preview.py", "filled_before(target, seen))", "0)", CHANGED),
    Mutant("orders/appraise.py", "if around.replaced and filled:", "if False:", CHANGED),
    Mutant("store/use_rows.py", "        not_(_NOTHING),\n", "", LEDGER),
    Mutant("store/use_rows.py", "ROUND_CEILING)", "ROUND_FLOOR)", LEDGER),
    Mutant("store/ledger.py", "    allowance.admit(", "    print(", LEDGER),
    Mutant("risk/direction.py", "-1 if name in TIGHTER_WHEN_MORE else 1", "1", CLI),
    Mutant("cli/limits.py", "await office.ledger.append(None, note)", "pass", CLI),
    Mutant("store/chain.py", "sequence > behind.sequence + 1:", "False:", WALK),
    Mutant("store/chain.py", "if sequence <= behind.sequence else", "if False else", WALK),
    Mutant("store/chain.py", "if event.previous_digest != behind.digest:", "if False:", WALK),
    Mutant("store/chain.py", "if follows(event, behind=behind) else", "if True else", WALK),
    Mutant("store/trail.py", "return self.witness.digest != event.digest", "return False", WALK),
    Mutant("store/trail.py", "self.witness.sequence > self.last.sequence:", "False:", WALK),
    Mutant("store/trail.py", "        check.end()\n", "", AUDIT),
    Mutant("orders/confirm.py", '"shown": digest_of_shown(preview.shown),', "", CONFIRM),
    Mutant("orders/confirm.py", '"limits": limits_of(allowance),', "", CONFIRM),
    Mutant("orders/approve.py", '"limits": limits_of(allowance),', "", CONSENT),
    Mutant("orders/preview.py", '"limits": limits,', "", PREVIEW),
    Mutant("orders/confirm.py", 'not in {"reason", ROW}', 'not in {"reason"}', CONFIRM),
    Mutant("store/steps.py", "with_row(note, after, before=record)", "note", REPLAYS),
    Mutant("store/steps.py", "with_row(note, first, before=None)", "note", REPLAYS),
    Mutant("domain/replay.py", "return {**row, **told}", "return {**told, **row}", REPLAY),
    Mutant("domain/replay.py", "whole if set(COLUMNS) <= whole.keys() else None", "whole", REPLAY),
    Mutant("store/replays.py", "~exists().where", "exists().where", REPLAYS),
    Mutant("cli/replaying.py", "if report.bad is not None:", "if False:", AUDIT),
    Mutant("cli/replaying.py", "if column in _PRIVATE or", "if", REPLAYS),
    Mutant("cli/audit.py", "if compared.differences:", "if False:", AUDIT),
    Mutant("cli/exporting.py", "if check.bad is not None:", "if False:", AUDIT),
    Mutant("cli/exporting.py", "redactor.masked(text)", "text", AUDIT),
    Mutant("cli/exporting.py", "cell.startswith(_FORMULA)", "False", AUDIT),
    Mutant("cli/audit.py", "raise typer.Exit(FAILED)", "pass", AUDIT),
    Mutant("domain/cover.py", "left -= lent", "pass", WORST),
    Mutant("domain/cover.py", "longs[symbol] -= count", "pass", WORST),
    Mutant("domain/cover.py", "contract.expiration > end[0] or", "True or", WORST),
    Mutant(
        "domain/cover.py", "contract.expiration > end[0]", "contract.expiration >= end[0]", WORST
    ),
    Mutant("domain/worst_case.py", "if added.quantity < 0 < held:", "if False:", WORST),
    Mutant("domain/worst_case.py", "added.quantity - bought_back", "added.quantity", WORST),
    Mutant("domain/worst_case.py", "after.uncovered > before.uncovered or", "", WORST),
    Mutant("domain/worst_case.py", "[*before.paths, *after.paths]", "[]", WORST),
    Mutant("vault/file_home.py", "len(text.reveal_bytes()) > FILE_BYTES_MAX", "False", KEY_FILE),
    Mutant("vault/vault.py", "await self._ring.add(new)\n", "pass\n", ROTATION),
    Mutant("vault/vault.py", "if unwrap(kek, one) is None:", "if False:", ROTATION),
    Mutant("vault/vault.py", "one.dek_id in done and one.kek_id", "one.kek_id", ROTATION),
    Mutant("orders/binding.py", "        **told_of(record, others),\n", "", GROUPS),
    Mutant(
        "orders/groups.py",
        "if found != expected or record.group_kind is None:",
        "if False:",
        GROUPS,
    ),
    Mutant("orders/tickets.py", "if record.group_id is not None or others:", "if others:", GROUPS),
    Mutant(
        "orders/submit.py",
        "others = await self.ledger.others(intent.order_id) if intent.leads else ()",
        "others = self.ledger.previews[intent.preview_id].others",
        GROUPS,
    ),
    Mutant("orders/outcome.py", " and others:", " and False:", GROUPS),
    Mutant("orders/outcome.py", "replace(first, others=tuple(rest))", "first", GROUPS),
    Mutant("orders/reconcile.py", "if found is None:", "if False:", GROUPS),
    Mutant(
        "orders/reconcile.py",
        "or await self._still_leading(record) is not None:\n                return record",
        "or False:\n                return record",
        GROUPS,
    ),
    Mutant(
        "orders/approvals.py",
        "OrderState.AWAITING_CONSENT or record.goes_along:",
        "OrderState.AWAITING_CONSENT:",
        GROUPS,
    ),
    Mutant(
        "orders/consent.py",
        "[preview.shown, *shown_beside(preview.shown)]",
        "[preview.shown]",
        GROUPS,
    ),
    Mutant("orders/cautions.py", "if kind not in broker.groups:", "if False:", GROUPS),
    Mutant("orders/together.py", "met.check_closes(order)", "pass", GROUPS),
    Mutant(
        "orders/together.py",
        "*(around.after(group.trigger) for",
        "*(around for",
        GROUPS,
    ),
    Mutant("orders/together.py", "orders=len(group.orders)", "orders=1", GROUPS),
    Mutant(
        "orders/together.py",
        "*(_with_trigger(first, one) for one in opening)",
        "*(one.figures.risk_added for one in opening)",
        GROUPS,
    ),
    Mutant("orders/together.py", "beside=tuple(beside)", "beside=()", GROUPS),
    Mutant("risk/together.py", "all(facts.closes for facts in each)", "True", GROUPS),
    Mutant("risk/together.py", "found.append(tuple(", "str(tuple(", GROUPS),
    Mutant(
        "risk/together.py",
        "return sum(known[: len(first)], most)",
        "return sum(known, Decimal(0))",
        GROUPS,
    ),
    Mutant(
        "orders/appraise.py",
        "digests_beside=tuple(other.order.digest for other in others)",
        "digests_beside=()",
        GROUPS,
    ),
    Mutant(
        "orders/surroundings.py",
        "for order in _once(self.working))",
        "for order in self.working)",
        GROUPS,
    ),
    Mutant(
        "orders/withdraw.py", "and not any(origin.is_side_of(p) for p in protecting)", "", GROUPS
    ),
    Mutant(
        "orders/withdraw.py",
        "[await origin_of(row, self.ledger) for row in working]",
        "working",
        GROUPS,
    ),
    Mutant(
        "orders/settle.py",
        "if record.goes_along and first.state is record.state:",
        "if False:",
        GROUPS,
    ),
    Mutant("store/moves.py", "if progress.state in _OF_ALL:", "if True:", GROUPED),
    Mutant("store/moves.py", "if other.state is record.state]", "]", GROUPED),
    Mutant("store/moves.py", "if record.state not in _AS_ONE:", "if False:", GROUPED),
    Mutant(
        "store/steps.py",
        "    for other, its in carried(record, others, progress):",
        "    for other, its in ():",
        GROUPED,
    ),
    Mutant(
        "store/ledger.py",
        "(allowance.use, *allowance.beside), strict=True):",
        "(allowance.use, *allowance.beside)):",
        GROUPED,
    ),
    Mutant("store/use_rows.py", "else window.digests_beside", "else ()", GROUPED),
    # Orders by value.
    Mutant("domain/orders.py", "if leg.quantity != 1:", "if False:", AMOUNTS),
    Mutant("domain/orders.py", "not VALUE_MIN <= value <= VALUE_MAX", "value <= 0", AMOUNTS),
    Mutant(
        "domain/orders.py",
        "leg.action in {Action.SELL_TO_OPEN, Action.BUY_TO_CLOSE}",
        "False",
        AMOUNTS,
    ),
    Mutant(
        "domain/orders.py",
        "if self.time_in_force is not TimeInForce.DAY:",
        "if False:",
        AMOUNTS,
    ),
    Mutant(
        "domain/groups.py", "if any(order.by_value for order in self.orders):", "if False:", AMOUNTS
    ),
    Mutant(
        "domain/by_value.py",
        "quantity=int(whole) + (1 if rest else 0)",
        "quantity=int(whole) or 1",
        AMOUNTS,
    ),
    Mutant("domain/by_value.py", "or not quote.two_sided", "", AMOUNTS),
    Mutant(
        "domain/by_value.py", "bool(rest) and rest <= fraction * price", "fraction > 0", AMOUNTS
    ),
    Mutant("domain/by_value.py", "rounding=ROUND_DOWN", "rounding='ROUND_UP'", AMOUNTS),
    Mutant("orders/by_value.py", "if not calendar.is_open(now):", "if False:", BY_VALUE),
    Mutant("orders/by_value.py", "if fractions is None:", "if False:", BY_VALUE),
    Mutant("orders/by_value.py", "if value > (whole + fraction) * bid:", "if False:", BY_VALUE),
    Mutant(
        "orders/by_value.py", "if not pays_the_rest(order, quote, fraction):", "if False:", BY_VALUE
    ),
    Mutant("orders/by_value.py", "if around.quantity(symbol) < 0:", "if False:", BY_VALUE),
    Mutant("orders/figures.py", "if order.by_value and not order.sells:", "if False:", BY_VALUE),
    Mutant("orders/draft.py", "if order.by_value:", "if False:", BY_VALUE),
    Mutant("orders/evidence.py", "shares=self.counted.shares", "shares=order.shares", BY_VALUE),
    Mutant(
        "orders/surroundings.py", "_of_all_held(o, held) if o.order.by_value else o", "o", BY_VALUE
    ),
    Mutant(
        "risk/price.py", "if facts.order_type is OrderType.NOTIONAL_MARKET:", "if False:", BY_VALUE
    ),
    Mutant(
        "risk/price.py",
        "if facts.spread is None or facts.market_net is None:",
        "if facts.market_net is None:",
        BY_VALUE,
    ),
    Mutant("exchange/by_value.py", "if not screen.is_open:", "if False:", PIECES),
    Mutant("exchange/by_value.py", "or not quote.two_sided", "", PIECES),
    Mutant("exchange/by_value.py", "if deal.whole > most:", "if False:", PIECES),
    Mutant("exchange/by_value.py", "if deal.shares > held - taken:", "if False:", PIECES),
    Mutant("exchange/by_value.py", "if account.held(leg.symbol) < 0:", "if False:", PIECES),
    Mutant("exchange/assess.py", "replace(part, ratio=deal.taken)", "part", PIECES),
    Mutant("exchange/assess.py", " if request.by_value else 0,", " * 0,", PAPER_PIECES),
    Mutant("exchange/orders.py", "if request.by_value:", "if False:", PIECES),
    Mutant("exchange/rules.py", "held <= 0 and leg.symbol in account.pieces", "False", PIECES),
    Mutant(
        "exchange/gate.py",
        "not request.order_type.at_market",
        "request.order_type.value != 'market'",
        PIECES,
    ),
    Mutant(
        "brokers/tastytrade/orders/clerk.py",
        "if order.by_value:\n                check",
        "if False:\n                check",
        DOLLARS,
    ),
    Mutant(
        "brokers/tastytrade/orders/rules.py", "if shares.fractions is None:", "if False:", DOLLARS
    ),
    Mutant("brokers/tastytrade/orders/rules.py", "if not shares.fractions:", "if False:", DOLLARS),
    Mutant("brokers/tastytrade/orders/rules.py", "if order.by_value:", "if False:", DOLLARS),
    Mutant(
        "brokers/tastytrade/orders/decoding.py",
        "if told.value_effect in {None, expected} else None",
        "",
        DOLLARS,
    ),
    Mutant(
        "brokers/tastytrade/orders/encoding.py",
        '**({} if by_value else {"quantity": leg.quantity})',
        '"quantity": leg.quantity',
        DOLLARS,
    ),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the source tree that may be broken."""
    copy = tmp_path_factory.mktemp("mutants")
    shutil.copytree(ROOT / "src" / "strikedesk", copy / "strikedesk")
    shutil.copytree(ROOT / "migrations", copy / "strikedesk" / "migrations")
    # Compiled once, not for every mutant; what is broken, and mended, is told apart by its content.
    compileall.compile_dir(
        copy, quiet=2, force=True, invalidation_mode=PycInvalidationMode.CHECKED_HASH
    )
    return copy


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    """Yield a process that runs tests against copies."""
    # What a broken copy runs through is no coverage of ours; on PostgreSQL each would take minutes.
    apart = ("COVERAGE", "STRIKEDESK_TEST_POSTGRES_URL")
    env = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 -- handed on
        if not any(word in name for word in apart)
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tests.house.mutation"],
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Judge(process)
        process.kill()


def must_be_noticed(house: Path, judge: Judge, mutant: Mutant) -> None:
    path = house / "strikedesk" / mutant.file
    sound = path.read_text(encoding="utf-8")
    assert mutant.line in sound, "the safety line moved: bring its mutant along"

    path.write_text(sound.replace(mutant.line, mutant.broken), encoding="utf-8")
    try:
        code, said = judge.run(house, mutant.test)
    finally:
        path.write_text(sound, encoding="utf-8")

    assert code == 1, said


def each_of(mutants: list[Mutant]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("mutant", mutants, ids=lambda m: f"{m.file}:{m.line[:40]}")


# They take minutes: in two classes they are two workers' work.
class TestOneHalf:
    @each_of(MUTANTS[::2])
    def test_a_broken_safety_line_is_noticed(
        self, house: Path, judge: Judge, mutant: Mutant
    ) -> None:
        must_be_noticed(house, judge, mutant)


class TestTheOtherHalf:
    @each_of(MUTANTS[1::2])
    def test_a_broken_safety_line_is_noticed(
        self, house: Path, judge: Judge, mutant: Mutant
    ) -> None:
        must_be_noticed(house, judge, mutant)


@pytest.mark.timeout(600)  # All of those tests in one process; each has its own limit inside.
def test_the_tests_pass_on_the_unbroken_copy(house: Path, judge: Judge) -> None:
    """Else every mutant would seem to be noticed."""
    code, said = judge.run(
        house,
        CONFIRM,
        PREVIEW,
        RECONCILE,
        CHANGE,
        STORM,
        SETTLE,
        LIMITS,
        WORST,
        CONSENT,
        WORDING,
        APPROVALS,
        SETTINGS,
        CONSENT_TOOLS,
        PAGE,
        USED,
        CLI,
        FILED,
        OWNER,
        WALK,
        AUDIT,
        REPLAY,
        REPLAYS,
        BREAKER,
        BREAKER_AT_REST,
        BREAKER_SET,
        WITHDRAW,
        HALTING,
        OPENING,
        SCRUBBER,
        SINK,
        LOGS,
        FILE,
        COMMANDS,
        WIRE,
        CRASHES,
        KEY_FILE,
        ROTATION,
        GROUPS,
        GROUPED,
        SCANS,
        SCANNER,
        LISTING,
        SCANNED,
        ROUNDS,
        SHELF,
        LEASES,
        RUNS,
        AT_ONCE,
        LAWFUL,
        HOURS,
        EXTENDED,
        EVENING,
    )

    assert code == 0, said
