"""Whether something of risk waits for somebody: what the board shows, and what a closing waits for.

A task or an alert that nobody settled, a crisis that goes on, a concern that is not closed, a grave
assessment whose next one is due.
"""

from collections.abc import Iterable
from datetime import date

from domain import risk, safeguarding, safety
from domain.risk import GRAVE, Assessment


def waits(events: Iterable[object], today: date) -> bool:
    """Whether an item, by its events, is of risk and waits for somebody today.

    A grave assessment that names a later day does not: a therapy can end while the risk is high,
    and nobody has to write that it is lower.
    """
    found = tuple(events)
    task, assessment = risk.fold(found), risk.fold_assessment(found)
    crisis, concern = safety.fold_crisis(found), safeguarding.fold(found)
    return (
        (task is not None and not task.settled)
        or (assessment is not None and _is_due(assessment, today))
        or (crisis is not None and not crisis.resolved)
        or (concern is not None and not concern.closed)
    )


def _is_due(assessment: Assessment, today: date) -> bool:
    last = assessment.last
    grave = last.to_self in GRAVE or last.to_others in GRAVE
    return grave and (last.review_on is None or last.review_on <= today)
