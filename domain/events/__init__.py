"""The vocabulary: everything that the clinic can record, by stored name.

Names, versions and the order of fields are the storage format. They never change: a new version of
an event gets a new ``VERSION`` and an upcaster in ``infrastructure/codec.py``.
"""

from domain.events import (
    access,
    case,
    client,
    consent,
    continuity,
    diagnosis,
    enquiry,
    erasure,
    formulation,
    intake,
    integration,
    note,
    practitioner,
    process_note,
    search,
    session,
)
from domain.events.access import AccessEvent
from domain.events.case import CaseEvent
from domain.events.client import ClientEvent
from domain.events.consent import ConsentEvent
from domain.events.continuity import ContinuityEvent
from domain.events.diagnosis import DiagnosisEvent
from domain.events.enquiry import EnquiryEvent
from domain.events.erasure import ErasureEvent
from domain.events.formulation import FormulationEvent
from domain.events.intake import IntakeEvent
from domain.events.integration import IntegrationEvent
from domain.events.note import NoteEvent
from domain.events.practitioner import PractitionerEvent
from domain.events.process_note import ProcessNoteEvent
from domain.events.search import SearchEvent
from domain.events.session import SessionEvent

_ALL = (
    access.EVENTS
    + case.EVENTS
    + client.EVENTS
    + consent.EVENTS
    + continuity.EVENTS
    + diagnosis.EVENTS
    + enquiry.EVENTS
    + erasure.EVENTS
    + formulation.EVENTS
    + intake.EVENTS
    + integration.EVENTS
    + note.EVENTS
    + practitioner.EVENTS
    + process_note.EVENTS
    + search.EVENTS
    + session.EVENTS
)

Event = (
    AccessEvent
    | CaseEvent
    | ClientEvent
    | ConsentEvent
    | ContinuityEvent
    | DiagnosisEvent
    | EnquiryEvent
    | ErasureEvent
    | FormulationEvent
    | IntakeEvent
    | IntegrationEvent
    | NoteEvent
    | PractitionerEvent
    | ProcessNoteEvent
    | SearchEvent
    | SessionEvent
)

VOCABULARY: dict[str, type[Event]] = {kind.NAME: kind for kind in _ALL}

__all__ = ["VOCABULARY", "Event"]
