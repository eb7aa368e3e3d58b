"""Quote alerts: kept as long as the sandbox runs, each fired once by the market's own quotes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from operator import gt, lt
from typing import Final

from strikedesk.domain.ledger import Json
from strikedesk.domain.quotes import Quote
from strikedesk.domain.symbols import Symbol
from strikedesk.sandbox.refusal import UNPROCESSABLE, Refusal
from strikedesk.sandbox.spelling import instrument_type, read_symbol, streamer_symbol, wire_symbol
from strikedesk.sandbox.wire import decimal, epoch_ms, instant

ALERTS_MAX: Final = 100
_LIVES: Final = timedelta(days=90)  # Where nobody says for how long.
_USER: Final = "sandbox-user"
_FIELDS: Final[Mapping[str, Callable[[Quote], Decimal | None]]] = {
    "Last": lambda quote: quote.last,
    "Bid": lambda quote: quote.bid,
    "Ask": lambda quote: quote.ask,
}
_OPERATORS: Final[Mapping[str, Callable[[Decimal, Decimal], bool]]] = {">": gt, "<": lt}
_SYMBOL_MAX: Final = 40
_MILLIS: Final = 1000
_THRESHOLD_MAX: Final = Decimal(10_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What somebody wants to be told of, once. `fired_at` = when it was."""

    external_id: str
    symbol: Symbol
    field: str
    operator: str
    threshold: Decimal
    created_at: datetime
    expires_at: datetime
    fired_at: datetime | None = None

    def is_met(self, quote: Quote) -> bool:
        """Whether a quote is beyond the threshold; one that lacks the figure is not."""
        figure = _FIELDS[self.field](quote)
        return figure is not None and _OPERATORS[self.operator](figure, self.threshold)

    def told(self) -> dict[str, Json]:
        """Return it as the protocol tells it."""
        known: dict[str, Json] = {
            "alert-external-id": self.external_id,
            "user-external-id": _USER,
            "provider": "strikedesk",
            "symbol": wire_symbol(self.symbol),
            "dx-symbol": streamer_symbol(self.symbol),
            "instrument-type": instrument_type(self.symbol),
            "field": self.field,
            "operator": self.operator,
            "threshold": decimal(self.threshold),
            "threshold-numeric": float(self.threshold),
            "created-at": instant(self.created_at),
            "expires-at": epoch_ms(self.expires_at),
        }
        if self.fired_at is None:
            return known
        return known | {
            "triggered-at": instant(self.fired_at),
            "completed-at": instant(self.fired_at),
        }


@dataclass(slots=True)
class Alerts:
    """The alerts of the one user, by their ids."""

    known: dict[str, Alert] = field(default_factory=dict[str, Alert])

    @property
    def waiting(self) -> tuple[Alert, ...]:
        """Those that have not fired."""
        return tuple(alert for alert in self.known.values() if alert.fired_at is None)

    def add(self, document: Mapping[str, object], *, external_id: str, at: datetime) -> Alert:
        """Keep an alert.

        Raises:
            Refusal: 400, 404; 422 where there are too many.
        """
        if len(self.known) >= ALERTS_MAX:
            raise Refusal(UNPROCESSABLE, "too_many_alerts", "There are too many alerts.")
        alert = Alert(
            external_id=external_id,
            symbol=read_symbol(_text(document, "symbol")),
            field=_one_of(document, "field", _FIELDS),
            operator=_one_of(document, "operator", _OPERATORS),
            threshold=_threshold(document),
            created_at=at,
            expires_at=_expires_at(document, at),
        )
        self.known[external_id] = alert
        return alert

    def look(self, quotes: Mapping[Symbol, Quote], at: datetime) -> None:
        """Fire what is met, and forget what has expired."""
        for alert in self.waiting:
            quote = quotes.get(alert.symbol)
            if alert.expires_at <= at:
                del self.known[alert.external_id]
            elif quote is not None and alert.is_met(quote):
                self.known[alert.external_id] = replace(alert, fired_at=at)


def _text(document: Mapping[str, object], name: str) -> str:
    given = document.get(name)
    if not isinstance(given, str) or not 1 <= len(given) <= _SYMBOL_MAX:
        raise Refusal.of_parameter(name, "is a short text")
    return given


def _one_of(document: Mapping[str, object], name: str, known: Mapping[str, object]) -> str:
    given = document.get(name)
    if not isinstance(given, str) or given not in known:
        raise Refusal.of_parameter(name, f"is one of {' '.join(known)} here")
    return given


def _threshold(document: Mapping[str, object]) -> Decimal:
    given = document.get("threshold", document.get("threshold-numeric"))
    try:
        read = Decimal(str(given)) if isinstance(given, str | int | float) else Decimal("NaN")
    except InvalidOperation:
        read = Decimal("NaN")
    if isinstance(given, bool) or not read.is_finite() or not 0 <= read <= _THRESHOLD_MAX:
        raise Refusal.of_parameter("threshold", "is a price")
    return read


def _expires_at(document: Mapping[str, object], at: datetime) -> datetime:
    """Read when it ends: an instant with its zone, or milliseconds of the epoch."""
    given = document.get("expires-at")
    if given is None:
        return at + _LIVES
    try:
        if isinstance(given, int) and not isinstance(given, bool):
            return datetime.fromtimestamp(given / _MILLIS, tz=at.tzinfo)
        read = datetime.fromisoformat(given) if isinstance(given, str) else None
    except (ValueError, OverflowError, OSError):
        read = None
    if read is None or read.tzinfo is None:
        raise Refusal.of_parameter("expires-at", "is an instant")
    return read
