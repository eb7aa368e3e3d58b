"""Parts of a share: how they come, go, divide and become whole ones.

Law: a part is above nothing and below one share, in steps of SHARE_STEP; what comes to a whole one
moves over to the whole ones, at its average cost. Cash, cost and profit balance as ever: see
`accounts`.
"""

from dataclasses import replace
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal

from strikedesk.domain.by_value import SHARE_STEP
from strikedesk.domain.symbols import Symbol
from strikedesk.exchange.accounts import COST_STEP, NOTHING, PaperAccount, Piece


def shares_of(account: PaperAccount, symbol: Symbol) -> Decimal:
    """Return all that is held of a symbol, whole shares and the part of one."""
    return account.held(symbol) + account.part(symbol)


def whole_taken(account: PaperAccount, symbol: Symbol, shares: Decimal) -> int:
    """Return the whole shares that a sale of `shares` takes or takes apart, after the part held."""
    beyond = shares - account.part(symbol)
    return max(int(beyond.to_integral_value(rounding=ROUND_CEILING)), 0)


def bought(
    account: PaperAccount,
    symbol: Symbol,
    shares: Decimal,
    amount: Decimal,
    at: datetime,
    *,
    fees: Decimal = NOTHING,
) -> PaperAccount:
    """Return the account after `amount` USD was paid for `shares`, and `fees`."""
    piece = account.pieces.get(symbol) or Piece(quantity=NOTHING, cost=NOTHING, opened_at=at)
    more = replace(piece, quantity=piece.quantity + shares, cost=piece.cost + amount)
    paid = _after(account, symbol, (shares, amount), at, fees)
    return _whole_moved_over(paid, symbol, more, at)


def sold(
    account: PaperAccount,
    symbol: Symbol,
    shares: Decimal,
    amount: Decimal,
    at: datetime,
    *,
    fees: Decimal = NOTHING,
) -> PaperAccount:
    """Return the account after `amount` USD came in for `shares` that it held, less `fees`.

    The part of a share goes first; as many whole ones as it takes are taken apart.
    """
    ready = _taken_apart(account, symbol, whole_taken(account, symbol, shares), at)
    piece = ready.pieces[symbol]
    released = _part_of(piece.cost, shares, piece.quantity)
    rest = replace(piece, quantity=piece.quantity - shares, cost=piece.cost - released)
    paid = _after(ready, symbol, (-shares, -amount), at, fees)
    return _with_piece(replace(paid, realized=paid.realized + amount - released), symbol, rest)


def divided(
    account: PaperAccount, symbol: Symbol, new: int, old: int, at: datetime
) -> PaperAccount:
    """Return the account after a split of the part of a share that it holds, to the nearest step.

    What is less than half a step has gone, and its cost is a loss.
    """
    piece = account.pieces[symbol]
    quantity = (piece.quantity * new / old).quantize(SHARE_STEP, rounding=ROUND_HALF_EVEN)
    if not quantity:
        lost = replace(account, realized=account.realized - piece.cost)
        return _with_piece(lost, symbol, replace(piece, quantity=NOTHING))
    return _whole_moved_over(account, symbol, replace(piece, quantity=quantity), at)


def _after(
    account: PaperAccount,
    symbol: Symbol,
    moved: tuple[Decimal, Decimal],
    at: datetime,
    fees: Decimal,
) -> PaperAccount:
    """Return the account after USD were paid (+) for shares that came (+), or the other way."""
    shares, amount = moved
    return replace(
        account,
        cash=account.cash - amount - fees,
        fees=account.fees + fees,
        today=account.day_of(at).with_move(symbol, shares, amount),
    )


def _whole_moved_over(
    account: PaperAccount, symbol: Symbol, piece: Piece, at: datetime
) -> PaperAccount:
    """Return the account with the whole shares of `piece` among its whole ones."""
    whole = int(piece.quantity)
    if not whole:
        return _with_piece(account, symbol, piece)
    cost = _part_of(piece.cost, Decimal(whole), piece.quantity)
    rest = replace(piece, quantity=piece.quantity - whole, cost=piece.cost - cost)
    return _with_piece(_passed(account, symbol, whole, cost, at), symbol, rest)


def _taken_apart(account: PaperAccount, symbol: Symbol, whole: int, at: datetime) -> PaperAccount:
    """Return the account with so many of its whole shares among the part of one."""
    if not whole:
        return account
    stake = account.stakes[symbol]
    cost = _part_of(stake.cost, Decimal(whole), Decimal(stake.quantity))
    piece = account.pieces.get(symbol) or Piece(
        quantity=NOTHING, cost=NOTHING, opened_at=stake.opened_at
    )
    more = replace(piece, quantity=piece.quantity + whole, cost=piece.cost + cost)
    return _with_piece(_passed(account, symbol, -whole, -cost, at), symbol, more)


def _passed(
    account: PaperAccount, symbol: Symbol, whole: int, cost: Decimal, at: datetime
) -> PaperAccount:
    """Return the account after whole shares came (+) or went (-) at cost: nobody traded them."""
    moved = account.moved(symbol, whole, cost, at)
    return replace(moved, cash=account.cash, today=account.today)


def _with_piece(account: PaperAccount, symbol: Symbol, piece: Piece) -> PaperAccount:
    pieces = {**account.pieces, symbol: piece}
    if not piece.quantity:
        del pieces[symbol]
    return replace(account, pieces=pieces)


def _part_of(cost: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Return the cost of a part; all of it with the last."""
    if part == whole:
        return cost
    return (cost * part / whole).quantize(COST_STEP, rounding=ROUND_HALF_EVEN)


def average_cost(piece: Piece) -> Decimal:
    """Return the USD per share paid on average, positive."""
    return (piece.cost / piece.quantity).quantize(COST_STEP, rounding=ROUND_HALF_EVEN)
