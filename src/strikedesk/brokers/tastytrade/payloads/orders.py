"""Orders as tastytrade tells them."""

from strikedesk.brokers.tastytrade.payloads.fields import Day, Moment, Number, Payload, Words


class FillTold(Payload):
    """One execution of a leg."""

    fill_id: Words = None
    ext_group_fill_id: Words = None
    quantity: Number = None
    fill_price: Number = None
    filled_at: Moment = None


class LegTold(Payload):
    """One leg, with what is left of it."""

    instrument_type: Words = None
    symbol: Words = None
    action: Words = None
    quantity: Number = None
    remaining_quantity: Number = None
    fills: tuple[FillTold, ...] = ()


class OrderTold(Payload):
    """An order. A dry run's has no `id`.

    Its size, how it may be changed and the times in between nobody reads, and hundreds of these
    come at once.
    """

    id: Words = None
    account_number: Words = None
    order_type: Words = None
    time_in_force: Words = None
    gtc_date: Day = None
    price: Number = None
    price_effect: Words = None
    stop_trigger: Number = None
    value: Number = None
    value_effect: Words = None
    status: Words = None
    reject_reason: Words = None
    external_identifier: Words = None
    replaces_order_id: Words = None
    replacing_order_id: Words = None
    complex_order_id: Words = None
    complex_order_tag: Words = None
    received_at: Moment = None
    updated_at: Moment = None
    legs: tuple[LegTold, ...] = ()


class ReplacedTold(OrderTold):
    """The answer to a replacement: an order, or one inside of the envelope of placing."""

    order: OrderTold | None = None


class ComplexOrderTold(Payload):
    """A group of orders, the trigger apart."""

    id: Words = None
    trigger_order: OrderTold | None = None
    orders: tuple[OrderTold, ...] = ()


class BuyingPowerTold(Payload):
    """What an order does to buying power; magnitudes, each with its effect."""

    change_in_margin_requirement: Number = None
    change_in_margin_requirement_effect: Words = None
    change_in_buying_power: Number = None
    change_in_buying_power_effect: Words = None
    current_buying_power: Number = None
    current_buying_power_effect: Words = None
    new_buying_power: Number = None
    new_buying_power_effect: Words = None


class FeesTold(Payload):
    """What an order costs."""

    total_fees: Number = None
    total_fees_effect: Words = None


class MessageTold(Payload):
    """A warning or an error beside an order. `message` is the broker's prose."""

    code: Words = None
    message: Words = None


class PlacedTold(Payload):
    """The answer to placing an order, and to a dry run of one."""

    order: OrderTold | None = None
    complex_order: ComplexOrderTold | None = None
    buying_power_effect: BuyingPowerTold | None = None
    fee_calculation: FeesTold | None = None
    warnings: tuple[MessageTold, ...] = ()
    errors: tuple[MessageTold, ...] = ()
