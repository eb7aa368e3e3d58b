"""Exercise before the end: the holder of a long American option turns it into shares.

It takes effect at once and not overnight, so shares that are there when an ex-day opens earn its
dividend, as they do where the exchange is told on the day before. It can be asked for while the
market is open, and until the contract has traded for the last time: what is in the money then is
exercised by itself.
"""

from datetime import datetime

from strikedesk.domain.money import CENT
from strikedesk.domain.orders import Action, Leg, OrderRequest, OrderType, TimeInForce
from strikedesk.domain.reasons import Reason
from strikedesk.domain.symbols import EquitySymbol, OptionSymbol
from strikedesk.domain.terms import ExerciseStyle, Terms
from strikedesk.exchange import power, rules
from strikedesk.exchange.delivery import Ending, can_deliver, fees_of, leave
from strikedesk.exchange.ends import trades_until
from strikedesk.exchange.holdings import with_underlyings
from strikedesk.exchange.market import Market
from strikedesk.exchange.screen import Screen, look
from strikedesk.exchange.world import World


def exercise(
    world: World,
    market: Market,
    at: datetime,
    account_id: str,
    *,
    contract: OptionSymbol,
    quantity: int,
) -> None:
    """Exercise `quantity` held contracts at `at`. What is refused changes nothing.

    Raises:
        Rejected: CONTRACT_NOT_FOUND, CONTRACT_ENDED once it stopped trading; MARKET_CLOSED;
            INVALID_ORDER for a European one and one that is not in the money;
            CLOSE_EXCEEDS_POSITION for more than is held and promised to no order;
            INSUFFICIENT_BUYING_POWER; CHECK_IMPOSSIBLE where a price is missing.
        Denied: ACCOUNT_UNKNOWN, INVALID_QUANTITY.
    """
    account = world.account(account_id)
    terms = _terms(market, contract, at)
    screen = look(market, with_underlyings({contract, *account.stakes}), at)
    if not screen.is_open:
        raise rules.rejection(Reason.MARKET_CLOSED, rule="exercise_needs_an_open_market")
    rivals = world.orders.weighing(account_id, contract.underlying)
    rules.closing_legs(_as_order(account_id, contract, quantity), account, rivals)
    ending = _ending(screen, account_id, contract, terms, quantity)
    _check_means(world, ending, screen)
    leave(world, ending, at)


def _terms(market: Market, contract: OptionSymbol, at: datetime) -> Terms:
    terms = market.terms(contract)
    if terms is None:
        raise rules.rejection(Reason.CONTRACT_NOT_FOUND, symbol=contract.compact)
    if trades_until(contract, terms) <= at:
        raise rules.rejection(Reason.CONTRACT_ENDED, symbol=contract.compact)
    if terms.style is not ExerciseStyle.AMERICAN:
        raise rules.rejection(Reason.INVALID_ORDER, rule="a_european_contract_waits_for_its_end")
    return terms


def _as_order(account_id: str, contract: OptionSymbol, quantity: int) -> OrderRequest:
    """Return the order that would close as much, and is held to the same rules."""
    leg = Leg(symbol=contract, action=Action.SELL_TO_CLOSE, quantity=quantity)
    return OrderRequest(
        account_id=account_id,
        legs=(leg,),
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.DAY,
    )


def _ending(
    screen: Screen, account_id: str, contract: OptionSymbol, terms: Terms, quantity: int
) -> Ending:
    spot = screen.mark(EquitySymbol(contract.underlying))
    if spot is None:
        raise rules.rejection(Reason.CHECK_IMPOSSIBLE, check="price_of_the_underlying")
    ending = Ending(
        account_id=account_id,
        contract=contract,
        terms=terms,
        quantity=quantity,
        settled_at=spot,
        early=True,
    )
    if ending.intrinsic < CENT:
        raise rules.rejection(Reason.INVALID_ORDER, rule="only_what_is_in_the_money_is_exercised")
    return ending


def _check_means(world: World, ending: Ending, screen: Screen) -> None:
    """Refuse what the account cannot deliver, or carry afterwards."""
    account = world.accounts[ending.account_id]
    before = power.buying_power(world, account, screen)
    if not can_deliver(account, ending, fees_of(world, ending, screen.at)):
        raise rules.rejection(Reason.INSUFFICIENT_BUYING_POWER, buying_power=before)
    trial = world.fork()
    leave(trial, ending, screen.at)
    after = power.buying_power(trial, trial.accounts[ending.account_id], screen)
    if before is None or after is None:
        raise rules.rejection(Reason.CHECK_IMPOSSIBLE, check="buying_power")
    if after < min(before, 0):
        raise rules.rejection(
            Reason.INSUFFICIENT_BUYING_POWER, buying_power=before, needed=before - after
        )
