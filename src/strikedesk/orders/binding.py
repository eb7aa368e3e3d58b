"""What a nonce is tied to, and how it is kept: only as a hash."""

import hashlib
from collections.abc import Sequence

from strikedesk.domain.canonical import canonical_json
from strikedesk.domain.ledger import OrderRecord
from strikedesk.orders.groups import told_of


def hash_nonce(nonce: str) -> str:
    """Return the SHA-256 of a nonce, hex; the one form in which it is stored."""
    return hashlib.sha256(nonce.encode(errors="surrogatepass")).hexdigest()


def binding_of(record: OrderRecord, others: Sequence[OrderRecord] = ()) -> str:
    """Return the SHA-256 over everything that confirming must not differ in.

    The canonical order, what is done with it and to which order, the account, the caller, the
    broker and its environment, and of a group its kind and every other order of it, in their
    order: a change to any of them makes another binding.
    """
    tied = {
        "account": record.account_id,
        "broker": record.broker,
        "caller": record.caller,
        "client_order_id": record.client_order_id,
        "environment": record.environment,
        "kind": record.kind,
        "order": record.order.canonical,
        "order_id": record.order_id,
        "target": record.target_broker_order_id,
        "target_order_id": record.target_order_id,
        **told_of(record, others),
    }
    return hashlib.sha256(canonical_json(tied).encode("ascii")).hexdigest()
