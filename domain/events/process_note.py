"""Process notes: what a therapist thinks for herself, kept apart from the clinical record.

Their words are under an item key wrapped for the author and for the two-person escrow, for nobody
else (KEY-02, fine print 3 and 12).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.confidentiality import PROCESS_NOTE, Label
from domain.values import CaseId, FreeText, NoteId, PractitionerId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessNoteWritten:
    """The author wrote down what is hers alone."""

    NAME: ClassVar[str] = "process_note.written"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = PROCESS_NOTE
    note: NoteId
    case: CaseId
    author: PractitionerId
    occurred_at: datetime
    text: FreeText


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessNoteAmended:
    """The author added to it; what stood before stays."""

    NAME: ClassVar[str] = "process_note.amended"
    VERSION: ClassVar[int] = 1
    LABEL: ClassVar[Label] = PROCESS_NOTE
    note: NoteId
    case: CaseId
    text: FreeText


ProcessNoteEvent = ProcessNoteWritten | ProcessNoteAmended
EVENTS: tuple[type[ProcessNoteEvent], ...] = (ProcessNoteWritten, ProcessNoteAmended)
