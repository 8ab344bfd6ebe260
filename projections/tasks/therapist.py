"""What waits for a therapist herself: expiring certificates, cases to bring, packs that are out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from domain.events.case_pack import CasePackDrafted, CasePackIssued, CasePackRevoked
from domain.events.portfolio import CertificateGranted, CertificateRenewed
from domain.events.supervision import SupervisionCaseBrought, SupervisionCaseMarked
from domain.ports import Recorded
from projections.worklist import TaskKind, Tasks

AHEAD = timedelta(days=90)
"""How long before its expiry a certificate is on the list."""


def apply(recorded: Recorded, tasks: Tasks) -> None:
    """Let one event open and close tasks."""
    match recorded.event:
        case CertificateGranted() | CertificateRenewed() as event:
            if event.expires_on is not None:
                due = _midnight(event.expires_on)
                since = due - AHEAD
                kind = TaskKind.CERTIFICATE
                tasks.open(event.practitioner, event.certificate, kind, due, since=since)
        case SupervisionCaseMarked() as event:
            detail = {"case": event.case}
            tasks.open(event.author, event.mark, TaskKind.SUPERVISION, detail=detail)
        case SupervisionCaseBrought() as event:
            tasks.close(event.author, event.mark)
        case CasePackDrafted() as event:
            detail = {"case": event.case}
            tasks.open(event.author, event.pack, TaskKind.CASE_PACK, detail=detail)
        case CasePackIssued() as event:
            detail = {"case": event.case}
            kind = TaskKind.CASE_PACK
            tasks.open(event.author, event.pack, kind, event.expires_at, detail=detail)
        case CasePackRevoked() as event:
            tasks.close(event.author, event.pack)
        case _:
            pass


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
