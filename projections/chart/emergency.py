"""The emergency subset of a case: contacts, diagnosis, medication, risk, safety plan, and no more.

It is what emergency access opens and what a crisis sheet carries (architecture, fine print 11;
compliance, BTG-01). Whatever is not named here stays closed: notes, process notes, supervision,
third-party information, tests, recordings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.confidentiality import Class
from projections.chart.problems import DIAGNOSIS, DiagnosisLine, problem_list
from projections.chart.risk import (
    ASSESSMENT,
    CRISIS,
    DETERIORATION,
    PLAN,
    SAFEGUARDING,
    TASK,
    is_open,
    newest,
)
from projections.chart.rows import ChartItem

MEDICATION = "pharmacotherapy"
_ENDED = "ended"
KINDS = (DIAGNOSIS, MEDICATION, TASK, DETERIORATION, ASSESSMENT, PLAN, CRISIS, SAFEGUARDING)
"""The kinds of items that the subset is made of."""
CLASSES = (Class.ADMINISTRATIVE, Class.CLINICAL, Class.RISK)
"""The classes that it is in; of a joint case its content is joint (I) in the place of clinical."""


@dataclass(frozen=True, slots=True)
class EmergencySubset:
    """What somebody who helps in an emergency has to know, words still closed.

    Contacts are on the clients' name cards, which are no part of the chart.
    """

    diagnoses: tuple[DiagnosisLine, ...]
    medication: tuple[ChartItem, ...]
    assessment: ChartItem | None
    plan: ChartItem | None
    waiting: tuple[ChartItem, ...]
    """Open crises, risk tasks, deteriorations and concerns."""


def emergency_subset(items: Iterable[ChartItem]) -> EmergencySubset:
    """The subset of a case's chart; items of other kinds do not come in."""
    found = [each for each in items if each.kind in KINDS]
    stands = [each for each in problem_list(found).diagnoses if not each.refuted]
    medication = [each for each in found if each.kind == MEDICATION]
    open_kinds = (CRISIS, TASK, DETERIORATION, SAFEGUARDING)
    return EmergencySubset(
        diagnoses=tuple(stands),
        medication=tuple(each for each in medication if each.content["status"] != _ENDED),
        assessment=newest(found, ASSESSMENT),
        plan=newest(found, PLAN),
        waiting=tuple(each for each in found if each.kind in open_kinds and is_open(each)),
    )
