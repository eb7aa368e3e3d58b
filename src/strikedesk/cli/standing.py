"""What a broker has the owner for, in words."""

from strikedesk.domain.customer import Customer


def described(customer: Customer) -> str:
    """Return who somebody is to a broker; what it did not say is said to be unknown."""
    professional = _word(customer.professional, "a professional", "no professional")
    quotes = _word(
        customer.delayed_quotes, "delayed quotes on record", "no delayed quotes on record"
    )
    return f"{professional}, {quotes}"


def _word(told: bool | None, yes: str, no: str) -> str:
    return f"{yes} or not: not told" if told is None else yes if told else no
