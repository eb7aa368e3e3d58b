"""Every reason the desk can give for not doing something, with its number and the next step.

Families by thousands: 1 access, 2 orders and risk, 3 market data, 4 broker, 5 configuration.
A number, once published, keeps its meaning for ever; `docs/reasons.md` is generated from here.
"""

from enum import Enum


class Reason(Enum):
    """Why the desk said no: `code` for programs, `next_step` for whoever asked."""

    AUTHENTICATION_FAILED = (1001, "Sign in again: run `strikedesk doctor` to see what is missing.")
    INSUFFICIENT_PERMISSIONS = (
        1002,
        "This caller may only read. Use a token with scope `trade`, or start without --read-only.",
    )
    ACCOUNT_UNKNOWN = (1003, "Use an account handle that list_accounts returns.")
    CALLER_MISMATCH = (1004, "Only the caller that made a preview may confirm it. Preview again.")
    TOOL_NOT_SERVED = (1005, "Use one of the tools that tools/list names; --toolsets adds more.")
    BROKER_LINK_ENDED = (
        1006,
        "Its owner makes a new grant at the broker, then runs `strikedesk login` and starts anew.",
    )
    BROKER_SCOPE_MISSING = (
        1007,
        "The grant does not allow that. Its owner makes one at the broker with the scope for it.",
    )
    BROKER_LINK_ELSEWHERE = (1008, "Link a grant of the environment that the facts name as here.")
    BROKER_NOT_LINKED = (1009, "Its owner runs `strikedesk login` and starts anew.")

    INVALID_ORDER = (2001, "Fix the named field and preview again.")
    INSUFFICIENT_BUYING_POWER = (2002, "Reduce the size, or free buying power first.")
    INVALID_ARGUMENT = (2003, "Fix the named argument and call again.")
    INVALID_SYMBOL = (2004, "Write it as AAPL or AAPL261218C00200000 (root, YYMMDD, C/P, strike).")
    INVALID_LEGS = (2005, "Give 1 to 4 legs of {symbol, action, quantity}, one underlying.")
    INVALID_QUANTITY = (2006, "A quantity is a whole number, 1 or more.")
    INVALID_PRICE = (2007, "Give a positive decimal price and price_effect debit, credit or even.")
    INVALID_TICK = (2008, "Use a price on the tick that the facts name.")
    INVALID_TIME_IN_FORCE = (
        2009,
        "Use day, gtc, gtd with a gtd_date, or ioc; for shares at a limit any ext word too.",
    )
    PREVIEW_UNKNOWN = (2010, "Call preview_order again and confirm what it returns.")
    PREVIEW_EXPIRED = (2011, "Prices move: call preview_order again.")
    NONCE_MISMATCH = (2012, "The preview is void now. Call preview_order again.")
    PREVIEW_VOID = (2013, "This preview cannot be used any more. Call preview_order again.")
    CLOCK_WENT_BACK = (2014, "The clock moved behind the preview's creation. Preview again.")
    INSTRUMENT_NOT_TRADED = (
        2015,
        "This desk has shares, indexes and options on them. See list_positions for what is held.",
    )
    CONTRACTS_ABOVE_LIMIT = (2101, "Reduce the quantity, or ask the owner to raise the limit.")
    LOSS_ABOVE_LIMIT = (2102, "Choose a smaller or narrower order, or ask the owner.")
    LOSS_UNDEFINED = (2103, "Buy a protecting leg, or ask the owner to allow undefined risk.")
    PRICE_OUTSIDE_COLLAR = (2104, "Move the price towards the quotes shown in the preview.")
    QUOTE_STALE = (2105, "Wait for a fresh quote, then preview again.")
    QUOTE_MISSING = (2106, "No two-sided quote for that leg: choose another contract.")
    CHECK_IMPOSSIBLE = (2107, "A check lacked a fact, so it denies. The facts name the check.")
    TRADING_HALTED = (
        2108,
        "Only the owner ends a halt: no file HALT in the home folder, and `strikedesk resume`.",
    )
    ORDER_UNKNOWN = (2110, "Use an order_id that list_orders returns.")
    ORDER_NOT_WORKING = (2111, "That order is no longer working. See get_order for its state.")
    POSITION_UNKNOWN = (2112, "Use a symbol that list_positions returns for this account.")
    CLOSE_EXCEEDS_POSITION = (2113, "Close at most what list_positions shows as held.")
    CONSENT_DECLINED = (2114, "The owner said no. Nothing was sent.")
    MARKET_ORDER_REFUSED = (2115, "Use a limit price: options orders need one here.")
    NOTHING_TO_CHANGE = (2116, "Change the price, the quantity or the time in force.")
    UNSETTLED_ORDER = (
        2117,
        "An earlier order's outcome is unknown: see get_order, or `strikedesk orders settle`.",
    )
    STOP_ON_WRONG_SIDE = (2118, "A buy stop stands above the market, a sell stop below it.")
    QUANTITY_ABOVE_VENUE_LIMIT = (2119, "Split the order: a leg may ask for so many at most.")
    CHANGE_PENDING = (2120, "A change of that order is on its way. See get_order for its outcome.")
    OTHER_SIDE_FILLED = (2121, "The other side of its group filled: it is not needed any more.")
    OTHER_SIDE_ENDED = (2122, "The other side of its group ended, and took it along.")
    TRIGGER_ENDED = (2123, "The order that was to set it to work ended before it had filled.")
    NOT_IN_DOUBT = (2124, "Nothing to settle, or not yet: `strikedesk orders list --unsettled`.")
    OPTION_LEVEL_TOO_LOW = (
        2130,
        "Choose what this account's option level in list_accounts allows.",
    )
    MARGIN_CALL_OPEN = (2131, "Only close until get_balances shows no call: free margin first.")
    NOTIONAL_ABOVE_LIMIT = (2140, "Reduce the quantity, or ask the owner to raise the limit.")
    DAY_LOSS_ABOVE_LIMIT = (
        2141,
        "Wait for the next exchange day, choose less risk, or only close.",
    )
    DAY_NOTIONAL_ABOVE_LIMIT = (2142, "Wait for the next exchange day, order less, or only close.")
    ORDERS_TOO_FAST = (2143, "Wait a minute, then preview again. Closing orders still pass.")
    DAY_ORDERS_ABOVE_LIMIT = (2144, "Wait for the next exchange day. Closing orders still pass.")
    DUPLICATE_ORDER = (2145, "An equal order just left: see get_order. Wait out the window.")
    BUYING_POWER_ABOVE_LIMIT = (2146, "Choose an order that takes less of the buying power.")
    DELTA_ABOVE_LIMIT = (2147, "Choose an order that brings the delta nearer to zero.")
    SYMBOL_NOT_ALLOWED = (2148, "The owner does not let this underlying be opened. Choose another.")
    CLOSING_ONLY = (2149, "Only orders that close what is held may leave. See list_positions.")
    ACCOUNT_FROZEN = (2150, "The broker takes no order for this account. Its owner has to ask why.")
    EXPIRES_TOO_SOON = (2151, "Choose a later expiration. Closing orders still pass.")
    INTRADAY_MARGIN_SHORT = (2152, "Free margin first: see get_balances, and close something.")
    CONSENT_EXPIRED = (2160, "Nobody agreed in time. Nothing was sent; call preview_order again.")
    APPROVALS_FULL = (2161, "Let the owner decide what waits: `strikedesk approvals`.")
    APPROVAL_CHANGED = (
        2162,
        "It is not what the owner was shown, and was not sent. Preview again.",
    )
    APPROVAL_UNKNOWN = (2163, "See `strikedesk approvals`, and answer at the broker that it names.")
    CODE_WRONG = (2164, "Ask the person for the code that `strikedesk approvals` shows.")

    MARKET_CLOSED = (3001, "See get_market_hours for the next session.")
    SYMBOL_NOT_FOUND = (3002, "Search with search_symbols.")
    EXPIRATION_NOT_FOUND = (3003, "See list_expirations for what is listed.")
    CONTRACT_NOT_FOUND = (3004, "See get_option_chain for listed strikes.")
    DATA_UNAVAILABLE = (3005, "The broker has no such data. Try another symbol or range.")
    PAGE_PAST_END = (3006, "Ask for a page between 1 and the last page named in the facts.")
    NO_QUOTE = (3007, "Nobody quotes that symbol now. Try during market hours.")
    UNDERLYING_HALTED = (3008, "Trading in it is halted. A limit order may wait; others may not.")
    CONTRACT_ENDED = (3009, "That contract trades no more. See list_expirations.")

    BROKER_UNAVAILABLE = (4001, "Nothing was sent. Wait a moment and try again.")
    BROKER_REJECTED = (4002, "No order exists at the broker. Read the facts and change the order.")
    OUTCOME_UNKNOWN = (4003, "Do not send again. Call get_order with the client_order_id.")
    NOT_SUPPORTED = (4004, "This broker cannot do that. See get_safety_status for what it can.")
    CHANGE_REJECTED = (4005, "It changed nothing. See get_order for where that order stands.")

    CONFIGURATION_UNREADABLE = (5001, "Fix the named setting, then start again.")
    VAULT_LOCKED = (5002, "Unlock the keyring, or set vault.key_file or STRIKEDESK_VAULT_KEY.")
    VAULT_KEY_MISSING = (5003, "Bring back the key named in the facts, or link the broker again.")
    VAULT_TAMPERED = (5004, "A stored secret was altered. Restore a backup, or link again.")
    VAULT_KEY_FILE_UNSAFE = (5005, "Make the key file yours alone: chmod 600, no link.")
    DATABASE_UNREADABLE = (5006, "Run `strikedesk doctor`; restore with `strikedesk db restore`.")
    DATABASE_NEWER = (5007, "A newer strikedesk wrote this database. Upgrade this program.")
    TAPE_UNREADABLE = (5008, "Mend the file where the facts say, or name another, then try again.")
    CLIENT_CONFIG_UNREADABLE = (5009, "Fix the client's configuration file; nothing was changed.")
    DATABASE_BEHIND = (5010, "Run `strikedesk db upgrade`, then start again.")
    DATABASE_UNAVAILABLE = (5011, "Nothing was written. Try again; if it stays, see the cause.")
    DESK_FAULT = (5012, "Tell the owner: the log has the incident. See list_orders before a retry.")
    BROKER_VERSION_ENDED = (5013, "The broker no longer serves this version. Upgrade this program.")
    CLOCK_NOT_STEPPED = (
        5020,
        "Set STRIKEDESK_PAPER__WORLD to a new name and STRIKEDESK_PAPER__CLOCK to stepped first.",
    )
    SNAPSHOT_UNREADABLE = (5021, "Use what `strikedesk paper snapshot` wrote. Nothing was changed.")

    def __init__(self, code: int, next_step: str) -> None:
        """Spread the pair over two names."""
        self.code = code
        self.next_step = next_step
