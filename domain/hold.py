"""Holds on a client's record: while one stands, nothing of it is destroyed (compliance.md RET-02).

They stand in the client's frame: State and evolve are ``domain/client.py``.
"""

from datetime import date

from domain.client import Client, Hold
from domain.errors import Invalid, WrongState
from domain.events.client import ClientEvent, ClientHoldLifted, ClientHoldPlaced
from domain.values import ItemId, PractitionerId


def place(state: Client, hold: Hold, *, today: date) -> tuple[ClientEvent, ...]:
    """Let nothing be destroyed until the hold is lifted; the review day lies ahead.

    Raises:
        Invalid: The review day has passed.
    """
    if hold.id in state.former_holds or any(each.id == hold.id for each in state.holds):
        return ()
    if hold.review_on <= today:
        raise Invalid("review_on", "must lie ahead")
    return (
        ClientHoldPlaced(
            hold=hold.id, ground=hold.ground, setter=hold.setter, review_on=hold.review_on
        ),
    )


def lift(state: Client, hold: ItemId, lifter: PractitionerId) -> tuple[ClientEvent, ...]:
    """Let a hold go; lifting it again changes nothing.

    Raises:
        WrongState: There never was such a hold.
    """
    if hold in state.former_holds:
        return ()
    if all(each.id != hold for each in state.holds):
        raise WrongState("There is no such hold")
    return (ClientHoldLifted(hold=hold, lifter=lifter),)
