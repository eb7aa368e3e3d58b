"""Fixtures of the unit tests."""

import pytest

from tests.unit.order_desk import OrderDesk


@pytest.fixture
def orders() -> OrderDesk:
    return OrderDesk()
