"""`Guard`: what happens when something is found broken, wherever it was found.

An incident is written down and the log or one stream becomes read-only. Where the log itself is
sound, the incident stands in it as a control record too; where it is not, evidence is kept, once:
exact copies of the files as they are, with their hashes. Nothing is repaired, signed anew or
deleted. Whoever comes upon damage is told of that damage, whatever becomes of its report.

Source:
    docs of the design: security, section 2.10.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from domain.errors import Refusal
from domain.ports import Clock
from infrastructure.control import incident_line
from infrastructure.durable import sync_folder
from infrastructure.errors import Broken
from infrastructure.guard.incidents import Incident, Incidents, Scope
from infrastructure.ledger.errors import LedgerError
from infrastructure.stores.contract import Outcome, Submission

logger = logging.getLogger("powiernik")

_EVIDENCE = ("record.db", "record.db-wal", "head.pin", "incidents", "log/checkpoint")
_CHUNK = 1024 * 1024


class Guard:
    """Writes incidents down for one open data folder."""

    def __init__(
        self,
        incidents: Incidents,
        folder: Path,
        log_id: bytes,
        commit: Callable[[Submission], Outcome],
        clock: Clock,
    ) -> None:
        self.incidents = incidents
        self._folder = folder
        self._log_id = log_id
        self._commit = commit
        self._clock = clock

    def report(self, code: str, *, stream: bytes | None, position: int | None) -> Incident:
        """Write down what was found broken, once, and keep what proves it."""
        now = self._clock.now()
        incident, new = self.incidents.report(code, stream=stream, position=position, now=now)
        if new:
            # Who is alarmed watches the journal for this line; it holds a code and a number.
            logger.critical("integrity incident %d: %s", incident.number, incident.code)
            if incident.scope is Scope.STREAM:
                self._enter(incident)
            elif self.incidents.halted() == incident:
                # What else is found in a record that is read-only is in these copies already.
                self._keep_evidence(incident)
        return incident

    def enter(self, submission: Submission) -> Outcome:
        """Write control records into the log, unless it or one of their streams is broken.

        What is entered behind damage would have to be taken back before the damage can be mended.

        Raises:
            IntegrityIncident: The record is read-only, or one of these streams is frozen.
            RecordUnavailable: The store could not write.
        """
        self.incidents.must_accept(line.stream_id.hex() for line in submission.lines)
        return self._commit(submission)

    def _enter(self, incident: Incident) -> None:
        line = incident_line(
            self._log_id, incident.number, incident.code, incident.position, incident.stream
        )
        try:
            self.enter(Submission((line,)))
        except (Refusal, Broken, LedgerError):
            logger.critical("incident %d could not be entered in the log", incident.number)

    def _keep_evidence(self, incident: Incident) -> None:
        try:
            keep_evidence(self._folder, incident.number)
        except OSError:
            logger.critical("the evidence of incident %d is not complete", incident.number)


def keep_evidence(folder: Path, number: int) -> None:
    """Copy the files that an incident is about, as they are, beside the list of their hashes."""
    place = folder / "evidence" / str(number)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    sums = []
    for name in _EVIDENCE:
        source = folder / name
        if source.exists():
            copy = place / source.name
            shutil.copyfile(source, copy)
            copy.chmod(0o400)
            sums.append(f"{_digest(copy)}  {copy.name}\n")
    (place / "SHA256SUMS").write_text("".join(sums))
    sync_folder(place)


def _digest(path: Path) -> str:
    found = sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()
