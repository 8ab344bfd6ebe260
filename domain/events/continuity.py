"""What the clinic does so that its record outlives a disk: backups, and restore drills."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.confidentiality import TENANT, Label
from domain.values import ItemId


class BackupPart(StrEnum):
    """One of the sets of a backup, which are never kept in one place."""

    RECORD = "record"
    KEYS = "keys"
    ACCOUNTS = "accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuityBackupMade:
    """Sets of a backup are whole in their places.

    ``events`` is how far the record goes in it, ``size`` its bytes, ``generation`` that of the
    key-encryption key which opens it; after ``keys_expire_at`` its key set has to be gone.
    """

    NAME: ClassVar[str] = "continuity.backup_made"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = TENANT
    backup: ItemId
    parts: tuple[BackupPart, ...]
    events: int
    size: int
    milliseconds: int
    generation: int
    keys_expire_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuityDrillCompleted:
    """A backup was restored into a scratch folder, opened from end to end, and compared.

    ``different`` counts what was not as in the running clinic: rows of projections, and one for a
    log with another root. ``age_seconds`` is how old the backup was, ``events_since`` how many
    events it lacks: what would have been lost. ``milliseconds`` is how long it took until it could
    have served.
    """

    NAME: ClassVar[str] = "continuity.drill_completed"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = TENANT
    backup: ItemId
    equal: bool
    events: int
    texts: int
    destroyed: int
    keys: int
    rows: int
    different: int
    milliseconds: int
    age_seconds: int
    events_since: int


ContinuityEvent = ContinuityBackupMade | ContinuityDrillCompleted
EVENTS: tuple[type[ContinuityEvent], ...] = (ContinuityBackupMade, ContinuityDrillCompleted)
