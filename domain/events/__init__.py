"""The vocabulary: everything that the clinic can record, by stored name.

Names, versions and the order of fields are the storage format. They never change: a new version of
an event gets a new ``VERSION`` and an upcaster in ``infrastructure/codec.py``.
"""

from domain.events import (
    access,
    adverse_event,
    alliance,
    attachment,
    authorisation,
    case,
    case_pack,
    client,
    complaint,
    conflict,
    consent,
    continuity,
    contract,
    crisis_sheet,
    diagnosis,
    ending,
    enquiry,
    erasure,
    formulation,
    goal,
    group,
    guardianship,
    homework,
    instrument,
    intake,
    integration,
    joint,
    measure,
    method,
    note,
    plan,
    portfolio,
    practitioner,
    process_note,
    referral,
    risk,
    safeguarding,
    safety,
    search,
    session,
    shared_care,
    skill,
    supervision,
    work_area,
)
from domain.events.access import AccessEvent
from domain.events.adverse_event import AdverseEvent
from domain.events.alliance import AllianceEvent
from domain.events.attachment import AttachmentEvent
from domain.events.authorisation import AuthorisationEvent
from domain.events.case import CaseEvent
from domain.events.case_pack import CasePackEvent
from domain.events.client import ClientEvent
from domain.events.complaint import ComplaintEvent
from domain.events.conflict import ConflictEvent
from domain.events.consent import ConsentEvent
from domain.events.continuity import ContinuityEvent
from domain.events.contract import ContractEvent
from domain.events.crisis_sheet import CrisisSheetEvent
from domain.events.diagnosis import DiagnosisEvent
from domain.events.ending import EndingEvent
from domain.events.enquiry import EnquiryEvent
from domain.events.erasure import ErasureEvent
from domain.events.formulation import FormulationEvent
from domain.events.goal import GoalEvent
from domain.events.group import CandidateEvent, GroupEvent
from domain.events.guardianship import GuardianshipEvent
from domain.events.homework import HomeworkEvent
from domain.events.instrument import InstrumentEvent
from domain.events.intake import IntakeEvent
from domain.events.integration import IntegrationEvent
from domain.events.joint import JointEvent
from domain.events.measure import MeasureEvent
from domain.events.method import MethodEvent
from domain.events.note import NoteEvent
from domain.events.plan import PlanEvent
from domain.events.portfolio import PortfolioEvent
from domain.events.practitioner import PractitionerEvent
from domain.events.process_note import ProcessNoteEvent
from domain.events.referral import ReferralEvent
from domain.events.risk import RiskEvent
from domain.events.safeguarding import SafeguardingEvent
from domain.events.safety import SafetyEvent
from domain.events.search import SearchEvent
from domain.events.session import SessionEvent
from domain.events.shared_care import SharedCareEvent
from domain.events.skill import SkillEvent
from domain.events.supervision import SupervisionEvent
from domain.events.work_area import WorkAreaEvent

_ALL = (
    access.EVENTS
    + adverse_event.EVENTS
    + alliance.EVENTS
    + attachment.EVENTS
    + authorisation.EVENTS
    + case.EVENTS
    + case_pack.EVENTS
    + client.EVENTS
    + complaint.EVENTS
    + conflict.EVENTS
    + consent.EVENTS
    + continuity.EVENTS
    + contract.EVENTS
    + crisis_sheet.EVENTS
    + diagnosis.EVENTS
    + ending.EVENTS
    + enquiry.EVENTS
    + erasure.EVENTS
    + formulation.EVENTS
    + goal.EVENTS
    + group.EVENTS
    + guardianship.EVENTS
    + homework.EVENTS
    + instrument.EVENTS
    + intake.EVENTS
    + integration.EVENTS
    + joint.EVENTS
    + measure.EVENTS
    + method.EVENTS
    + note.EVENTS
    + plan.EVENTS
    + portfolio.EVENTS
    + practitioner.EVENTS
    + process_note.EVENTS
    + referral.EVENTS
    + risk.EVENTS
    + safeguarding.EVENTS
    + safety.EVENTS
    + search.EVENTS
    + session.EVENTS
    + shared_care.EVENTS
    + skill.EVENTS
    + supervision.EVENTS
    + work_area.EVENTS
)

Event = (
    AccessEvent
    | AdverseEvent
    | AllianceEvent
    | AttachmentEvent
    | AuthorisationEvent
    | CandidateEvent
    | CaseEvent
    | CasePackEvent
    | ClientEvent
    | ComplaintEvent
    | ConflictEvent
    | ConsentEvent
    | ContinuityEvent
    | ContractEvent
    | CrisisSheetEvent
    | DiagnosisEvent
    | EndingEvent
    | EnquiryEvent
    | ErasureEvent
    | FormulationEvent
    | GoalEvent
    | GroupEvent
    | GuardianshipEvent
    | HomeworkEvent
    | InstrumentEvent
    | IntakeEvent
    | IntegrationEvent
    | JointEvent
    | MeasureEvent
    | MethodEvent
    | NoteEvent
    | PlanEvent
    | PortfolioEvent
    | PractitionerEvent
    | ProcessNoteEvent
    | ReferralEvent
    | RiskEvent
    | SafeguardingEvent
    | SafetyEvent
    | SearchEvent
    | SessionEvent
    | SharedCareEvent
    | SkillEvent
    | SupervisionEvent
    | WorkAreaEvent
)

VOCABULARY: dict[str, type[Event]] = {kind.NAME: kind for kind in _ALL}

__all__ = ["VOCABULARY", "Event"]
