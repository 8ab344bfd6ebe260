"""A referral: what it goes through, and to whom it may go."""

from datetime import datetime

from domain.errors import Invalid
from domain.events.referral import (
    Professional,
    ReferralAccepted,
    ReferralAnswered,
    ReferralDeclined,
    ReferralEvent,
    ReferralMade,
    ReferralWithdrawn,
)
from domain.lifecycle import Item, Lifecycle, step

MADE, ACCEPTED, DECLINED, ANSWERED = "made", "accepted", "declined", "answered"
WITHDRAWN = "withdrawn"
LIFE = Lifecycle(
    "referral",
    ReferralMade,
    MADE,
    {
        ReferralAccepted: step(MADE, to=ACCEPTED),
        ReferralDeclined: step(MADE, ACCEPTED, to=DECLINED),
        ReferralAnswered: step(MADE, ACCEPTED, ANSWERED, to=ANSWERED),
        ReferralWithdrawn: step(MADE, ACCEPTED, to=WITHDRAWN),
    },
)
fold = LIFE.fold


def decide(state: Item | None, said: ReferralEvent, *, now: datetime) -> tuple[ReferralEvent, ...]:
    """What is recorded of what is said about a referral; several answers may come.

    Raises:
        Invalid: It is to nobody, would be answered before it was made, or a text says nothing.
        InTheFuture: It is said to have happened later than now.
        WrongState: The referral does not stand where this can follow.
    """
    if isinstance(said, ReferralMade):
        must_be_somebody(said.to)
        if said.answer_by is not None and said.answer_by < said.occurred_at.date():
            raise Invalid("answer_by", "lies before the referral")
    return LIFE.decide(state, said, now=now)


def must_be_somebody(professional: Professional) -> None:
    """Refuse a professional who has neither a name nor an organisation.

    Raises:
        Invalid: It is nobody.
    """
    if professional.name is None and professional.organisation is None:
        raise Invalid("name", "or an organisation is needed")
