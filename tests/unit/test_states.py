"""Order states: the table of legal moves says all there is to say."""

from itertools import product

import pytest

from strikedesk.domain.states import LEGAL_MOVES, OrderState

ENDS = {"filled", "cancelled", "replaced", "rejected", "expired", "declined", "lapsed"}


def test_every_state_has_a_row_and_only_the_ends_are_final() -> None:
    assert set(LEGAL_MOVES) == set(OrderState)
    assert {state.value for state in OrderState if state.is_final} == ENDS


def test_an_end_leads_nowhere() -> None:
    """A filled order that came back to life would be sent again."""
    for state, other in product(OrderState, OrderState):
        if state.is_final:
            assert state.may_become(other) == (state is other)


@pytest.mark.parametrize("state", [OrderState.PREVIEWED, OrderState.AWAITING_CONSENT])
def test_what_never_left_must_pass_through_submitting(state: OrderState) -> None:
    """No path leads to the broker that does not first write the intent down."""
    after = LEGAL_MOVES[state]

    assert after <= {
        OrderState.AWAITING_CONSENT,
        OrderState.SUBMITTING,
        OrderState.DECLINED,
        OrderState.LAPSED,
    }


def test_submitting_is_entered_from_waiting_states_only() -> None:
    sources = {state for state in OrderState if OrderState.SUBMITTING in LEGAL_MOVES[state]}

    assert sources == {OrderState.PREVIEWED, OrderState.AWAITING_CONSENT}


def test_doubt_can_end_in_anything_but_a_second_send() -> None:
    assert OrderState.SUBMITTING not in LEGAL_MOVES[OrderState.UNKNOWN]
    assert OrderState.FILLED in LEGAL_MOVES[OrderState.UNKNOWN]
