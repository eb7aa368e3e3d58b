"""explain_this_order: one order in plain words."""

from typing import Annotated

from pydantic import Field


def explain_this_order(
    order_id: Annotated[str, Field(description="An order_id, or a client_order_id.")],
) -> str:
    """Explain one order in plain words: what it does, where it stands, what can come of it."""
    return f"""\
Explain the order "{order_id}" to me as to somebody who does not trade options every day. Change \
nothing: no preview, no confirm.

1. get_order for the order and its history. What its state means is told in \
strikedesk://guide/order-flow.
2. get_quotes for its legs and the underlying, as far as they still trade.
3. list_positions of its account: what is held of these legs now.

Then tell me, in at most 200 words:
- what each leg is in words, and what the legs are together (see strikedesk://guide/strategies);
- what was asked for, what was filled, at what price, with which fees, and what cash it moved;
- where it stands and how it came to that, from its history, with times;
- the most it can lose and gain at expiration, and where it breaks even, if the legs tell;
- what could be done next, if anything, and by which tool, without doing it.

What the desk calls null is unknown: say so. If its state is unknown, do not suggest sending it \
again. Leave out a step whose tool this server does not serve, and say that you did."""
