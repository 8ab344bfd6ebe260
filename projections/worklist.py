"""The worklist: everything that waits for somebody, in one table, so that none stands out.

An unsigned note, a plan to be reviewed, a risk to be looked into: in the clear stand whose record
it belongs to and that something is open there, never what. A task of a case waits for its care
team, one of a practitioner for her alone, one of a client with whom no case has begun for her
intake person. Each row is sealed under the label of the event that opened it. Which areas of the
work open and close tasks stands in ``projections/tasks/projection.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.confidentiality import Class, KeyPurpose, Label, Owner, OwnerKind
from domain.ports import Opening, Recorded
from domain.rows import Content, Place, StoredRow, Table, Under, ViewStore
from projections.projection import Rows
from projections.times import from_ms, to_ms

TASKS = Table("tasks", key=("record_id", "item_id"), clear=("open",), indexes=(("record_id",),))
_MOST = 10_000


class TaskKind(StrEnum):
    """What is to be done."""

    DRAFT_UNSIGNED = "draft-unsigned"
    DRAFT_EXPIRING = "draft-expiring"
    CO_SIGNATURE = "co-signature"
    PLAN_REVIEW = "plan-review"
    BUDGET = "budget"
    CONSENT = "consent"
    RISK = "risk"
    DETERIORATION = "deterioration"
    CRISIS = "crisis"
    SAFEGUARDING = "safeguarding"
    CERTIFICATE = "certificate"
    SUPERVISION = "supervision"
    CASE_PACK = "case-pack"
    FOLLOW_UP = "follow-up"
    REFERRAL = "referral"
    ENQUIRY = "enquiry"
    WAITING_LIST = "waiting-list"
    CANDIDATE = "candidate"
    RECORDING = "recording"
    TRANSFER = "transfer"
    COMPLAINT = "complaint"
    HOMEWORK = "homework"


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits: of which record and item, until when, from when on it is shown."""

    kind: str
    record: str
    item: str
    opened_at: datetime
    due_at: datetime | None
    since: datetime | None
    detail: Content


class Tasks:
    """How one event opens and closes tasks."""

    def __init__(self, recorded: Recorded, rows: Rows) -> None:
        self._recorded = recorded
        self._rows = rows

    def open(
        self,
        record: str,
        item: str,
        kind: TaskKind,
        due: datetime | None = None,
        *,
        since: datetime | None = None,
        detail: Content | None = None,
        later: tuple[TaskKind, datetime] | None = None,
    ) -> None:
        """Open a task, or change it: it is shown from ``since`` on, where that is not at once.

        ``later`` says what kind it becomes by itself, and when: an unsigned draft one that expires.
        ``detail`` holds codes, ids and numbers; words stay where they were written.
        """
        recorded = self._recorded
        found = self._rows.get(TASKS, (record, item))
        was_open = found is not None and bool(found[0]["open"])
        content: Content = {
            "kind": kind.value,
            "opened": found[1]["opened"] if found and was_open else to_ms(recorded.recorded_at),
            "due": None if due is None else to_ms(due),
            "since": None if since is None else to_ms(since),
            "detail": detail or {},
            "later": None if later is None else [later[0].value, to_ms(later[1])],
            "under": found[1]["under"] if found else _under(recorded),
        }
        self._put((record, item), content, is_open=True)

    def close(self, record: str, item: str) -> None:
        """Close a task; what was never open, or is closed, stays so."""
        found = self._rows.get(TASKS, (record, item))
        if found is not None and found[0]["open"]:
            kept = {"under": found[1]["under"]}
            self._put((record, item), kept, is_open=False)

    def is_open(self, record: str, item: str) -> bool:
        """Whether there is such a task."""
        found = self._rows.get(TASKS, (record, item))
        return found is not None and bool(found[0]["open"])

    def remember(self, record: str, item: str, detail: Content) -> None:
        """Keep beside the tasks what a later event needs; it is no task and nobody is shown it."""
        found = self._rows.get(TASKS, (record, item))
        under = found[1]["under"] if found else _under(self._recorded)
        self._put((record, item), {"under": under, "detail": detail}, is_open=False)

    def recall(self, record: str, item: str) -> Content | None:
        """What was kept so; ``None`` where nothing was."""
        found = self._rows.get(TASKS, (record, item))
        return None if found is None else found[1].get("detail")

    def change(self, record: str, item: str, how: Callable[[Content], None]) -> None:
        """Change the detail of a task that is open."""
        found = self._rows.get(TASKS, (record, item))
        if found is not None and found[0]["open"]:
            how(found[1]["detail"])
            self._put((record, item), found[1], is_open=True)

    def _put(self, key: tuple[str, str], content: Content, *, is_open: bool) -> None:
        kind, owner, purpose, cls = content["under"]
        under = Under(
            Owner(OwnerKind(kind), owner),
            Label(KeyPurpose(purpose), Class(cls)),
            self._recorded.recorded_at,
        )
        clear = {"open": int(is_open)}
        self._rows.put(TASKS, key, clear, content, under, self._recorded.position)


def _under(recorded: Recorded) -> list[int | str]:
    label, owner = recorded.label, recorded.owner
    return [int(owner.kind), owner.id, int(label.purpose), int(label.cls)]


class Worklist:
    """The queries of the worklist: first which rows, then, once recorded, what they say."""

    def __init__(self, view: str, store: ViewStore) -> None:
        self._view = view
        self._store = store

    def waiting(self, records: Iterable[str]) -> list[StoredRow]:
        """What is open for these cases, practitioners and clients, still sealed."""
        return [
            row
            for record in records
            for row in self._store.select(TASKS, {"record_id": record, "open": 1}, limit=_MOST)
        ]

    def tasks(self, rows: Iterable[StoredRow], opening: Opening, now: datetime) -> list[Task]:
        """The tasks that rows hold and that are shown by now, the most urgent first."""
        sealed = list(rows)
        places = (Place(self._view, TASKS.name, row.key, row.position) for row in sealed)
        contents = opening.cells(zip((row.cell for row in sealed), places, strict=True))
        found = [
            _task(row, content, now)
            for row, content in zip(sealed, contents, strict=True)
            if content is not None
        ]
        shown = [each for each in found if each.since is None or each.since <= now]
        return sorted(shown, key=lambda each: (each.due_at or each.opened_at, each.item))


def _task(row: StoredRow, content: Content, now: datetime) -> Task:
    due, since, later = content["due"], content["since"], content["later"]
    return Task(
        kind=later[0] if later and from_ms(later[1]) <= now else content["kind"],
        record=str(row.key[0]),
        item=str(row.key[1]),
        opened_at=from_ms(content["opened"]),
        due_at=None if due is None else from_ms(due),
        since=None if since is None else from_ms(since),
        detail=content["detail"],
    )
