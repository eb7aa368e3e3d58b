"""What an account has beside its stakes as JSON documents, and back: see `documents`."""

from decimal import Decimal

from strikedesk.domain.ledger import Json
from strikedesk.domain.symbols import Symbol, parse_symbol
from strikedesk.exchange import fields
from strikedesk.exchange.accounts import Move, PaperAccount, Piece, Receivable, Today
from strikedesk.exchange.fields import Document

_PIECE = ("symbol", "quantity", "cost", "opened_at")
_RECEIVABLE = ("underlying", "shares", "per_share", "amount", "day", "pay_day")
_MOVE = ("symbol", "quantity", "amount")


def write_pieces(account: PaperAccount) -> dict[str, Json]:
    """Return what most accounts have nothing of."""
    if not account.pieces:
        return {}
    return {
        "pieces": [
            [symbol.compact, str(each.quantity), str(each.cost), fields.told_at(each.opened_at)]
            for symbol, each in account.pieces.items()
        ]
    }


def read_pieces(document: Document) -> dict[Symbol, Piece]:
    """Return the parts of shares of an account; older documents have none."""
    return {
        parse_symbol(fields.text(row, "symbol")): Piece(
            quantity=fields.amount(row, "quantity"),
            cost=fields.amount(row, "cost"),
            opened_at=fields.instant(row, "opened_at"),
        )
        for row in fields.rows_or_none(document, "pieces", *_PIECE)
    }


def write_count(quantity: int | Decimal) -> Json:
    """Return a quantity: a number where it is whole by its kind, else a text."""
    return str(quantity) if isinstance(quantity, Decimal) else quantity


def write_receivable(receivable: Receivable) -> list[Json]:
    """Return a dividend that is due."""
    return [
        receivable.underlying,
        write_count(receivable.shares),
        str(receivable.per_share),
        str(receivable.amount),
        receivable.day.isoformat(),
        receivable.pay_day.isoformat(),
    ]


def read_receivables(document: Document) -> tuple[Receivable, ...]:
    """Return the dividends that are due; older documents have none."""
    if document.get("receivables") is None:
        return ()
    return tuple(
        Receivable(
            underlying=fields.text(row, "underlying"),
            shares=fields.count(row, "shares"),
            per_share=fields.amount(row, "per_share"),
            amount=fields.amount(row, "amount"),
            day=fields.day(row, "day"),
            pay_day=fields.day(row, "pay_day"),
        )
        for row in fields.rows(document, "receivables", *_RECEIVABLE)
    )


def write_today(today: Today) -> dict[str, Json]:
    """Return what happened on a trading day."""
    return {
        "day": today.day.isoformat(),
        "dividends": str(today.dividends),
        "moves": [
            [symbol.compact, write_count(move.quantity), str(move.amount)]
            for symbol, move in today.moves.items()
        ],
    }


def read_today(document: Document) -> Today | None:
    """Return what happened on a trading day, or None where nothing is told."""
    if document.get("today") is None:
        return None
    part = fields.part(document, "today")
    return Today(
        day=fields.day(part, "day"),
        dividends=fields.amount(part, "dividends"),
        moves={
            parse_symbol(fields.text(row, "symbol")): Move(
                quantity=fields.count(row, "quantity"), amount=fields.amount(row, "amount")
            )
            for row in fields.rows(part, "moves", *_MOVE)
        },
    )
