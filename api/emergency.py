"""The emergency subset of a case as people read it: at the door, and on a crisis sheet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from api.compose import Clinic
from api.http.naming import Naming
from api.http.on_chart import told
from api.http.schemas.risk import (
    CrisisTold,
    EmergencyContactTold,
    EmergencyDiagnosisTold,
    EmergencyMedicationTold,
    EmergencyTold,
    RiskAssessmentTold,
    RiskTaskTold,
    SafeguardingTold,
    SafetyPlanTold,
)
from domain.ports import Opening
from domain.values import CaseId
from projections.chart.emergency import KINDS, emergency_subset
from projections.chart.queries import ChartItem
from projections.chart.risk import (
    ASSESSMENT,
    CRISIS,
    DETERIORATION,
    PLAN,
    SAFEGUARDING,
    TASK,
    current,
)
from projections.chart.work_lines import as_it_stands
from projections.name_cards import Card

_TOLD: dict[str, type[Any]] = {
    TASK: RiskTaskTold,
    DETERIORATION: RiskTaskTold,
    ASSESSMENT: RiskAssessmentTold,
    PLAN: SafetyPlanTold,
    CRISIS: CrisisTold,
    SAFEGUARDING: SafeguardingTold,
}


def risk_told(item: ChartItem, naming: Naming) -> Any:
    """The answer for an item of risk as it stands, with every step that led there."""
    return told(_TOLD[item.kind], item, naming, occurred_at=item.occurred_at, **_latest(item))


def _latest(item: ChartItem) -> dict[str, Any]:
    """What an assessment says now; of the others the beginning and the steps say it."""
    if item.kind != ASSESSMENT:
        return {}
    found = dict(current(item))
    found.pop("occurred_at", None)
    return found


def emergency_told(clinic: Clinic, case: CaseId, opening: Opening, naming: Naming) -> EmergencyTold:
    """The emergency subset of a case that a recorded look has opened."""
    subset = emergency_subset(clinic.views.chart.items(case, opening, *KINDS))
    waiting = {
        kind: [risk_told(each, naming) for each in subset.waiting if each.kind == kind]
        for kind in _TOLD
    }
    assessment, plan = subset.assessment, subset.plan
    return EmergencyTold(
        case=case,
        contacts=list(_contacts(clinic, case, opening)),
        diagnoses=[
            EmergencyDiagnosisTold(
                coding=each.coded[0],
                code=each.coded[1],
                title=each.coded[2],
                certainty=each.certainty,
            )
            for each in subset.diagnoses
        ],
        medication=[_medication(each, naming) for each in subset.medication],
        assessment=None if assessment is None else risk_told(assessment, naming),
        safety_plan=None if plan is None else risk_told(plan, naming),
        tasks=waiting[TASK] + waiting[DETERIORATION],
        crises=waiting[CRISIS],
        safeguarding=waiting[SAFEGUARDING],
    )


def _medication(item: ChartItem, naming: Naming) -> EmergencyMedicationTold:
    found = told(_Medication, item, naming)
    stands = as_it_stands(item)
    return EmergencyMedicationTold(
        substance=stands["substance"], dose=stands.get("dose"), words=found.words
    )


class _Medication(EmergencyMedicationTold):
    """Of a medicine only its words are closed."""

    substance: str = ""


def _contacts(clinic: Clinic, case: CaseId, opening: Opening) -> Iterable[EmergencyContactTold]:
    frame, _ = clinic.desk.case(case)
    for client in frame.everyone if frame else ():
        card = clinic.views.name_cards.of(client, opening)
        if card is not None:
            yield from _of_card(card)


def _of_card(card: Card) -> Iterable[EmergencyContactTold]:
    yield EmergencyContactTold(
        name=card.name,
        relation="client",
        phone=card.phone,
        email=card.email,
        address=", ".join(card.address) if card.address else None,
    )
    for each in card.representatives:
        yield EmergencyContactTold(
            name=f"{each.given_name} {each.family_name}",
            relation=each.authority,
            phone=each.phone,
            address=", ".join(each.address) if each.address else None,
        )
