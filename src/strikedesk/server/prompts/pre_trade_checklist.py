"""pre_trade_checklist: an idea held against the market, the account and the owner's limits."""

from typing import Annotated

from pydantic import Field


def pre_trade_checklist(
    account: Annotated[str, Field(description="An account handle, as list_accounts returns it.")],
    idea: Annotated[str, Field(description="The trade in your own words: what, why, how much.")],
) -> str:
    """Check a trade idea before it becomes an order: market, account, limits, and a preview."""
    return f"""\
I am thinking of this trade in the account "{account}": {idea}

Check it with me. Preview it, but do not confirm anything.

1. get_safety_status: may orders leave at all, and which limits apply?
2. get_market_hours: are options trading now? A closed market means old quotes and a waiting order.
3. get_quotes and get_volatility for the underlying: iv30 against hv20 and hv60, its rank, \
earnings or a dividend before the expiration in question, and the expected move to it. \
get_price_history with chart, if a look at it would help me.
4. list_expirations and get_option_chain: contracts that fit the idea, with their spreads and open \
interest. Say it plainly when a market is too wide or too thin.
5. list_positions and get_balances: what I hold already in this underlying, and what I can spend.
6. preview_order with a limit price between mid and natural. The legs of usual strategies are \
spelled out in strikedesk://guide/strategies.

Then give me a list of pass, fail or unknown, each with its figure:
- the idea fits the strategy and its direction; the worst loss is bounded, and what it is;
- break-evens against the expected move; the price against mid and natural;
- spread and open interest of each leg; the age of the quotes;
- buying power before and after; what it adds to positions I have;
- the owner's limits, and every check that the preview could not run.

End with one sentence: do it as previewed, change this, or leave it. I decide, and only when I say \
yes to this preview do you call confirm_order. Leave out a step whose tool this server does not \
serve, and say that you did."""
